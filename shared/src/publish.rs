//! The way to Kafka, and the only module that knows which client is used.

mod refusal;
mod topics;

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use krafka::auth::{AuthConfig, AwsMskIamCredentials, TlsConfig};
use krafka::producer::Producer;
use krafka::{Kafka, KrafkaError, Record};
use tokio::sync::OnceCell;

use crate::config::{KafkaConfig, KafkaSecurity};
use crate::event::{Event, Topic};

pub use self::topics::{TopicReport, TopicsError, ensure_topics};

/// Longest wait for one record's acknowledgement: long enough for a broker to restart, and twice of it fits the ingestor's 90 s.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Why events are not all acknowledged. Those that are not may have been written all the same, so callers must be able to repeat them.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// No broker could be reached, or it refused us.
    #[error("cannot connect to Kafka at {bootstrap_servers}")]
    Connect {
        /// Where it was tried.
        bootstrap_servers: String,
        /// What the client said.
        source: KrafkaError,
    },
    /// Some events have no acknowledgement.
    #[error("{unacknowledged} of {total} events of topic {topic} have no acknowledgement from Kafka")]
    Unacknowledged {
        /// The first event's topic.
        topic: Topic,
        /// How many are without one.
        unacknowledged: usize,
        /// Of how many.
        total: usize,
        /// What the client said of the first.
        source: KrafkaError,
    },
}

/// Connects as `config` says.
///
/// # Errors
/// What the client says; where a setting is to blame (wrong password, wrong CA, a port that speaks something else), its name and what is wrong with it.
pub async fn connect(config: &KafkaConfig) -> Result<Kafka, KrafkaError> {
    let security = match &config.security {
        KafkaSecurity::Plaintext => AuthConfig::plaintext(),
        KafkaSecurity::Scram {
            username,
            password,
            ca_file,
        } => {
            let tls = match ca_file {
                Some(file) => TlsConfig::new().with_ca_cert_pem(file.pem()),
                None => TlsConfig::new(),
            };
            AuthConfig::sasl_scram_sha512(username, password).with_tls(tls)
        }
        KafkaSecurity::MskIam { region } => {
            let region = region.clone();
            AuthConfig::aws_msk_iam_provider(move || {
                let region = region.clone();
                async move { AwsMskIamCredentials::from_default_chain(region).await }
            })
        }
    };
    Kafka::builder(config.bootstrap_servers.as_str())
        .client_id("hwanyul")
        .security(security)
        .request_timeout(REQUEST_TIMEOUT)
        .connect_timeout(Duration::from_secs(3))
        .connect()
        .await
        .map_err(|error| refusal::named(config, error))
}

/// Publishes events; connects at the first of them and keeps the connection for warm invocations.
pub struct Publisher {
    config: KafkaConfig,
    producer: OnceCell<Producer>,
}

impl Publisher {
    /// A publisher that has not connected yet.
    #[must_use]
    pub fn new(config: KafkaConfig) -> Self {
        Self {
            config,
            producer: OnceCell::new(),
        }
    }

    /// Sends `events` in order and returns when Kafka has acknowledged every one of them. Idempotent towards the broker: the client's own retries
    /// are written once.
    ///
    /// # Errors
    /// [`PublishError`]; some of the events may have been written.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        let Some(first) = events.first() else { return Ok(()) };
        let producer = self.producer().await?;
        let mut failed: Option<KrafkaError> = None;
        let mut acknowledgements = Vec::with_capacity(events.len());
        for event in events {
            match producer.enqueue(record(event)).await {
                Ok(acknowledgement) => acknowledgements.push(acknowledgement),
                Err(error) => {
                    // Later events of a key must not overtake this one, so nothing behind it is sent.
                    failed = Some(error);
                    break;
                }
            }
        }
        let mut acknowledged = 0;
        for outcome in join_all(acknowledgements).await {
            match outcome {
                Ok(_) => acknowledged += 1,
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        match failed {
            None => Ok(()),
            Some(source) => Err(PublishError::Unacknowledged {
                topic: first.topic,
                unacknowledged: events.len() - acknowledged,
                total: events.len(),
                source,
            }),
        }
    }

    async fn producer(&self) -> Result<&Producer, PublishError> {
        self.producer
            .get_or_try_init(|| async {
                connect(&self.config)
                    .await?
                    .producer()
                    .linger(Duration::from_millis(1))
                    .batch_size(256 * 1024)
                    .delivery_timeout(DELIVERY_TIMEOUT)
                    .max_block(DELIVERY_TIMEOUT)
                    .build()
                    .await
            })
            .await
            .map_err(|source| PublishError::Connect {
                bootstrap_servers: self.config.bootstrap_servers.clone(),
                source,
            })
    }
}

fn record(event: &Event) -> Record {
    let record =
        Record::new(event.topic.name(), event.payload.clone()).key(Bytes::copy_from_slice(event.key.as_bytes()));
    event
        .headers()
        .into_iter()
        .fold(record, |record, (name, value)| record.header(name, value.into_bytes()))
}
