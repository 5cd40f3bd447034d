//! What is read of one partition and not done yet, in order: records that nobody has sent, and those that are tried again.

mod chunk;

use std::collections::VecDeque;

use krafka::consumer::ConsumerRecord;
use tokio::time::Instant;

use super::event;

pub(super) use chunk::{Chunk, Condition, LastAnswer, pause};

/// A position to commit: the next offset to read, and the leader epoch of the record before it.
pub(super) type Position = (i64, Option<i32>);

/// A record that waits to be sent.
pub(super) struct Pending {
    pub(super) record: ConsumerRecord,
    /// When it was read.
    pub(super) arrived: Instant,
    /// Its bytes in an event, at the most.
    pub(super) size: usize,
    /// What may be committed when it and all before it are done: behind it, and behind those after it that the filter dropped.
    after: Position,
}

/// One partition of the mapping's topic.
#[derive(Default)]
pub(super) struct Partition {
    queue: VecDeque<Pending>,
    bytes: usize,
    /// Records that failed, in order. While there are any, nothing of `queue` is sent.
    chunks: VecDeque<Chunk>,
    /// The first offset of what is with the function or on its way to the destination.
    busy: Option<i64>,
    /// Behind everything that has left `queue`.
    position: Option<Position>,
    /// What was given out to be committed last; at first, where reading began.
    committed: Option<i64>,
    /// Raised whenever the group hands the partition out anew: batches of before say nothing about what is read since.
    pub(super) epoch: u64,
    /// Whether reading is paused because enough is waiting.
    pub(super) is_paused: bool,
    /// Whether the group is taking it away: nothing more of it is sent.
    pub(super) is_leaving: bool,
}

impl Partition {
    /// Forgets everything: the group reads the partition from its committed offset again.
    pub(super) fn reset(&mut self) {
        *self = Self {
            epoch: self.epoch + 1,
            ..Self::default()
        };
    }

    pub(super) fn push(&mut self, record: ConsumerRecord, arrived: Instant) {
        self.committed.get_or_insert(record.offset);
        let size = event::size(&record);
        self.bytes += size;
        let after = (record.offset + 1, record.leader_epoch);
        self.queue.push_back(Pending {
            record,
            arrived,
            size,
            after,
        });
    }

    /// Passes over a record that the filter dropped: it is done when all before it are.
    pub(super) fn pass_over(&mut self, record: &ConsumerRecord) {
        self.committed.get_or_insert(record.offset);
        let after = (record.offset + 1, record.leader_epoch);
        match self.queue.back_mut() {
            Some(last) => last.after = after,
            None => self.position = Some(after),
        }
    }

    /// Takes up to `count` unsent records whose sizes fit in `room`. With `takes_oversized`, the first is taken whatever its size.
    /// From then on the partition is busy.
    pub(super) fn take(&mut self, count: usize, room: usize, takes_oversized: bool) -> Vec<Pending> {
        let mut left = room;
        let mut taken = 0;
        for pending in self.queue.iter().take(count) {
            if pending.size > left && !(taken == 0 && takes_oversized) {
                break;
            }
            left = left.saturating_sub(pending.size);
            taken += 1;
        }
        let records: Vec<Pending> = self.queue.drain(..taken).collect();
        self.bytes -= records.iter().map(|pending| pending.size).sum::<usize>();
        if let (Some(first), Some(last)) = (records.first(), records.last()) {
            self.busy = Some(first.record.offset);
            self.position = Some(last.after);
        }
        records
    }

    /// Takes the records that are first to be tried again, or to be given up. From then on the partition is busy.
    pub(super) fn take_chunk(&mut self) -> Option<Chunk> {
        let chunk = self.chunks.pop_front()?;
        self.bytes -= chunk.bytes();
        self.busy = chunk.first_offset();
        Some(chunk)
    }

    /// The records that come next, if they were sent before; none while the partition is busy.
    pub(super) fn next_chunk(&self) -> Option<&Chunk> {
        self.chunks.front().filter(|_| self.is_free())
    }

    /// Keeps records that are not done, in their place.
    pub(super) fn keep(&mut self, chunk: Chunk) {
        let Some(first) = chunk.first_offset() else { return };
        self.bytes += chunk.bytes();
        let place = self
            .chunks
            .partition_point(|other| other.first_offset().is_some_and(|offset| offset < first));
        self.chunks.insert(place, chunk);
    }

    /// What was taken has come back.
    pub(super) fn come_back(&mut self) {
        self.busy = None;
    }

    /// Whether something of it may be sent.
    pub(super) fn is_free(&self) -> bool {
        self.busy.is_none() && !self.is_leaving
    }

    /// Whether something of it is with the function or on its way to the destination.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    /// Whether records wait that were never sent, and may be.
    pub(super) fn has_fresh(&self) -> bool {
        self.is_free() && self.chunks.is_empty() && !self.queue.is_empty()
    }

    /// Whether records of it have failed and are not done.
    pub(super) fn is_retrying(&self) -> bool {
        !self.chunks.is_empty()
    }

    /// What may be committed since it was asked last: nothing at or behind the lowest record that is not done.
    pub(super) fn new_position(&mut self) -> Option<Position> {
        let chunk = self.chunks.front().and_then(Chunk::first_offset);
        let unfinished = [self.busy, chunk].into_iter().flatten().min();
        let position = match unfinished {
            Some(offset) => (offset, None),
            None => self.position?,
        };
        let is_new = self.committed.is_none_or(|committed| committed < position.0);
        is_new.then(|| {
            self.committed = Some(position.0);
            position
        })
    }

    /// Records that were read and never sent.
    pub(super) fn fresh(&self) -> usize {
        self.queue.len()
    }

    /// Records that are read and not done, without those that are under way.
    pub(super) fn len(&self) -> usize {
        self.queue.len() + self.chunks.iter().map(Chunk::len).sum::<usize>()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the unsent record that waits longest was read.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.queue.front().map(|pending| pending.arrived)
    }
}

#[cfg(test)]
mod tests;
