//! Records that are discarded: those that are too old, too large or failed too often, and their way to the destination.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::Poller;
use super::batch::{Batch, PartitionSlice};
use super::in_flight::FinishedWrite;
use crate::error_chain::with_causes;
use crate::mapping::partition::{DiscardReason, PendingRecord, RetryBatch};

impl Poller {
    /// Discards records: they go to the destination, if there is one, before anything behind them is done.
    pub(super) fn discard(&mut self, number: i32, mut retry: RetryBatch, reason: DiscardReason) {
        let spec = &self.mapping.spec;
        tracing::warn!(
            kafka.topic = spec.topic,
            kafka.partition = number,
            kafka.offset = retry.first_offset(),
            "Gave up {} records of {}-{number} after {} invocations: {}",
            retry.len(),
            spec.topic,
            retry.invocations,
            reason.name()
        );
        if self.mapping.destination.is_none() {
            self.mapping
                .with_progress(|progress| progress.discarded += retry.len() as u64);
            return;
        }
        retry.discard_reason = Some(reason);
        retry.consecutive_failures = 0;
        retry.due_at = Instant::now();
        self.partitions.entry(number).or_default().requeue(retry);
    }

    /// Discards what of a batch is older than it may be.
    pub(super) fn discard_expired(&mut self, batch: &mut Batch) {
        let Some(age) = self.mapping.spec.maximum_record_age else {
            return;
        };
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let oldest = chrono::Utc::now().timestamp_millis().saturating_sub(age);
        let mut expired = Vec::new();
        for slice in &mut batch.slices {
            let retry = slice
                .retry
                .split_by(|pending: &PendingRecord| pending.record.timestamp >= oldest);
            if retry.len() > 0 {
                expired.push((slice.partition, retry));
            }
        }
        for (number, retry) in expired {
            self.discard(number, retry, DiscardReason::RecordAgeExceeded);
        }
        let (empty, remaining): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.slices)
            .into_iter()
            .partition(|slice| slice.retry.len() == 0);
        batch.slices = remaining;
        for slice in empty {
            self.partitions.entry(slice.partition).or_default().mark_idle();
            self.queue_commit(slice.partition);
        }
    }

    /// Discards a record that no event can carry. Without a destination it is sent all the same: better than lost.
    pub(super) fn discard_oversized(&mut self, batch: Batch) {
        for slice in batch.slices {
            self.mapping.partition_locks.unlock([slice.partition]);
            self.partitions.entry(slice.partition).or_default().mark_idle();
            self.discard(slice.partition, slice.retry, DiscardReason::MaximumPayloadSizeExceeded);
            self.queue_commit(slice.partition);
        }
    }

    /// Writes what is discarded to the destination, one write for each partition.
    pub(super) fn flush_discarded(&mut self, now: Instant) {
        let Some(destination) = self.mapping.destination.clone() else {
            return;
        };
        for (number, partition) in &mut self.partitions {
            let is_due = partition
                .next_retry()
                .is_some_and(|retry| retry.discard_reason.is_some() && retry.due_at <= now);
            if !is_due || !self.mapping.partition_locks.try_lock(*number) {
                continue;
            }
            let Some(retry) = partition.take_retry() else { continue };
            let slice = PartitionSlice {
                partition: *number,
                assignment_epoch: partition.assignment_epoch,
                retry,
            };
            let destination = Arc::clone(&destination);
            let write: BoxFuture<'static, FinishedWrite> = Box::pin(async move {
                let result = destination.write(&slice.retry).await;
                FinishedWrite { slice, result }
            });
            self.destination_writes.push(write);
        }
    }

    /// What could not be written is tried again until it can: it is not skipped.
    pub(super) fn on_destination_write(&mut self, FinishedWrite { slice, result }: FinishedWrite) {
        self.mapping.partition_locks.unlock([slice.partition]);
        let partition = self.partitions.entry(slice.partition).or_default();
        let is_current = partition.assignment_epoch == slice.assignment_epoch;
        let mut retry = slice.retry;
        match result {
            // Also when the group has taken the partition away meanwhile: it is written.
            Ok(()) => {
                let count = retry.len() as u64;
                self.mapping.with_progress(|progress| {
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
                self.mapping
                    .with_progress(|progress| progress.last_error = Some(reason));
                if is_current {
                    retry.back_off(Instant::now());
                    partition.requeue(retry);
                }
            }
        }
        if is_current {
            partition.mark_idle();
            self.queue_commit(slice.partition);
        }
        self.update_state();
    }
}
