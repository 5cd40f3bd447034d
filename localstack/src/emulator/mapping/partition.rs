//! What is read of one partition and not done yet, in order, and when it is tried again.

use std::collections::VecDeque;
use std::time::Duration;

use krafka::consumer::ConsumerRecord;
use tokio::time::Instant;

use super::event;

/// The first pause before a retry; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause before a retry.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A record that waits to be sent.
pub(super) struct Pending {
    pub(super) record: ConsumerRecord,
    /// When it was read.
    pub(super) arrived: Instant,
    /// Its bytes in an event, at the most.
    pub(super) size: usize,
}

/// One partition of the mapping's topic.
#[derive(Default)]
pub(super) struct Partition {
    queue: VecDeque<Pending>,
    bytes: usize,
    /// Raised whenever the group hands the partition out anew: batches of before say nothing about what is read since.
    pub(super) epoch: u64,
    /// Whether reading is paused because enough is waiting.
    pub(super) is_paused: bool,
    retry: Option<Retry>,
}

/// Records at the front of the queue that failed.
struct Retry {
    first_offset: i64,
    /// How many they are. Later records wait until these are done, so that a batch that fails stays the same batch.
    count: usize,
    /// Failures of `first_offset`, of whatever cause.
    failures: u32,
    /// Those that count towards `MaximumRetryAttempts`.
    counted: u32,
    due: Instant,
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
        let size = event::size(&record);
        self.bytes += size;
        self.queue.push_back(Pending { record, arrived, size });
    }

    /// Removes up to `count` records whose sizes fit in `room`. With `takes_oversized`, the first is taken whatever its size.
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
        records
    }

    /// Puts failed records back in front and plans their retry. Returns how often they have failed for a reason that
    /// counts.
    pub(super) fn put_back(&mut self, records: Vec<Pending>, is_counted: bool, now: Instant) -> u32 {
        let Some(first_offset) = records.first().map(|pending| pending.record.offset) else {
            return 0;
        };
        let (failures, counted) = match &self.retry {
            Some(retry) if retry.first_offset == first_offset => (retry.failures, retry.counted),
            _ => (0, 0),
        };
        let counted = counted + u32::from(is_counted);
        self.retry = Some(Retry {
            first_offset,
            count: records.len(),
            failures: failures.saturating_add(1),
            counted,
            due: now + pause(failures),
        });
        self.bytes += records.iter().map(|pending| pending.size).sum::<usize>();
        for pending in records.into_iter().rev() {
            self.queue.push_front(pending);
        }
        counted
    }

    /// Ends the retry: its records are done, or given up.
    pub(super) fn end_retry(&mut self) {
        self.retry = None;
    }

    /// When the retry is due, if there is one, and how many records it has.
    pub(super) fn retry(&self) -> Option<(Instant, usize)> {
        self.retry.as_ref().map(|retry| (retry.due, retry.count))
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the record that waits longest was read.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.queue.front().map(|pending| pending.arrived)
    }
}

/// The pause after so many failures before, a tenth more or less, so that partitions that failed together spread out.
fn pause(failures_before: u32) -> Duration {
    let exponential = FIRST_PAUSE.saturating_mul(1 << failures_before.min(16));
    exponential.min(LONGEST_PAUSE).mul_f64(rand::random_range(0.9..=1.1))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn partition(offsets: std::ops::Range<i64>, now: Instant) -> Partition {
        let mut partition = Partition::default();
        for offset in offsets {
            partition.push(
                ConsumerRecord::new("rates", 0, offset, None, Some(Bytes::from_static(b"{}"))),
                now,
            );
        }
        partition
    }

    fn offsets(records: &[Pending]) -> Vec<i64> {
        records.iter().map(|pending| pending.record.offset).collect()
    }

    #[test]
    fn records_that_failed_come_back_in_front_and_in_order() {
        let now = Instant::now();
        let mut partition = partition(10..20, now);
        let mut taken = partition.take(5, usize::MAX, true);
        let failed = taken.split_off(2);
        assert_eq!(partition.put_back(failed, true, now), 1);
        assert_eq!(partition.retry().map(|(_, count)| count), Some(3));
        assert_eq!(
            offsets(&partition.take(100, usize::MAX, true)),
            [12, 13, 14, 15, 16, 17, 18, 19]
        );
        assert_eq!(partition.bytes(), 0);
    }

    #[test]
    fn pauses_double_up_to_ten_seconds_and_start_anew_after_progress() {
        let now = Instant::now();
        let mut partition = partition(0..3, now);
        let mut previous = Duration::ZERO;
        for failure in 1..=12 {
            let taken = partition.take(2, usize::MAX, true);
            assert_eq!(partition.put_back(taken, true, now), failure);
            let (due, _) = partition.retry().unwrap();
            let pause = due - now;
            assert!(
                pause > previous || pause >= LONGEST_PAUSE.mul_f64(0.9),
                "{pause:?} after {previous:?}"
            );
            assert!(pause <= LONGEST_PAUSE.mul_f64(1.1));
            previous = pause;
        }
        let mut taken = partition.take(2, usize::MAX, true);
        let rest = taken.split_off(1);
        assert_eq!(
            partition.put_back(rest, true, now),
            1,
            "offset 0 is done, offset 1 has failed once"
        );
        assert!(partition.retry().unwrap().0 - now <= FIRST_PAUSE.mul_f64(1.1));
    }

    #[test]
    fn only_a_record_that_stands_first_may_be_oversized() {
        let now = Instant::now();
        let mut partition = partition(0..3, now);
        assert_eq!(partition.take(3, 1, false).len(), 0);
        assert_eq!(offsets(&partition.take(3, 1, true)), [0]);
        assert_eq!(offsets(&partition.take(3, 2 * partition.queue[0].size, true)), [1, 2]);
    }
}
