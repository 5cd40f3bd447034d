//! Records of Kafka written again, as they were.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use krafka::producer::Producer;
use krafka::{KrafkaError, Record};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::client::{ConnectError, KafkaClient};
use super::producer::DELIVERY_TIMEOUT;
use crate::record::ConsumerRecord;

/// Why a record that was written has no acknowledgement.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// No broker could be reached, for any of the records.
    #[error(transparent)]
    Unreachable(Arc<ConnectError>),
    /// Kafka refused, or went away.
    #[error(transparent)]
    Refused(KrafkaError),
    /// There was not enough time.
    #[error("no acknowledgement from Kafka before the time ended")]
    Late,
}

/// Writes records again. Its producer is made at the first of them and kept for warm invocations.
pub struct Republisher {
    client: Arc<KafkaClient>,
    producer: OnceCell<Producer>,
}

impl Republisher {
    /// A republisher over `client`.
    #[must_use]
    pub fn new(client: Arc<KafkaClient>) -> Self {
        Self {
            client,
            producer: OnceCell::new(),
        }
    }

    /// Writes records to their topics with key, headers and value as they were; offset and time are new. Answers for each whether Kafka has acknowledged it by
    /// `deadline`, or why not; a record without an acknowledgement may have been written.
    pub async fn write(&self, records: &[&ConsumerRecord], deadline: Instant) -> Vec<Result<(), WriteError>> {
        let producer = match timeout_at(deadline, self.producer()).await {
            Ok(Ok(producer)) => producer,
            Ok(Err(error)) => {
                let error = Arc::new(error);
                let unreachable = |_| Err(WriteError::Unreachable(Arc::clone(&error)));
                return records.iter().map(unreachable).collect();
            }
            Err(_) => return records.iter().map(|_| Err(WriteError::Late)).collect(),
        };
        let mut sent = Vec::with_capacity(records.len());
        for record in records {
            sent.push(timeout_at(deadline, producer.enqueue(as_it_was(record))).await);
        }
        let mut outcomes = Vec::with_capacity(records.len());
        for acknowledgement in sent {
            outcomes.push(match acknowledgement {
                Err(_) => Err(WriteError::Late),
                Ok(Err(error)) => Err(WriteError::Refused(error)),
                Ok(Ok(acknowledgement)) => match timeout_at(deadline, acknowledgement).await {
                    Err(_) => Err(WriteError::Late),
                    Ok(Err(error)) => Err(WriteError::Refused(error)),
                    Ok(Ok(_)) => Ok(()),
                },
            });
        }
        outcomes
    }

    async fn producer(&self) -> Result<&Producer, ConnectError> {
        let kafka = self.client.connected().await?;
        let build = || {
            kafka
                .producer()
                .linger(Duration::from_millis(1))
                .delivery_timeout(DELIVERY_TIMEOUT)
                .max_block(DELIVERY_TIMEOUT)
                .build()
        };
        let producer = self.producer.get_or_try_init(build).await;
        producer.map_err(|source| self.client.failed(source))
    }
}

fn as_it_was(record: &ConsumerRecord) -> Record {
    let written = Record::new(&record.topic, Bytes::new()).without_value();
    let written = match &record.value {
        Some(value) => written.value(value.clone()),
        None => written,
    };
    let written = match &record.key {
        Some(key) => written.key(key.clone()),
        // Without a key nothing else says which records it keeps its order with.
        None => written.partition(record.partition),
    };
    let headers = record.headers.iter();
    headers.fold(written, |written, (name, value)| written.header(name, value.clone()))
}
