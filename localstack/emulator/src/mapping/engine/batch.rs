//! A batch: which records go into one invocation.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::mapping::event::{EVENT_LIMIT, Envelope};
use crate::mapping::partition::{Chunk, Partition};
use crate::template::MappingSpec;

/// Records on their way to the function.
pub(super) struct Batch {
    pub(super) slices: Vec<Slice>,
}

/// Those of one partition, in order.
pub(super) struct Slice {
    pub(super) partition: i32,
    pub(super) epoch: u64,
    pub(super) chunk: Chunk,
}

impl Batch {
    /// Takes the batch that is due now, if one is, of partitions that `is_open` tells.
    ///
    /// What failed is tried again partition by partition, when its pause is over, so that it fails nobody else. The others
    /// share a batch, which is due when it is full or its oldest record has waited for the window.
    pub(super) fn due(
        partitions: &mut BTreeMap<i32, Partition>,
        spec: &MappingSpec,
        turn: &mut usize,
        now: Instant,
        is_open: impl Fn(i32) -> bool,
    ) -> Option<Self> {
        let again = partitions
            .iter()
            .filter(|(number, _)| is_open(**number))
            .filter_map(|(number, partition)| partition.next_chunk().map(|chunk| (chunk, *number)))
            .filter(|(chunk, _)| chunk.given_up.is_none() && chunk.due <= now)
            .min_by_key(|(chunk, _)| chunk.due)
            .map(|(_, number)| number);
        if let Some(number) = again
            && let Some(partition) = partitions.get_mut(&number)
            && let Some(chunk) = partition.take_chunk()
        {
            return Some(Self {
                slices: vec![Slice {
                    partition: number,
                    epoch: partition.epoch,
                    chunk,
                }],
            });
        }
        let waiting: Vec<i32> = partitions
            .iter()
            .filter(|(number, partition)| partition.has_fresh() && is_open(**number))
            .map(|(number, _)| *number)
            .collect();
        let of = |number: &i32| partitions.get(number);
        let records: usize = waiting.iter().filter_map(of).map(Partition::fresh).sum();
        let bytes: usize = waiting.iter().filter_map(of).map(Partition::bytes).sum();
        let oldest = waiting.iter().filter_map(of).filter_map(Partition::oldest).min()?;
        if records < spec.batch_size && bytes < EVENT_LIMIT && now < oldest + spec.window {
            return None;
        }
        *turn = turn.wrapping_add(1);
        let first = *turn % waiting.len();
        let (mut count, mut room) = (spec.batch_size, EVENT_LIMIT);
        let mut slices = Vec::new();
        for number in waiting[first..].iter().chain(&waiting[..first]) {
            let Some(partition) = partitions.get_mut(number) else {
                continue;
            };
            let records = partition.take(count, room, slices.is_empty());
            if records.is_empty() {
                continue;
            }
            let chunk = Chunk::fresh(records, now);
            count -= chunk.len();
            room = room.saturating_sub(chunk.bytes());
            slices.push(Slice {
                partition: *number,
                epoch: partition.epoch,
                chunk,
            });
            if count == 0 || room == 0 {
                break;
            }
        }
        // Lists in an event stand in the order of their partitions, whoever was first.
        slices.sort_by_key(|slice| slice.partition);
        Some(Self { slices })
    }

    /// Takes out the records of partitions that `is_kept` refuses.
    pub(super) fn without(&mut self, is_kept: impl Fn(i32) -> bool) -> Vec<Slice> {
        let (kept, others) = std::mem::take(&mut self.slices)
            .into_iter()
            .partition(|slice| is_kept(slice.partition));
        self.slices = kept;
        others
    }

    pub(super) fn len(&self) -> usize {
        self.slices.iter().map(|slice| slice.chunk.len()).sum()
    }

    /// Whether it has this record.
    pub(super) fn contains(&self, partition: i32, offset: i64) -> bool {
        self.slices
            .iter()
            .filter(|slice| slice.partition == partition)
            .any(|slice| {
                slice
                    .chunk
                    .records
                    .binary_search_by_key(&offset, |pending| pending.record.offset)
                    .is_ok()
            })
    }

    /// Its event.
    pub(super) fn event(&self, envelope: &Envelope) -> Vec<u8> {
        let size = self.slices.iter().map(|slice| slice.chunk.bytes()).sum();
        let lists = self
            .slices
            .iter()
            .map(|slice| slice.chunk.records.iter().map(|pending| &pending.record));
        envelope.event(lists, size)
    }
}

#[cfg(test)]
mod tests;
