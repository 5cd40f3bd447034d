//! Kafka: the connection, the topics, what is sent and what is read again. This module alone knows which Kafka client is used.

mod client;
mod connect_failure;
mod partition;
mod producer;
mod producer_record;
pub mod reader;
mod republisher;
mod topics;

pub use self::client::{ConnectError, KafkaClient};
pub use self::partition::partition_of;
pub use self::producer::{DELIVERY_TIMEOUT, Delivery, KafkaError, KafkaSender};
pub use self::producer_record::ProducerRecord;
pub use self::republisher::{Republisher, WriteError};
pub use self::topics::{TopicReport, Topics, TopicsError};
