use bytes::Bytes;

use super::*;

fn record(offset: i64) -> ConsumerRecord {
    ConsumerRecord::new("rates", 0, offset, None, Some(Bytes::from_static(b"{}")))
}

fn partition(offsets: std::ops::Range<i64>, now: Instant) -> Partition {
    let mut partition = Partition::default();
    for offset in offsets {
        partition.push(record(offset), now);
    }
    partition
}

fn offsets(records: &[Pending]) -> Vec<i64> {
    records.iter().map(|pending| pending.record.offset).collect()
}

fn position(partition: &mut Partition) -> Option<i64> {
    partition.new_position().map(|(offset, _)| offset)
}

#[test]
fn nothing_is_committed_before_it_is_done() {
    let now = Instant::now();
    let mut partition = partition(10..20, now);
    assert_eq!(position(&mut partition), None);
    let taken = partition.take(5, usize::MAX, true);
    assert_eq!(position(&mut partition), None, "10 is with the function");
    partition.come_back();
    drop(taken);
    assert_eq!(position(&mut partition), Some(15));
    assert_eq!(position(&mut partition), None, "once is enough");
}

#[test]
fn the_lowest_record_that_is_not_done_holds_the_position() {
    let now = Instant::now();
    let mut partition = partition(10..20, now);
    let mut chunk = Chunk::fresh(partition.take(8, usize::MAX, true), now);
    let done = chunk.separate(|pending| [12, 15].contains(&pending.record.offset));
    assert_eq!(done.len(), 6);
    partition.come_back();
    partition.keep(chunk);
    assert_eq!(position(&mut partition), Some(12));
    assert!(!partition.has_fresh(), "later records wait for those that failed");

    let mut chunk = partition.take_chunk().unwrap();
    assert_eq!(offsets(&chunk.records), [12, 15]);
    assert_eq!(position(&mut partition), None);
    drop(chunk.separate(|pending| pending.record.offset == 15));
    partition.come_back();
    partition.keep(chunk);
    assert_eq!(position(&mut partition), Some(15));
    drop(partition.take_chunk());
    partition.come_back();
    assert_eq!(position(&mut partition), Some(18));
    assert!(partition.has_fresh());
}

#[test]
fn halves_come_back_in_order() {
    let now = Instant::now();
    let mut partition = partition(0..5, now);
    let mut first = Chunk::fresh(partition.take(5, usize::MAX, true), now);
    let second = first.second_half();
    partition.come_back();
    partition.keep(second);
    partition.keep(first);
    let mut order = Vec::new();
    while let Some(chunk) = partition.take_chunk() {
        order.push(offsets(&chunk.records));
    }
    assert_eq!(order, [vec![0, 1, 2], vec![3, 4]]);
    assert_eq!(partition.bytes(), 0);
}

#[test]
fn records_that_the_filter_drops_are_done_when_all_before_them_are() {
    let now = Instant::now();
    let mut partition = Partition::default();
    partition.pass_over(&record(5));
    assert_eq!(position(&mut partition), Some(6));
    partition.push(record(6), now);
    partition.pass_over(&record(7));
    partition.pass_over(&record(8));
    assert_eq!(position(&mut partition), None, "6 is not done");
    drop(partition.take(1, usize::MAX, true));
    partition.pass_over(&record(9));
    assert_eq!(position(&mut partition), None, "6 is with the function");
    partition.come_back();
    assert_eq!(position(&mut partition), Some(10));
}

#[test]
fn a_partition_that_is_leaving_sends_nothing_more() {
    let now = Instant::now();
    let mut partition = partition(0..3, now);
    partition.is_leaving = true;
    assert!(!partition.has_fresh());
    partition.keep(Chunk::fresh(Vec::new(), now));
    assert!(partition.next_chunk().is_none());
    partition.reset();
    assert_eq!((partition.epoch, partition.len(), partition.bytes()), (1, 0, 0));
}

#[test]
fn only_a_record_that_stands_first_may_be_oversized() {
    let now = Instant::now();
    let mut partition = partition(0..3, now);
    assert_eq!(partition.take(3, 1, false).len(), 0);
    assert_eq!(offsets(&partition.take(3, 1, true)), [0]);
    assert_eq!(offsets(&partition.take(3, 2 * partition.queue[0].size, true)), [1, 2]);
}
