use std::time::Duration;

use bytes::Bytes;
use krafka::consumer::ConsumerRecord;

use super::*;
use crate::filter::Filters;
use crate::template::{KafkaSource, PollerSpec, StartingPosition};

fn spec(batch_size: usize, window: Duration) -> MappingSpec {
    MappingSpec {
        uuid: uuid::Uuid::nil(),
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
        maximum_record_age: None,
        bisects: false,
        destination: None,
        filters: Filters::default(),
        pollers: PollerSpec {
            minimum: 1,
            maximum: 1,
            is_provisioned: false,
        },
        is_enabled: true,
        warnings: Vec::new(),
    }
}

/// The batch that is due when no partition is with somebody else.
fn due(
    partitions: &mut BTreeMap<i32, Partition>,
    spec: &MappingSpec,
    round_robin: &mut usize,
    now: Instant,
) -> Option<Batch> {
    let batch = Batch::take_due(partitions, spec, round_robin, now, |_| true)?;
    for slice in &batch.slices {
        partitions.entry(slice.partition).or_default().mark_idle();
    }
    Some(batch)
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
    assert!(due(&mut partitions, &spec, &mut 0, now).is_none());
    assert_eq!(due(&mut partitions, &spec, &mut 0, now + spec.window).unwrap().len(), 4);
    fill(&mut partitions, 0, 8, 10, now);
    fill(&mut partitions, 1, 8, 10, now);
    assert_eq!(due(&mut partitions, &spec, &mut 0, now).unwrap().len(), 10);
}

#[test]
fn an_event_stays_below_six_megabytes_and_a_larger_record_goes_alone() {
    let now = Instant::now();
    let spec = spec(100, Duration::ZERO);
    let envelope = Envelope::new(&spec.source, "localhost:9092");
    let mut partitions = BTreeMap::new();
    fill(&mut partitions, 0, 8, 1_000_000, now);
    let batch = due(&mut partitions, &spec, &mut 0, now).unwrap();
    assert_eq!(batch.len(), 4);
    assert!(batch.event(&envelope).len() <= EVENT_LIMIT);

    let mut partitions = BTreeMap::new();
    fill(&mut partitions, 0, 2, 5_000_000, now);
    fill(&mut partitions, 1, 1, 10, now);
    let mut lengths = Vec::new();
    let mut round_robin = 1;
    while let Some(batch) = due(&mut partitions, &spec, &mut round_robin, now) {
        lengths.push(batch.len());
    }
    assert_eq!(lengths.iter().sum::<usize>(), 3);
    assert!(lengths.len() >= 3, "{lengths:?}");
}

#[test]
fn what_failed_is_tried_again_alone_and_unchanged() {
    let now = Instant::now();
    let spec = spec(10, Duration::ZERO);
    let mut partitions = BTreeMap::new();
    fill(&mut partitions, 0, 3, 10, now);
    let mut failed = due(&mut partitions, &spec, &mut 0, now).unwrap().slices.remove(0).retry;
    failed.back_off(now);
    partitions.entry(0).or_default().requeue(failed);
    fill(&mut partitions, 0, 5, 10, now);
    fill(&mut partitions, 1, 5, 10, now);

    let others = due(&mut partitions, &spec, &mut 0, now).unwrap();
    assert_eq!(
        others.slices.iter().map(|slice| slice.partition).collect::<Vec<_>>(),
        [1]
    );
    assert!(due(&mut partitions, &spec, &mut 0, now).is_none());
    let later = now + Duration::from_secs(1);
    let retry = due(&mut partitions, &spec, &mut 0, later).unwrap();
    assert_eq!((retry.slices.len(), retry.slices[0].partition, retry.len()), (1, 0, 3));
}

#[test]
fn a_partition_is_in_one_batch_at_a_time() {
    let now = Instant::now();
    let spec = spec(2, Duration::ZERO);
    let mut partitions = BTreeMap::new();
    fill(&mut partitions, 0, 4, 10, now);
    fill(&mut partitions, 1, 1, 10, now);
    let all = |_: i32| true;
    let first = Batch::take_due(&mut partitions, &spec, &mut 1, now, all).unwrap();
    assert_eq!((first.slices[0].partition, first.len()), (0, 2));
    let elsewhere = |number: i32| number != 1;
    assert!(Batch::take_due(&mut partitions, &spec, &mut 1, now, elsewhere).is_none());
    let second = Batch::take_due(&mut partitions, &spec, &mut 1, now, all).unwrap();
    assert_eq!((second.slices[0].partition, second.len()), (1, 1));
}
