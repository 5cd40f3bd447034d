//! Another topic of the same cluster.

use std::time::Duration;

use bytes::Bytes;
use futures::future::try_join_all;
use krafka::error::KrafkaError;
use krafka::producer::{Producer, Record};
use tokio::sync::Mutex;

use super::DestinationError;
use crate::kafka::KafkaAccess;

/// An on-failure record of the largest record that an event can carry, its base64 included.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How long Kafka may take to answer, and how long a record may be on its way.
const ANSWER_LIMIT: Duration = Duration::from_secs(4);
const DELIVERY_LIMIT: Duration = Duration::from_secs(10);

pub(super) struct Topic {
    kafka: KafkaAccess,
    name: String,
    /// Made when it is first needed, and anew after a failure: some leave a producer that can never send again.
    producer: Mutex<Option<Producer>>,
}

impl Topic {
    pub(super) fn new(kafka: KafkaAccess, name: String) -> Self {
        Self {
            kafka,
            name,
            producer: Mutex::default(),
        }
    }

    /// Sends values with their keys; returns when Kafka has acknowledged all of them.
    pub(super) async fn send(&self, records: Vec<(Option<Bytes>, String)>) -> Result<(), DestinationError> {
        let mut kept = self.producer.lock().await;
        let sent = async {
            let producer = match kept.take() {
                Some(producer) => producer,
                None => self.connect().await?,
            };
            let records = records.into_iter().map(|(key, value)| {
                let record = Record::new(&self.name, value);
                producer.send(match key {
                    Some(key) => record.key(key),
                    None => record,
                })
            });
            try_join_all(records).await?;
            Ok(producer)
        };
        let producer = sent.await.map_err(|source| DestinationError::Topic {
            topic: self.name.clone(),
            source,
        })?;
        *kept = Some(producer);
        Ok(())
    }

    async fn connect(&self) -> Result<Producer, KrafkaError> {
        let kafka = self.kafka.client("localstack-on-failure");
        let kafka = kafka
            .connect_timeout(ANSWER_LIMIT)
            .request_timeout(ANSWER_LIMIT)
            .connect()
            .await?;
        kafka
            .producer()
            .delivery_timeout(DELIVERY_LIMIT)
            .max_block(DELIVERY_LIMIT)
            .max_request_size(MOST_BYTES)
            .metrics_push(false)
            .build()
            .await
    }
}
