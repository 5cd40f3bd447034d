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

fn offsets(records: &[PendingRecord]) -> Vec<i64> {
    records.iter().map(|pending| pending.record.offset).collect()
}

fn position(partition: &mut Partition) -> Option<i64> {
    partition.next_commit().map(|position| position.offset)
}

#[test]
fn nothing_is_committed_before_it_is_done() {
    let now = Instant::now();
    let mut partition = partition(10..20, now);
    assert_eq!(position(&mut partition), None);
    let taken = partition.take_unsent(5, usize::MAX, true);
    assert_eq!(position(&mut partition), None, "10 is with the function");
    partition.mark_idle();
    drop(taken);
    assert_eq!(position(&mut partition), Some(15));
    assert_eq!(position(&mut partition), None, "once is enough");
}

#[test]
fn the_lowest_record_that_is_not_done_holds_the_position() {
    let now = Instant::now();
    let mut partition = partition(10..20, now);
    let mut retry = RetryBatch::unsent(partition.take_unsent(8, usize::MAX, true), now);
    let done = retry.split_by(|pending| [12, 15].contains(&pending.record.offset));
    assert_eq!(done.len(), 6);
    partition.mark_idle();
    partition.requeue(retry);
    assert_eq!(position(&mut partition), Some(12));
    assert!(!partition.can_send_unsent(), "later records wait for those that failed");

    let mut retry = partition.take_retry().unwrap();
    assert_eq!(offsets(&retry.records), [12, 15]);
    assert_eq!(position(&mut partition), None);
    drop(retry.split_by(|pending| pending.record.offset == 15));
    partition.mark_idle();
    partition.requeue(retry);
    assert_eq!(position(&mut partition), Some(15));
    drop(partition.take_retry());
    partition.mark_idle();
    assert_eq!(position(&mut partition), Some(18));
    assert!(partition.can_send_unsent());
}

#[test]
fn halves_are_retried_in_order() {
    let now = Instant::now();
    let mut partition = partition(0..5, now);
    let mut first = RetryBatch::unsent(partition.take_unsent(5, usize::MAX, true), now);
    let second = first.split_off_half();
    partition.mark_idle();
    partition.requeue(second);
    partition.requeue(first);
    let mut order = Vec::new();
    while let Some(retry) = partition.take_retry() {
        order.push(offsets(&retry.records));
    }
    assert_eq!(order, [vec![0, 1, 2], vec![3, 4]]);
    assert_eq!(partition.buffered_bytes(), 0);
}

#[test]
fn records_that_the_filter_drops_are_done_when_all_before_them_are() {
    let now = Instant::now();
    let mut partition = Partition::default();
    partition.skip_filtered(&record(5));
    assert_eq!(position(&mut partition), Some(6));
    partition.push(record(6), now);
    partition.skip_filtered(&record(7));
    partition.skip_filtered(&record(8));
    assert_eq!(position(&mut partition), None, "6 is not done");
    drop(partition.take_unsent(1, usize::MAX, true));
    partition.skip_filtered(&record(9));
    assert_eq!(position(&mut partition), None, "6 is with the function");
    partition.mark_idle();
    assert_eq!(position(&mut partition), Some(10));
}

#[test]
fn a_partition_that_is_revoked_sends_nothing_more() {
    let now = Instant::now();
    let mut partition = partition(0..3, now);
    partition.is_revoking = true;
    assert!(!partition.can_send_unsent());
    partition.requeue(RetryBatch::unsent(Vec::new(), now));
    assert!(partition.next_retry().is_none());
    partition.reset();
    assert_eq!(
        (
            partition.assignment_epoch,
            partition.buffered_records(),
            partition.buffered_bytes()
        ),
        (1, 0, 0)
    );
}

#[test]
fn only_a_record_that_stands_first_may_be_oversized() {
    let now = Instant::now();
    let mut partition = partition(0..3, now);
    assert_eq!(partition.take_unsent(3, 1, false).len(), 0);
    assert_eq!(offsets(&partition.take_unsent(3, 1, true)), [0]);
    assert_eq!(
        offsets(&partition.take_unsent(3, 2 * partition.unsent[0].size, true)),
        [1, 2]
    );
}
