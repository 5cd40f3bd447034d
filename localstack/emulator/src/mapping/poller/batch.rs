//! A batch: which records go into one invocation.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::mapping::event::{EVENT_LIMIT, Envelope};
use crate::mapping::partition::{Partition, RetryBatch};
use crate::template::MappingSpec;

/// Records on their way to the function.
pub(super) struct Batch {
    pub(super) slices: Vec<PartitionSlice>,
}

/// Those of one partition, in order.
pub(super) struct PartitionSlice {
    pub(super) partition: i32,
    pub(super) assignment_epoch: u64,
    pub(super) retry: RetryBatch,
}

impl Batch {
    /// Takes the batch that is due now, if one is, of partitions for which `is_unlocked` holds.
    ///
    /// Failed records are retried one partition at a time, after their backoff, so that they do not fail the records of other partitions.
    /// Records that were never sent share a batch, which is due when it is full or its oldest record has waited for the window.
    pub(super) fn take_due(
        partitions: &mut BTreeMap<i32, Partition>,
        spec: &MappingSpec,
        round_robin: &mut usize,
        now: Instant,
        is_unlocked: impl Fn(i32) -> bool,
    ) -> Option<Self> {
        if let Some(slice) = take_retry(partitions, now, &is_unlocked) {
            return Some(Self { slices: vec![slice] });
        }
        let waiting: Vec<i32> = partitions
            .iter()
            .filter(|(number, partition)| partition.can_send_unsent() && is_unlocked(**number))
            .map(|(number, _)| *number)
            .collect();
        let of = |number: &i32| partitions.get(number);
        let records: usize = waiting.iter().filter_map(of).map(Partition::unsent_records).sum();
        let bytes: usize = waiting.iter().filter_map(of).map(Partition::buffered_bytes).sum();
        let oldest = waiting
            .iter()
            .filter_map(of)
            .filter_map(Partition::oldest_unsent_at)
            .min()?;
        if records < spec.batch_size && bytes < EVENT_LIMIT && now < oldest + spec.window {
            return None;
        }
        *round_robin = round_robin.wrapping_add(1);
        let first = *round_robin % waiting.len();
        let (mut count, mut room) = (spec.batch_size, EVENT_LIMIT);
        let mut slices = Vec::new();
        for number in waiting[first..].iter().chain(&waiting[..first]) {
            let Some(partition) = partitions.get_mut(number) else {
                continue;
            };
            let records = partition.take_unsent(count, room, slices.is_empty());
            if records.is_empty() {
                continue;
            }
            let retry = RetryBatch::unsent(records, now);
            count -= retry.len();
            room = room.saturating_sub(retry.bytes());
            slices.push(PartitionSlice {
                partition: *number,
                assignment_epoch: partition.assignment_epoch,
                retry,
            });
            if count == 0 || room == 0 {
                break;
            }
        }
        // An event lists partitions in the order of their numbers, whichever the cursor began with.
        slices.sort_by_key(|slice| slice.partition);
        Some(Self { slices })
    }

    /// Retains the records of partitions for which `keep` holds, and returns the others.
    pub(super) fn split_by(&mut self, keep: impl Fn(i32) -> bool) -> Vec<PartitionSlice> {
        let (kept, others) = std::mem::take(&mut self.slices)
            .into_iter()
            .partition(|slice| keep(slice.partition));
        self.slices = kept;
        others
    }

    pub(super) fn len(&self) -> usize {
        self.slices.iter().map(|slice| slice.retry.len()).sum()
    }

    /// Whether it has this record.
    pub(super) fn contains(&self, partition: i32, offset: i64) -> bool {
        self.slices
            .iter()
            .filter(|slice| slice.partition == partition)
            .any(|slice| {
                slice
                    .retry
                    .records
                    .binary_search_by_key(&offset, |pending| pending.record.offset)
                    .is_ok()
            })
    }

    /// Its event.
    pub(super) fn event(&self, envelope: &Envelope) -> Vec<u8> {
        let size = self.slices.iter().map(|slice| slice.retry.bytes()).sum();
        let lists = self
            .slices
            .iter()
            .map(|slice| slice.retry.records.iter().map(|pending| &pending.record));
        envelope.event(lists, size)
    }
}

/// Takes the records that have been due for a retry longest, if some are.
fn take_retry(
    partitions: &mut BTreeMap<i32, Partition>,
    now: Instant,
    is_unlocked: impl Fn(i32) -> bool,
) -> Option<PartitionSlice> {
    let number = partitions
        .iter()
        .filter(|(number, _)| is_unlocked(**number))
        .filter_map(|(number, partition)| partition.next_retry().map(|retry| (retry, *number)))
        .filter(|(retry, _)| retry.discard_reason.is_none() && retry.due_at <= now)
        .min_by_key(|(retry, _)| retry.due_at)
        .map(|(_, number)| number)?;
    let partition = partitions.get_mut(&number)?;
    let retry = partition.take_retry()?;
    Some(PartitionSlice {
        partition: number,
        assignment_epoch: partition.assignment_epoch,
        retry,
    })
}

#[cfg(test)]
mod tests;
