//! The way of events to Kafka, and to the SQS backup while Kafka is away: for those who make events. Who sends again what was made before needs no backup
//! and takes [`crate::kafka`].

mod backup;
mod backup_text;

use crate::config::KafkaConfig;
use crate::error_chain::error_chain;
use crate::event::{Event, Topic};
use crate::kafka::{DELIVERY_TIMEOUT, KafkaError, KafkaSender, ProducerRecord};
use crate::trace::{self, in_span};

pub use self::backup::{BackupError, BackupQueue};
pub use self::backup_text::BackupTextError;

/// Why events are not all acknowledged. Those that are not may have been written all the same, so callers must be able to repeat them.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Kafka did not acknowledge, and there is no backup.
    #[error("{unacknowledged} of {total} events, the first of topic {topic}, have no acknowledgement from Kafka")]
    Kafka {
        /// The first event's topic.
        topic: Topic,
        /// How many are without one.
        unacknowledged: usize,
        /// Of how many.
        total: usize,
        /// Why.
        source: Box<KafkaError>,
    },
    /// Neither Kafka nor the backup acknowledged.
    #[error(
        "{unacknowledged} of {total} events, the first of topic {topic}, have no acknowledgement, neither from Kafka ({kafka}) nor from the backup queue"
    )]
    Both {
        /// The first event's topic.
        topic: Topic,
        /// How many are without one.
        unacknowledged: usize,
        /// Of how many.
        total: usize,
        /// Why not from Kafka, in one line.
        kafka: String,
        /// Why not from the backup queue.
        source: Box<BackupError>,
    },
}

/// Who has acknowledged an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Kafka has it.
    Kafka,
    /// The backup queue has it, until it is published to Kafka from there.
    Backup,
}

/// Where events went, every one of them acknowledged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// Of each event, in the order in which they were given.
    pub destinations: Vec<Destination>,
    /// Why some of them, or earlier ones of the run, are not in Kafka, in one line.
    pub away: Option<String>,
}

impl Sent {
    /// How many Kafka has.
    #[must_use]
    pub fn in_kafka(&self) -> usize {
        self.destinations.len() - self.in_backup()
    }

    /// How many wait in the backup queue.
    #[must_use]
    pub fn in_backup(&self) -> usize {
        self.destinations
            .iter()
            .filter(|destination| **destination == Destination::Backup)
            .count()
    }
}

/// Publishes events; connects at the first of them and keeps the connection for warm invocations.
pub struct Publisher {
    kafka: KafkaSender,
    backup: Option<BackupQueue>,
}

/// The publishing of one run. Once Kafka did not acknowledge in a run, the rest of the run goes to the backup at once: a run waits for Kafka once.
pub struct Publishing<'a> {
    publisher: &'a Publisher,
    /// Why Kafka is taken to be away.
    away: Option<String>,
}

impl Publisher {
    /// A publisher to Kafka alone.
    #[must_use]
    pub fn new(kafka: KafkaConfig) -> Self {
        Self {
            kafka: KafkaSender::new(kafka),
            backup: None,
        }
    }

    /// A publisher that sends to `backup` what Kafka does not acknowledge in time.
    #[must_use]
    pub fn with_backup(kafka: KafkaConfig, backup: BackupQueue) -> Self {
        Self {
            kafka: KafkaSender::new(kafka),
            backup: Some(backup),
        }
    }

    /// The publishing of one run; each run tries Kafka anew, over a new connection when the last one failed.
    #[must_use]
    pub fn run(&self) -> Publishing<'_> {
        Publishing {
            publisher: self,
            away: None,
        }
    }

    /// Publishes the events of a run that has no others, as [`Publishing::publish`] does.
    ///
    /// # Errors
    /// [`PublishError`]; some of the events may have been written.
    pub async fn publish(&self, events: &[Event]) -> Result<Sent, PublishError> {
        self.run().publish(events).await
    }
}

impl Publishing<'_> {
    /// Sends `events` to Kafka and, in order, those that it does not acknowledge within [`DELIVERY_TIMEOUT`], and only those, to the backup. Returns when
    /// every one of them is acknowledged by the one or the other.
    ///
    /// After the first event that Kafka's client cannot queue, nothing behind it is sent to Kafka. Of events queued together one may fail and a later one of
    /// its key be acknowledged; the failed one then comes after it, from the backup. An event whose acknowledgement was lost is in both. Both are right,
    /// because handlers keep the newest and bear repetition.
    ///
    /// # Errors
    /// [`PublishError`]; some of the events may have been written.
    pub async fn publish(&mut self, events: &[Event]) -> Result<Sent, PublishError> {
        let Some(first) = events.first() else {
            return Ok(Sent::default());
        };
        let mut destinations = vec![Destination::Backup; events.len()];
        if self.away.is_none() || self.publisher.backup.is_none() {
            let records: Vec<ProducerRecord> = events.iter().map(ProducerRecord::from).collect();
            let delivery = self.publisher.kafka.send(&records, DELIVERY_TIMEOUT).await;
            for (destination, is_acknowledged) in destinations.iter_mut().zip(delivery.acknowledged) {
                if is_acknowledged {
                    *destination = Destination::Kafka;
                }
            }
            if let Some(error) = delivery.error {
                if self.publisher.backup.is_none() {
                    let unacknowledged = destinations
                        .iter()
                        .filter(|destination| **destination == Destination::Backup)
                        .count();
                    return Err(PublishError::Kafka {
                        topic: first.topic,
                        unacknowledged,
                        total: events.len(),
                        source: Box::new(error),
                    });
                }
                self.away = Some(error_chain(&error));
            }
        }
        let sent = Sent {
            destinations,
            away: self.away.clone(),
        };
        if let (Some(backup), Some(away)) = (&self.publisher.backup, &self.away) {
            let unacknowledged: Vec<&Event> = events
                .iter()
                .zip(&sent.destinations)
                .filter(|(_, destination)| **destination == Destination::Backup)
                .map(|(event, _)| event)
                .collect();
            let mut taken = 0;
            // Boxed: the SDK's futures are deep, and this one lies within those of every caller.
            let sending = in_span(
                trace::sending_to_sqs(backup.url(), unacknowledged.len()),
                Box::pin(backup.send(&unacknowledged, &mut taken)),
            );
            if let Err(source) = sending.await {
                return Err(PublishError::Both {
                    topic: first.topic,
                    unacknowledged: unacknowledged.len() - taken,
                    total: events.len(),
                    kafka: away.clone(),
                    source: Box::new(source),
                });
            }
            if !unacknowledged.is_empty() {
                tracing::warn!(
                    count = unacknowledged.len(),
                    total = events.len(),
                    queue.url = backup.url(),
                    error = away,
                    "Kafka did not acknowledge in time; events wait in the backup queue"
                );
            }
        }
        Ok(sent)
    }
}
