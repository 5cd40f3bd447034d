//! Records to Kafka, and what it acknowledged in time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use krafka::producer::Producer;
use krafka::{CloseOptions, KrafkaError, Record};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Span;

use super::client::connect;
use super::connect_failure;
use super::producer_record::ProducerRecord;
use crate::config::KafkaConfig;
use crate::trace;

/// Longest wait for the acknowledgement of what is sent at once, the connection included: a broker restarts in about 5 s and leaders move sooner, and the
/// function is paid for while it waits.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a connection, sign-in included. Somebody who is not connected in so long will not acknowledge in time either.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a producer that did not deliver may take to end.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// Why Kafka has not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// No broker could be reached, or it refused us.
    #[error("cannot connect to Kafka at {bootstrap_servers}")]
    Connect {
        /// Where it was tried.
        bootstrap_servers: String,
        /// What the client said.
        source: KrafkaError,
    },
    /// No broker answered.
    #[error("no connection to Kafka at {bootstrap_servers} within {} s", CONNECT_LIMIT.as_secs())]
    Silent {
        /// Where it was tried.
        bootstrap_servers: String,
    },
    /// What the client said of the first record without an acknowledgement.
    #[error("Kafka did not acknowledge")]
    Refused(#[source] KrafkaError),
    /// The client said nothing of it.
    #[error("Kafka did not acknowledge within {} ms", .0.as_millis())]
    Late(Duration),
}

/// What became of records that were sent at once.
#[derive(Debug)]
pub struct Delivery {
    /// Of each record, whether Kafka has acknowledged it. One that is not may have been written all the same.
    pub acknowledged: Vec<bool>,
    /// Why the first is not.
    pub error: Option<KafkaError>,
}

impl Delivery {
    /// Says in the span of each topic whether a record of it is without acknowledgement.
    fn mark(&self, records: &[ProducerRecord], spans: &BTreeMap<&str, Span>) {
        let error_type = match &self.error {
            Some(KafkaError::Connect { .. } | KafkaError::Silent { .. }) => "Kafka.Connect",
            Some(KafkaError::Late(_)) => "Kafka.Late",
            Some(KafkaError::Refused(_)) | None => "Kafka.Refused",
        };
        for (record, is_acknowledged) in records.iter().zip(&self.acknowledged) {
            if !is_acknowledged && let Some(span) = spans.get(record.topic.name()) {
                trace::failed(span, error_type);
            }
        }
    }
}

/// Sends records to Kafka and to nothing else. Connects at the first of them and keeps the connection for warm invocations, until it fails.
pub struct KafkaSender {
    config: KafkaConfig,
    producer: Mutex<Option<Arc<Producer>>>,
}

impl KafkaSender {
    /// A sender that has not connected yet.
    #[must_use]
    pub fn new(config: KafkaConfig) -> Self {
        Self {
            config,
            producer: Mutex::new(None),
        }
    }

    /// Sends `records` in order and waits until each is acknowledged, [`DELIVERY_TIMEOUT`] or `limit` at most, whichever is shorter. Idempotent towards the
    /// broker: the client's own repetitions are written once.
    ///
    /// Records of one key go to one partition in their order. After the first that cannot be queued nothing behind it is sent. What is queued together can
    /// still part: a record may fail and a later one of its key be acknowledged. It is then for the caller to repeat the failed one, and for the handlers to
    /// keep the newest.
    pub async fn send(&self, records: &[ProducerRecord], limit: Duration) -> Delivery {
        let limit = limit.min(DELIVERY_TIMEOUT);
        let deadline = Instant::now() + limit;
        // They end with this call.
        let spans = trace::sending(records.iter().map(|record| record.topic.name()));
        let mut delivery = Delivery {
            acknowledged: vec![false; records.len()],
            error: None,
        };
        let producer = match self.producer(limit).await {
            Ok(producer) => producer,
            Err(error) => {
                delivery.error = Some(error);
                delivery.mark(records, &spans);
                return delivery;
            }
        };
        let mut queued = Vec::with_capacity(records.len());
        for record in records {
            match timeout_at(deadline, producer.enqueue(to_kafka(record))).await {
                Ok(Ok(handle)) => queued.push(handle),
                Ok(Err(error)) => {
                    delivery.error = Some(self.refused(error));
                    break;
                }
                Err(_) => {
                    delivery.error = Some(KafkaError::Late(limit));
                    break;
                }
            }
        }
        for (handle, is_acknowledged) in queued.into_iter().zip(&mut delivery.acknowledged) {
            // An acknowledgement that is there counts, also after the deadline.
            match timeout_at(deadline, handle).await {
                Ok(Ok(_)) => *is_acknowledged = true,
                Ok(Err(error)) => {
                    delivery.error.get_or_insert_with(|| self.refused(error));
                }
                Err(_) => {
                    delivery.error.get_or_insert(KafkaError::Late(limit));
                }
            }
        }
        delivery.mark(records, &spans);
        if delivery.error.is_some() {
            self.discard(&producer).await;
        }
        delivery
    }

    fn refused(&self, error: KrafkaError) -> KafkaError {
        KafkaError::Refused(connect_failure::of_login(&self.config, error))
    }

    async fn producer(&self, limit: Duration) -> Result<Arc<Producer>, KafkaError> {
        let mut kept = self.producer.lock().await;
        if let Some(producer) = kept.as_ref() {
            return Ok(Arc::clone(producer));
        }
        let making = async {
            connect(&self.config)
                .await?
                .producer()
                .linger(Duration::from_millis(1))
                .batch_size(256 * 1024)
                .delivery_timeout(DELIVERY_TIMEOUT)
                .max_block(DELIVERY_TIMEOUT)
                .build()
                .await
        };
        let bootstrap_servers = self.config.bootstrap_servers.clone();
        match timeout(limit.min(CONNECT_LIMIT), making).await {
            Ok(Ok(producer)) => Ok(Arc::clone(kept.insert(Arc::new(producer)))),
            Ok(Err(source)) => Err(KafkaError::Connect {
                bootstrap_servers,
                source,
            }),
            Err(_) => Err(KafkaError::Silent { bootstrap_servers }),
        }
    }

    /// Ends a producer that did not deliver, so that nothing it still holds is written later, and the next use connects anew.
    async fn discard(&self, failed: &Arc<Producer>) {
        let mut kept = self.producer.lock().await;
        if kept.as_ref().is_some_and(|producer| Arc::ptr_eq(producer, failed)) {
            *kept = None;
        }
        let closing = failed.close_with(CloseOptions::new().timeout(Duration::ZERO));
        if timeout(CLOSE_LIMIT, closing).await.is_err() {
            tracing::debug!("A producer that did not deliver takes its time to end");
        }
    }
}

fn to_kafka(record: &ProducerRecord) -> Record {
    let key = Bytes::copy_from_slice(record.key.as_bytes());
    let bare = Record::new(record.topic.name(), record.payload.clone()).key(key);
    let with_header = |record: Record, (name, value): &(String, Vec<u8>)| record.header(name.clone(), value.clone());
    record.headers.iter().fold(bare, with_header)
}
