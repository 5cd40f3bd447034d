//! Another topic of the same cluster.

use bytes::Bytes;
use futures::future::try_join_all;
use krafka::error::KrafkaError;
use krafka::producer::{Producer, Record};
use tokio::sync::OnceCell;

use super::{DestinationError, LIMIT};
use crate::emulator::kafka::KafkaAccess;

/// An on-failure record of the largest record that an event can carry, its base64 included.
const MOST_BYTES: usize = 16 * 1024 * 1024;

pub(super) struct Topic {
    kafka: KafkaAccess,
    name: String,
    /// Made when it is first needed.
    producer: OnceCell<Producer>,
}

impl Topic {
    pub(super) fn new(kafka: KafkaAccess, name: String) -> Self {
        Self {
            kafka,
            name,
            producer: OnceCell::new(),
        }
    }

    /// Sends values with their keys; returns when Kafka has acknowledged all of them.
    pub(super) async fn send(&self, records: Vec<(Option<Bytes>, String)>) -> Result<(), DestinationError> {
        let sent = async {
            let producer = self.producer.get_or_try_init(|| self.connect()).await?;
            let records = records.into_iter().map(|(key, value)| {
                let record = Record::new(&self.name, value);
                producer.send(match key {
                    Some(key) => record.key(key),
                    None => record,
                })
            });
            try_join_all(records).await
        };
        sent.await.map(drop).map_err(|source| DestinationError::Topic {
            topic: self.name.clone(),
            source,
        })
    }

    async fn connect(&self) -> Result<Producer, KrafkaError> {
        let kafka = self.kafka.client("localstack-on-failure").connect().await?;
        kafka
            .producer()
            .delivery_timeout(LIMIT)
            .max_block(LIMIT)
            .max_request_size(MOST_BYTES)
            .metrics_push(false)
            .build()
            .await
    }
}
