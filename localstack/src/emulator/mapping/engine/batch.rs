//! A batch: which records go into one invocation.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::emulator::mapping::event::{EVENT_LIMIT, Envelope};
use crate::emulator::mapping::partition::{Partition, Pending};
use crate::emulator::template::MappingSpec;

/// Records on their way to the function.
pub(super) struct Batch {
    pub(super) slices: Vec<Slice>,
}

/// Those of one partition, in order.
pub(super) struct Slice {
    pub(super) partition: i32,
    pub(super) epoch: u64,
    pub(super) records: Vec<Pending>,
}

impl Batch {
    /// Takes the batch that is due now, if one is.
    ///
    /// A partition that failed is tried again alone, when its pause is over, so that it fails nobody else. The others
    /// share a batch, which is due when it is full or its oldest record has waited for the window.
    pub(super) fn due(
        partitions: &mut BTreeMap<i32, Partition>,
        spec: &MappingSpec,
        turn: &mut usize,
        now: Instant,
    ) -> Option<Self> {
        let retry = partitions
            .iter_mut()
            .filter_map(|(number, partition)| partition.retry().map(|(due, count)| (due, count, *number, partition)))
            .min_by_key(|(due, ..)| *due)
            .filter(|(due, ..)| *due <= now);
        if let Some((_, count, number, partition)) = retry {
            let records = partition.take(count, EVENT_LIMIT, true);
            return Some(Self {
                slices: vec![Slice {
                    partition: number,
                    epoch: partition.epoch,
                    records,
                }],
            });
        }
        let waiting: Vec<i32> = partitions
            .iter()
            .filter(|(_, partition)| partition.retry().is_none() && partition.len() > 0)
            .map(|(number, _)| *number)
            .collect();
        let of = |number: &i32| partitions.get(number);
        let records: usize = waiting.iter().filter_map(of).map(Partition::len).sum();
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
            count -= records.len();
            room = room.saturating_sub(records.iter().map(|pending| pending.size).sum());
            slices.push(Slice {
                partition: *number,
                epoch: partition.epoch,
                records,
            });
            if count == 0 || room == 0 {
                break;
            }
        }
        // Lists in an event stand in the order of their partitions, whoever was first.
        slices.sort_by_key(|slice| slice.partition);
        Some(Self { slices })
    }

    pub(super) fn len(&self) -> usize {
        self.slices.iter().map(|slice| slice.records.len()).sum()
    }

    /// Whether it has this record.
    pub(super) fn contains(&self, partition: i32, offset: i64) -> bool {
        self.slices
            .iter()
            .filter(|slice| slice.partition == partition)
            .any(|slice| {
                slice
                    .records
                    .binary_search_by_key(&offset, |pending| pending.record.offset)
                    .is_ok()
            })
    }

    /// Its event.
    pub(super) fn event(&self, envelope: &Envelope) -> Vec<u8> {
        let size = self
            .slices
            .iter()
            .flat_map(|slice| &slice.records)
            .map(|pending| pending.size)
            .sum();
        let lists = self
            .slices
            .iter()
            .map(|slice| slice.records.iter().map(|pending| &pending.record));
        envelope.event(lists, size)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use krafka::consumer::ConsumerRecord;

    use super::*;
    use crate::emulator::template::{KafkaSource, StartingPosition};

    fn spec(batch_size: usize, window: Duration) -> MappingSpec {
        MappingSpec {
            name: "m".to_owned(),
            function: "f".to_owned(),
            source: KafkaSource::SelfManaged,
            topic: "rates".to_owned(),
            consumer_group: "g".to_owned(),
            starting_position: StartingPosition::TrimHorizon,
            batch_size,
            window,
            report_item_failures: true,
            maximum_retry_attempts: None,
            is_enabled: true,
        }
    }

    fn fill(partitions: &mut BTreeMap<i32, Partition>, number: i32, records: i64, size: usize, now: Instant) {
        for offset in 0..records {
            let value = Bytes::from(vec![b'x'; size]);
            partitions
                .entry(number)
                .or_default()
                .push(ConsumerRecord::new("rates", number, offset, None, Some(value)), now);
        }
    }

    #[test]
    fn a_batch_waits_for_its_window_unless_it_is_full() {
        let now = Instant::now();
        let spec = spec(10, Duration::from_secs(1));
        let mut partitions = BTreeMap::new();
        fill(&mut partitions, 0, 4, 10, now);
        assert!(Batch::due(&mut partitions, &spec, &mut 0, now).is_none());
        assert_eq!(
            Batch::due(&mut partitions, &spec, &mut 0, now + spec.window)
                .unwrap()
                .len(),
            4
        );
        fill(&mut partitions, 0, 8, 10, now);
        fill(&mut partitions, 1, 8, 10, now);
        assert_eq!(Batch::due(&mut partitions, &spec, &mut 0, now).unwrap().len(), 10);
    }

    #[test]
    fn an_event_stays_below_six_megabytes_and_a_larger_record_goes_alone() {
        let now = Instant::now();
        let spec = spec(100, Duration::ZERO);
        let envelope = Envelope::new(&spec.source, "localhost:9092");
        let mut partitions = BTreeMap::new();
        fill(&mut partitions, 0, 8, 1_000_000, now);
        let batch = Batch::due(&mut partitions, &spec, &mut 0, now).unwrap();
        assert_eq!(batch.len(), 4);
        assert!(batch.event(&envelope).len() <= EVENT_LIMIT);

        let mut partitions = BTreeMap::new();
        fill(&mut partitions, 0, 2, 5_000_000, now);
        fill(&mut partitions, 1, 1, 10, now);
        let mut lengths = Vec::new();
        let mut turn = 1;
        while let Some(batch) = Batch::due(&mut partitions, &spec, &mut turn, now) {
            lengths.push(batch.len());
        }
        assert_eq!(lengths.iter().sum::<usize>(), 3);
        assert!(lengths.len() >= 3, "{lengths:?}");
    }

    #[test]
    fn a_partition_that_failed_is_tried_again_alone_and_unchanged() {
        let now = Instant::now();
        let spec = spec(10, Duration::ZERO);
        let mut partitions = BTreeMap::new();
        fill(&mut partitions, 0, 3, 10, now);
        let mut batch = Batch::due(&mut partitions, &spec, &mut 0, now).unwrap();
        let failed = batch.slices.remove(0).records;
        partitions.entry(0).or_default().put_back(failed, true, now);
        fill(&mut partitions, 0, 5, 10, now);
        fill(&mut partitions, 1, 5, 10, now);

        let others = Batch::due(&mut partitions, &spec, &mut 0, now).unwrap();
        assert_eq!(
            others.slices.iter().map(|slice| slice.partition).collect::<Vec<_>>(),
            [1]
        );
        assert!(Batch::due(&mut partitions, &spec, &mut 0, now).is_none());
        let later = now + Duration::from_secs(1);
        let retry = Batch::due(&mut partitions, &spec, &mut 0, later).unwrap();
        assert_eq!((retry.slices.len(), retry.slices[0].partition, retry.len()), (1, 0, 3));
    }
}
