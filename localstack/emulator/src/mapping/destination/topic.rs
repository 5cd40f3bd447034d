//! Another topic of the same cluster.

use std::time::Duration;

use futures::future::try_join_all;
use krafka::error::KrafkaError;
use krafka::producer::{Producer, Record};
use tokio::sync::Mutex;

use super::error::DestinationError;
use super::on_failure_record::TopicRecord;
use crate::kafka::KafkaAccess;

/// An on-failure record of the largest record that an event can carry, its base64 included.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// How long Kafka may take to answer, and how long a record may be on its way.
const REQUEST_LIMIT: Duration = Duration::from_secs(4);
const DELIVERY_LIMIT: Duration = Duration::from_secs(10);

pub(super) struct TopicDestination {
    kafka: KafkaAccess,
    name: String,
    /// Made when it is first needed, and anew after a failure: some leave a producer that can never send again.
    producer: Mutex<Option<Producer>>,
}

impl TopicDestination {
    pub(super) fn new(kafka: KafkaAccess, name: String) -> Self {
        Self {
            kafka,
            name,
            producer: Mutex::default(),
        }
    }

    /// Sends the records; returns when Kafka has acknowledged all of them.
    pub(super) async fn send(&self, records: Vec<TopicRecord>) -> Result<(), DestinationError> {
        let mut cached = self.producer.lock().await;
        let sent = async {
            let producer = match cached.take() {
                Some(producer) => producer,
                None => self.connect().await?,
            };
            let records = records.into_iter().map(|TopicRecord { key, value }| {
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
        *cached = Some(producer);
        Ok(())
    }

    async fn connect(&self) -> Result<Producer, KrafkaError> {
        let kafka = self.kafka.client("emulator-on-failure");
        let kafka = kafka
            .connect_timeout(REQUEST_LIMIT)
            .request_timeout(REQUEST_LIMIT)
            .connect()
            .await?;
        kafka
            .producer()
            .delivery_timeout(DELIVERY_LIMIT)
            .max_block(DELIVERY_LIMIT)
            .max_request_size(MAX_REQUEST_BYTES)
            .metrics_push(false)
            .build()
            .await
    }
}
