//! A record between Kafka and the function, and the position to commit behind it.

use krafka::consumer::ConsumerRecord;
use tokio::time::Instant;

/// A position to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) struct Position {
    /// The next offset to read.
    pub(in crate::mapping) offset: i64,
    /// The leader epoch of the record before it, when that record is known.
    pub(in crate::mapping) leader_epoch: Option<i32>,
}

impl Position {
    /// At an offset, whatever stands before it.
    pub(in crate::mapping) fn at(offset: i64) -> Self {
        Self {
            offset,
            leader_epoch: None,
        }
    }

    /// Behind a record.
    pub(super) fn after(record: &ConsumerRecord) -> Self {
        Self {
            offset: record.offset + 1,
            leader_epoch: record.leader_epoch,
        }
    }
}

/// A record that waits to be sent.
pub(in crate::mapping) struct PendingRecord {
    pub(in crate::mapping) record: ConsumerRecord,
    /// When it was read.
    pub(super) received_at: Instant,
    /// Its bytes in an event, at the most.
    pub(in crate::mapping) size: usize,
    /// What may be committed when it and all before it are done: behind it, and behind those after it that the filter dropped.
    pub(super) next_position: Position,
}
