//! Records of Kafka again, read by their offsets. The reader joins no group, so nobody's progress changes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use krafka::KrafkaError;
use krafka::consumer::{AutoOffsetReset, Consumer, IsolationLevel};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::client::{ConnectError, KafkaClient};
use crate::error_chain::error_chain;
use crate::record::ConsumerRecord;

/// How long one poll waits.
const POLL: Duration = Duration::from_millis(500);
/// What one fetch brings; a larger record comes all the same.
const FETCH_BYTES: i32 = 8 * 1024 * 1024;

/// Consecutive offsets of a partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OffsetRange {
    /// The topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// The first offset.
    pub first: i64,
    /// The last.
    pub last: i64,
}

impl fmt::Display for OffsetRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} {} to {}", self.topic, self.partition, self.first, self.last)
    }
}

/// What was read of an [`OffsetRange`].
#[derive(Debug)]
pub struct RecordPage {
    /// The records, in order. Offsets between them that hold none, as after compaction, count as read.
    pub records: Vec<ConsumerRecord>,
    /// Where reading goes on, when more of the range is left than was asked for.
    pub next: Option<i64>,
}

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No broker could be reached, or it refused us.
    #[error(transparent)]
    Connect(#[from] ConnectError),
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

/// Reads records that are wanted again.
pub struct OffsetReader {
    client: Arc<KafkaClient>,
}

impl OffsetReader {
    /// A reader over `client`.
    #[must_use]
    pub fn new(client: Arc<KafkaClient>) -> Self {
        Self { client }
    }

    /// The offset of the first record that a partition still holds, and the one that its next record will have.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn bounds(&self, topic: &str, partition: i32) -> Result<(i64, i64), ReadError> {
        let consumer = self.consumer(topic, partition).await?;
        let bounds = consumer.fetch_watermarks(topic, partition).await;
        close(&consumer).await;
        bounds.map_err(failed(topic, partition))
    }

    /// Reads the records of `range`, which must lie between the partition's [`OffsetReader::bounds`], until `bytes` of an event are full, one record at least.
    ///
    /// # Errors
    /// [`ReadError`], also when it takes until `deadline`.
    pub async fn read(&self, range: &OffsetRange, bytes: usize, deadline: Instant) -> Result<RecordPage, ReadError> {
        let consumer = self.consumer(&range.topic, range.partition).await?;
        let read = read(&consumer, range, bytes, deadline).await;
        close(&consumer).await;
        read
    }

    async fn consumer(&self, topic: &str, partition: i32) -> Result<Consumer, ReadError> {
        let failed = failed(topic, partition);
        let builder = self.client.connected().await?.consumer_without_group();
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
}

async fn read(
    consumer: &Consumer,
    range: &OffsetRange,
    bytes: usize,
    deadline: Instant,
) -> Result<RecordPage, ReadError> {
    let failed = failed(&range.topic, range.partition);
    let (mut records, mut room, mut next) = (Vec::new(), bytes, range.first);
    consumer
        .seek(&range.topic, range.partition, next)
        .await
        .map_err(&failed)?;
    while next <= range.last {
        if Instant::now() >= deadline {
            return Err(ReadError::Late {
                topic: range.topic.clone(),
                partition: range.partition,
                at: next,
            });
        }
        let polled = consumer.poll(POLL).await.map_err(&failed)?;
        if polled.is_empty() {
            // Nothing but records that transactions and compaction leave behind, which are skipped, or nothing yet.
            let position = consumer.fetch_position(&range.topic, range.partition).await;
            next = position.unwrap_or(next).max(next);
        }
        for record in polled {
            if record.offset > range.last {
                return Ok(RecordPage { records, next: None });
            }
            next = record.offset + 1;
            let record = decoded(record);
            if record.event_bytes() > room && !records.is_empty() {
                let next = Some(record.offset);
                return Ok(RecordPage { records, next });
            }
            room = room.saturating_sub(record.event_bytes());
            records.push(record);
        }
    }
    Ok(RecordPage { records, next: None })
}

/// It has no group to leave, so a failure to say goodbye changes nothing.
async fn close(consumer: &Consumer) {
    if let Err(error) = consumer.close().await {
        tracing::debug!(error = error_chain(&error), "Could not close a consumer");
    }
}

fn failed(topic: &str, partition: i32) -> impl Fn(KrafkaError) -> ReadError + use<> {
    let topic = topic.to_owned();
    move |source| ReadError::Read {
        topic: topic.clone(),
        partition,
        source,
    }
}

fn decoded(record: krafka::consumer::ConsumerRecord) -> ConsumerRecord {
    ConsumerRecord {
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
