//! Records of Kafka again: read by their offsets, written as they were. It joins no group, so nobody's progress changes.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use krafka::consumer::{AutoOffsetReset, Consumer, ConsumerRecord, IsolationLevel};
use krafka::producer::Producer;
use krafka::{Kafka, KrafkaError, Record};
use serde::Serialize;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::client::connect;
use super::producer::DELIVERY_TIMEOUT;
use crate::config::KafkaConfig;
use crate::error_chain::error_chain;
use crate::record::WholeRecord;

/// How long one poll waits.
const POLL: Duration = Duration::from_millis(500);
/// What one fetch brings; a larger record comes all the same.
const FETCH_BYTES: i32 = 8 * 1024 * 1024;

/// Consecutive offsets of a partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// The topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// The first offset.
    pub first: i64,
    /// The last.
    pub last: i64,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} {} to {}", self.topic, self.partition, self.first, self.last)
    }
}

/// What was read of a [`Span`].
#[derive(Debug)]
pub struct Reread {
    /// The records, in order. Offsets between them that hold none, as after compaction, count as read.
    pub records: Vec<WholeRecord>,
    /// Where reading goes on, when more of the span is left than was asked for.
    pub next: Option<i64>,
}

/// Why records cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RereadError {
    /// No broker could be reached, or it refused us.
    #[error("cannot connect to Kafka at {bootstrap_servers}")]
    Connect {
        /// Where it was tried.
        bootstrap_servers: String,
        /// What the client said.
        source: KrafkaError,
    },
    /// Kafka refused, or went away.
    #[error("cannot read partition {partition} of topic {topic}")]
    Read {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// What the client said.
        source: KrafkaError,
    },
    /// There was not enough time.
    #[error("the time ended at offset {at} of partition {partition} of topic {topic}")]
    Late {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The next offset.
        at: i64,
    },
}

/// Kafka, for records that are wanted again. Connects at the first use and keeps the connection for warm invocations.
pub struct Records {
    config: KafkaConfig,
    kafka: OnceCell<Kafka>,
    producer: OnceCell<Producer>,
}

impl Records {
    /// Not connected yet.
    #[must_use]
    pub fn new(config: KafkaConfig) -> Self {
        Self {
            config,
            kafka: OnceCell::new(),
            producer: OnceCell::new(),
        }
    }

    /// The offset of the first record that a partition still holds, and the one that its next record will have.
    ///
    /// # Errors
    /// [`RereadError`].
    pub async fn bounds(&self, topic: &str, partition: i32) -> Result<(i64, i64), RereadError> {
        let consumer = self.consumer(topic, partition).await?;
        let bounds = consumer.fetch_watermarks(topic, partition).await;
        close(&consumer).await;
        bounds.map_err(failed(topic, partition))
    }

    /// Reads the records of `span`, which must lie between the partition's [`Records::bounds`], until `bytes` of an event are full, one record at least.
    ///
    /// # Errors
    /// [`RereadError`], also when it takes until `deadline`.
    pub async fn read(&self, span: &Span, bytes: usize, deadline: Instant) -> Result<Reread, RereadError> {
        let consumer = self.consumer(&span.topic, span.partition).await?;
        let read = read(&consumer, span, bytes, deadline).await;
        close(&consumer).await;
        read
    }

    /// Writes records to their topics with key, headers and value as they were; offset and time are new. Answers for each whether Kafka has acknowledged it by
    /// `deadline`, or why not; a record without an acknowledgement may have been written.
    pub async fn write(&self, records: &[&WholeRecord], deadline: Instant) -> Vec<Result<(), String>> {
        let producer = match timeout_at(deadline, self.producer()).await {
            Ok(Ok(producer)) => producer,
            Ok(Err(error)) => return records.iter().map(|_| Err(error_chain(&error))).collect(),
            Err(_) => return records.iter().map(|_| Err(late())).collect(),
        };
        let mut sent = Vec::with_capacity(records.len());
        for record in records {
            sent.push(timeout_at(deadline, producer.enqueue(as_it_was(record))).await);
        }
        let mut outcomes = Vec::with_capacity(records.len());
        for acknowledgement in sent {
            outcomes.push(match acknowledgement {
                Err(_) => Err(late()),
                Ok(Err(error)) => Err(error_chain(&error)),
                Ok(Ok(acknowledgement)) => match timeout_at(deadline, acknowledgement).await {
                    Err(_) => Err(late()),
                    Ok(Err(error)) => Err(error_chain(&error)),
                    Ok(Ok(_)) => Ok(()),
                },
            });
        }
        outcomes
    }

