//! Creating the topics.

use krafka::admin::{AdminClient, CreateTopicsOptions, NewTopic};
use krafka::error::ErrorCode;
use krafka::{Kafka, KrafkaError};
use serde::Serialize;
use tokio::sync::Mutex;

use super::client::connect;
use crate::config::KafkaConfig;
use crate::error_chain::error_chain;
use crate::event::Topic;

/// What was found or made of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicReport {
    /// Its name.
    pub topic: &'static str,
    /// Whether it is new.
    pub created: bool,
    /// How many partitions it has.
    pub partitions: usize,
    /// How many it should have.
    pub wanted: i32,
}

impl TopicReport {
    /// Whether the topic existed with fewer partitions than it should have. More do no harm.
    #[must_use]
    pub fn has_too_few(&self) -> bool {
        usize::try_from(self.wanted).is_ok_and(|wanted| self.partitions < wanted)
    }
}

/// Why topics are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    /// Kafka refused or could not be reached.
    #[error("cannot create or describe the topics")]
    Kafka(#[from] KrafkaError),
    /// Kafka refused one topic.
    #[error("topic {topic}")]
    Topic {
        /// Which.
        topic: &'static str,
        /// Why.
        source: KrafkaError,
    },
}

/// The topics of one Kafka. Keeps its connection for warm invocations.
pub struct Topics {
    config: KafkaConfig,
    kafka: Mutex<Option<Kafka>>,
}

impl Topics {
    /// Not connected yet.
    #[must_use]
    pub fn new(config: KafkaConfig) -> Self {
        let kafka = Mutex::default();
        Self { config, kafka }
    }

    /// Creates the topics that do not exist, with `replication` copies each, and leaves the others as they are.
    ///
    /// # Errors
    /// [`TopicsError`] names the topic.
    pub async fn ensure(&self, replication: i16) -> Result<Vec<TopicReport>, TopicsError> {
        let mut kept = self.kafka.lock().await;
        if let Some(kafka) = kept.take() {
            match ensure(&kafka.admin(), replication).await {
                Ok(reports) => {
                    *kept = Some(kafka);
                    return Ok(reports);
                }
                // The connection may have died since the last invocation.
                Err(error) => tracing::debug!(
                    error = error_chain(&error),
                    "Kafka is asked again over a new connection"
                ),
            }
        }
        let kafka = connect(&self.config).await?;
        let reports = ensure(&kafka.admin(), replication).await?;
        *kept = Some(kafka);
        Ok(reports)
    }
}

async fn ensure(admin: &AdminClient, replication: i16) -> Result<Vec<TopicReport>, TopicsError> {
    let wanted: Vec<NewTopic> = Topic::ALL
        .iter()
        .map(|topic| NewTopic::new(topic.name(), topic.partitions(), replication))
        .collect::<Result<_, _>>()?;
    let mut created = Vec::new();
    for (name, outcome) in admin.create_topics(wanted, CreateTopicsOptions::default()).await? {
        let Some(topic) = Topic::ALL.into_iter().find(|topic| topic.name() == name) else {
            continue;
        };
        match outcome {
            Ok(()) => created.push(topic),
            Err(KrafkaError::Broker {
                code: ErrorCode::TopicAlreadyExists,
                ..
            }) => {}
            Err(source) => {
                return Err(TopicsError::Topic {
                    topic: topic.name(),
                    source,
                });
            }
        }
    }
    let mut reports = Vec::new();
    for topic in Topic::ALL {
        let is_new = created.contains(&topic);
        let partitions = if is_new {
            usize::try_from(topic.partitions()).unwrap_or(1)
        } else {
            existing(admin, topic).await?
        };
        reports.push(TopicReport {
            topic: topic.name(),
            created: is_new,
            partitions,
            wanted: topic.partitions(),
        });
    }
    Ok(reports)
}

async fn existing(admin: &AdminClient, topic: Topic) -> Result<usize, TopicsError> {
    let mut partitions = 0;
    for (_, description) in admin.describe_topics([topic.name()], Default::default()).await? {
        let description = description.map_err(|source| TopicsError::Topic {
            topic: topic.name(),
            source,
        })?;
        partitions = description.partitions.len();
    }
    Ok(partitions)
}
