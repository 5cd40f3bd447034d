//! Records that are given up: those that are too old or too large, and their way to the destination.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::Engine;
use super::batch::{Batch, Slice};
use crate::mapping::destination::DestinationError;
use crate::mapping::partition::{Chunk, Condition, Pending, pause};
use crate::with_causes;

/// Records on their way to the destination, and how that ended.
pub(super) type Left = (Slice, Result<(), DestinationError>);

impl Engine {
    /// Gives records up: they go to the destination, if there is one, before anything behind them is done.
    pub(super) fn give_up(&mut self, number: i32, mut chunk: Chunk, condition: Condition) {
        let spec = &self.mapping.spec;
        tracing::warn!(
            kafka.topic = spec.topic,
            kafka.partition = number,
            kafka.offset = chunk.first_offset(),
            "Gave up {} records of {}-{number} after {} invocations: {}",
            chunk.len(),
            spec.topic,
            chunk.invocations,
            condition.name()
        );
        if self.mapping.destination.is_none() {
            self.mapping.note(|progress| progress.discarded += chunk.len() as u64);
            return;
        }
        chunk.given_up = Some(condition);
        chunk.failures = 0;
        chunk.due = Instant::now();
        self.partitions.entry(number).or_default().keep(chunk);
    }

    /// Takes out of a batch what is older than it may be.
    pub(super) fn give_up_old(&mut self, batch: &mut Batch) {
        let Some(age) = self.mapping.spec.maximum_record_age else {
            return;
        };
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let oldest = chrono::Utc::now().timestamp_millis().saturating_sub(age);
        let mut old = Vec::new();
        for slice in &mut batch.slices {
            let chunk = slice
                .chunk
                .separate(|pending: &Pending| pending.record.timestamp >= oldest);
            if chunk.len() > 0 {
                old.push((slice.partition, chunk));
            }
        }
        for (number, chunk) in old {
            self.give_up(number, chunk, Condition::RecordAgeExceeded);
        }
        let (gone, left): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.slices)
            .into_iter()
            .partition(|slice| slice.chunk.len() == 0);
        batch.slices = left;
        for slice in gone {
            self.partitions.entry(slice.partition).or_default().come_back();
            self.note_position(slice.partition);
        }
    }

    /// Gives up a record that no event can carry. Without a destination it is sent all the same: better than lost.
    pub(super) fn give_up_large(&mut self, batch: Batch) {
        for slice in batch.slices {
            self.mapping.claims.release([slice.partition]);
            self.partitions.entry(slice.partition).or_default().come_back();
            self.give_up(slice.partition, slice.chunk, Condition::MaximumPayloadSizeExceeded);
            self.note_position(slice.partition);
        }
    }

    /// Sends what is given up on its way, one write for each partition.
    pub(super) fn leave(&mut self, now: Instant) {
        let Some(destination) = self.mapping.destination.clone() else {
            return;
        };
        for (number, partition) in &mut self.partitions {
            let is_due = partition
                .next_chunk()
                .is_some_and(|chunk| chunk.given_up.is_some() && chunk.due <= now);
            if !is_due || !self.mapping.claims.claim(*number) {
                continue;
            }
            let Some(chunk) = partition.take_chunk() else { continue };
            let slice = Slice {
                partition: *number,
                epoch: partition.epoch,
                chunk,
            };
            let destination = Arc::clone(&destination);
            let write: BoxFuture<'static, Left> = Box::pin(async move {
                let written = destination.write(&slice.chunk).await;
                (slice, written)
            });
            self.leaving.push(write);
        }
    }

    /// What could not be written is tried again until it can: it is not skipped.
    pub(super) fn left(&mut self, (slice, written): Left) {
        self.mapping.claims.release([slice.partition]);
        let partition = self.partitions.entry(slice.partition).or_default();
        let is_current = partition.epoch == slice.epoch;
        let mut chunk = slice.chunk;
        match written {
            // Also when the group has taken the partition away meanwhile: it is written.
            Ok(()) => {
                let count = chunk.len() as u64;
                self.mapping.note(|progress| {
                    progress.discarded += count;
                    progress.sent_to_destination += count;
                });
            }
            Err(error) => {
                let reason = with_causes(&error);
                let spec = &self.mapping.spec;
                tracing::warn!(
                    kafka.topic = spec.topic,
                    kafka.partition = slice.partition,
                    "Could not write given-up records of {}-{} to their destination, trying again: {reason}",
                    spec.topic,
                    slice.partition
                );
                self.mapping.note(|progress| progress.last_error = Some(reason));
                if is_current {
                    chunk.due = Instant::now() + pause(chunk.failures);
                    chunk.failures = chunk.failures.saturating_add(1);
                    partition.keep(chunk);
                }
            }
        }
        if is_current {
            partition.come_back();
            self.note_position(slice.partition);
        }
        self.note_state();
    }
}