    async fn consumer(&self, topic: &str, partition: i32) -> Result<Consumer, RereadError> {
        let failed = failed(topic, partition);
        let builder = self.kafka().await?.consumer_without_group();
        let consumer = builder
            .auto_offset_reset(AutoOffsetReset::None)
            .enable_auto_commit(false)
            .isolation_level(IsolationLevel::ReadCommitted)
            .fetch_max_bytes(FETCH_BYTES)
            .max_partition_fetch_bytes(FETCH_BYTES)
            .build()
            .await;
        let consumer = consumer.map_err(&failed)?;
        consumer.assign(topic, vec![partition]).await.map_err(&failed)?;
        Ok(consumer)
    }

    async fn producer(&self) -> Result<&Producer, RereadError> {
        let kafka = self.kafka().await?;
        let build = || {
            kafka
                .producer()
                .linger(Duration::from_millis(1))
                .delivery_timeout(DELIVERY_TIMEOUT)
                .max_block(DELIVERY_TIMEOUT)
                .build()
        };
        self.producer.get_or_try_init(build).await.map_err(self.unreachable())
    }

    async fn kafka(&self) -> Result<&Kafka, RereadError> {
        let kafka = self.kafka.get_or_try_init(|| connect(&self.config)).await;
        kafka.map_err(self.unreachable())
    }

    fn unreachable(&self) -> impl Fn(KrafkaError) -> RereadError {
        move |source| RereadError::Connect {
            bootstrap_servers: self.config.bootstrap_servers.clone(),
            source,
        }
    }
}

async fn read(consumer: &Consumer, span: &Span, bytes: usize, deadline: Instant) -> Result<Reread, RereadError> {
    let failed = failed(&span.topic, span.partition);
    let (mut records, mut room, mut next) = (Vec::new(), bytes, span.first);
    consumer
        .seek(&span.topic, span.partition, next)
        .await
        .map_err(&failed)?;
    while next <= span.last {
        if Instant::now() >= deadline {
            return Err(RereadError::Late {
                topic: span.topic.clone(),
                partition: span.partition,
                at: next,
            });
        }
        let polled = consumer.poll(POLL).await.map_err(&failed)?;
        if polled.is_empty() {
            // Nothing but records that transactions and compaction leave behind, which are skipped, or nothing yet.
            let position = consumer.fetch_position(&span.topic, span.partition).await;
            next = position.unwrap_or(next).max(next);
        }
        for record in polled {
            if record.offset > span.last {
                return Ok(Reread { records, next: None });
            }
            next = record.offset + 1;
            let record = whole(record);
            if record.event_bytes() > room && !records.is_empty() {
                let next = Some(record.offset);
                return Ok(Reread { records, next });
            }
            room = room.saturating_sub(record.event_bytes());
            records.push(record);
        }
    }
    Ok(Reread { records, next: None })
}

/// It has no group to leave, so a failure to say goodbye changes nothing.
async fn close(consumer: &Consumer) {
    if let Err(error) = consumer.close().await {
        tracing::debug!(error = error_chain(&error), "Could not close a consumer");
    }
}

fn failed(topic: &str, partition: i32) -> impl Fn(KrafkaError) -> RereadError + use<> {
    let topic = topic.to_owned();
    move |source| RereadError::Read {
        topic: topic.clone(),
        partition,
        source,
    }
}

fn late() -> String {
    "no acknowledgement from Kafka before the time ended".to_owned()
}

fn whole(record: ConsumerRecord) -> WholeRecord {
    WholeRecord {
        topic: record.topic.to_string(),
        partition: record.partition,
        offset: record.offset,
        timestamp: Some(record.timestamp),
        key: record.key.map(Vec::from),
        headers: record
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.map(Vec::from).unwrap_or_default()))
            .collect(),
        unread_headers: None,
        value: record.value.map(Vec::from),
    }
}

fn as_it_was(record: &WholeRecord) -> Record {
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
