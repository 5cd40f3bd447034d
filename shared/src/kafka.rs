//! Kafka: the connection, the topics, what is sent and what is read again. This room alone knows which Kafka client is used.

mod client;
mod outgoing;
mod partition;
mod producer;
pub mod reader;
mod refusal;
mod topics;

pub use self::outgoing::{Outgoing, OutgoingError};
pub use self::partition::partition_of;
pub use self::producer::{DELIVERY_TIMEOUT, Delivery, KafkaError, KafkaSender};
pub use self::topics::{TopicReport, Topics, TopicsError};
