//! What is read of one partition and not done yet, in order: records that were never sent, and those that are retried.

mod pending_record;
mod retry_batch;

use std::collections::VecDeque;

use krafka::consumer::ConsumerRecord;
use tokio::time::Instant;

use super::event;

pub(super) use pending_record::{PendingRecord, Position};
pub(super) use retry_batch::{DiscardReason, LastInvocation, RetryBatch};

/// One partition of the mapping's topic.
#[derive(Default)]
pub(super) struct Partition {
    unsent: VecDeque<PendingRecord>,
    buffered_bytes: usize,
    /// Records that failed, in order. While there are any, nothing of `unsent` is sent.
    retries: VecDeque<RetryBatch>,
    /// The first offset of what is with the function or on its way to the destination.
    in_flight: Option<i64>,
    /// Behind everything that has left `unsent`.
    sent_position: Option<Position>,
    /// The offset that was last handed out to be committed; at first, where reading began.
    committed: Option<i64>,
    /// Raised whenever the group assigns the partition anew: batches of before say nothing about what is read since.
    pub(super) assignment_epoch: u64,
    /// Whether reading is paused because enough is buffered.
    pub(super) is_paused: bool,
    /// Whether the group is revoking it: nothing more of it is sent.
    pub(super) is_revoking: bool,
}

impl Partition {
    /// Forgets everything: the group reads the partition from its committed offset again.
    pub(super) fn reset(&mut self) {
        *self = Self {
            assignment_epoch: self.assignment_epoch + 1,
            ..Self::default()
        };
    }

    pub(super) fn push(&mut self, record: ConsumerRecord, received_at: Instant) {
        self.committed.get_or_insert(record.offset);
        let size = event::size(&record);
        self.buffered_bytes += size;
        let next_position = Position::after(&record);
        self.unsent.push_back(PendingRecord {
            record,
            received_at,
            size,
            next_position,
        });
    }

    /// Skips a record that the filter dropped: it is done when all before it are.
    pub(super) fn skip_filtered(&mut self, record: &ConsumerRecord) {
        self.committed.get_or_insert(record.offset);
        let next_position = Position::after(record);
        match self.unsent.back_mut() {
            Some(last) => last.next_position = next_position,
            None => self.sent_position = Some(next_position),
        }
    }

    /// Takes up to `count` unsent records whose sizes fit in `room`. With `takes_oversized`, the first is taken whatever its size.
    /// From then on the partition is in flight.
    pub(super) fn take_unsent(&mut self, count: usize, room: usize, takes_oversized: bool) -> Vec<PendingRecord> {
        let mut left = room;
        let mut taken = 0;
        for pending in self.unsent.iter().take(count) {
            if pending.size > left && !(taken == 0 && takes_oversized) {
                break;
            }
            left = left.saturating_sub(pending.size);
            taken += 1;
        }
        let records: Vec<PendingRecord> = self.unsent.drain(..taken).collect();
        self.buffered_bytes -= records.iter().map(|pending| pending.size).sum::<usize>();
        if let (Some(first), Some(last)) = (records.first(), records.last()) {
            self.in_flight = Some(first.record.offset);
            self.sent_position = Some(last.next_position);
        }
        records
    }

    /// Takes the records that are the first to be retried or discarded. From then on the partition is in flight.
    pub(super) fn take_retry(&mut self) -> Option<RetryBatch> {
        let retry = self.retries.pop_front()?;
        self.buffered_bytes -= retry.bytes();
        self.in_flight = retry.first_offset();
        Some(retry)
    }

    /// The records that come next, if they were sent before; none while the partition is in flight.
    pub(super) fn next_retry(&self) -> Option<&RetryBatch> {
        self.retries.front().filter(|_| self.can_send())
    }

    /// Queues records that are not done, in the order of their offsets.
    pub(super) fn requeue(&mut self, retry: RetryBatch) {
        let Some(first) = retry.first_offset() else { return };
        self.buffered_bytes += retry.bytes();
        let place = self
            .retries
            .partition_point(|other| other.first_offset().is_some_and(|offset| offset < first));
        self.retries.insert(place, retry);
    }

    /// What was in flight has ended.
    pub(super) fn mark_idle(&mut self) {
        self.in_flight = None;
    }

    /// Whether something of it may be sent.
    pub(super) fn can_send(&self) -> bool {
        self.in_flight.is_none() && !self.is_revoking
    }

    /// Whether something of it is with the function or on its way to the destination.
    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Whether records wait that were never sent, and may be.
    pub(super) fn can_send_unsent(&self) -> bool {
        self.can_send() && self.retries.is_empty() && !self.unsent.is_empty()
    }

    /// Whether records of it have failed and are not done.
    pub(super) fn is_retrying(&self) -> bool {
        !self.retries.is_empty()
    }

    /// The position to commit, when it has moved since the last call: nothing at or behind the lowest record that is not done.
    pub(super) fn next_commit(&mut self) -> Option<Position> {
        let retry = self.retries.front().and_then(RetryBatch::first_offset);
        let unfinished = [self.in_flight, retry].into_iter().flatten().min();
        let position = match unfinished {
            Some(offset) => Position::at(offset),
            None => self.sent_position?,
        };
        let is_new = self.committed.is_none_or(|committed| committed < position.offset);
        is_new.then(|| {
            self.committed = Some(position.offset);
            position
        })
    }

    /// Records that were read and never sent.
    pub(super) fn unsent_records(&self) -> usize {
        self.unsent.len()
    }

    /// Records that are read and not done, without those that are in flight.
    pub(super) fn buffered_records(&self) -> usize {
        self.unsent.len() + self.retries.iter().map(RetryBatch::len).sum::<usize>()
    }

    pub(super) fn buffered_bytes(&self) -> usize {
        self.buffered_bytes
    }

    /// When the unsent record that waits longest was read.
    pub(super) fn oldest_unsent_at(&self) -> Option<Instant> {
        self.unsent.front().map(|pending| pending.received_at)
    }
}

#[cfg(test)]
mod tests;
