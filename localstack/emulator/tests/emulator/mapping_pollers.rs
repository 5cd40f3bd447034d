//! Several pollers of one mapping: who reads what, while they come and go.

use std::collections::BTreeMap;

use emulator::PartialResponse;

use crate::support::{Fixture, assert_done_in_order, mapping, mapping_of, send, topic};

fn event(least: usize, most: usize) -> String {
    format!(
        "StartingPosition: TRIM_HORIZON, BatchSize: 2, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [ReportBatchItemFailures], ProvisionedPollerConfig: {{MinimumPollers: {least}, MaximumPollers: {most}}}"
    )
}

fn resources(fixture: &Fixture, topic: &str, event: &str) -> String {
    mapping_of(fixture, topic, "Timeout: 20", "NAMES: default", event)
}

/// When each invocation of a partition began and ended.
fn spans(fixture: &Fixture) -> BTreeMap<String, Vec<(u64, u64)>> {
    let mut spans: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for line in fixture.invocations() {
        let span = (line["began"].as_u64().unwrap(), line["ended"].as_u64().unwrap());
        for partition in line["sent"].as_object().unwrap().keys() {
            spans.entry(partition.clone()).or_default().push(span);
        }
    }
    spans
}

fn overlap(first: (u64, u64), second: (u64, u64)) -> bool {
    first.0 < second.1 && second.0 < first.1
}

/// No partition was in two invocations at a time; whether two partitions were is told.
fn check_spans(fixture: &Fixture) -> bool {
    let spans = spans(fixture);
    for (partition, list) in &spans {
        let mut list = list.clone();
        list.sort_unstable();
        for pair in list.windows(2) {
            assert!(
                !overlap(pair[0], pair[1]),
                "{partition} was in two invocations at a time: {pair:?}"
            );
        }
    }
    let lists: Vec<_> = spans.values().collect();
    lists.iter().enumerate().any(|(index, first)| {
        lists[index + 1..].iter().any(|second| {
            first
                .iter()
                .any(|one| second.iter().any(|two| one != two && overlap(*one, *two)))
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn pollers_share_the_partitions_and_invoke_at_the_same_time() {
    for reading in [PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed] {
        let fixture = Fixture::with_kafka();
        let (topic, producer) = topic(&fixture.kafka, 3).await;
        let emulator = fixture
            .emulator_reading(&resources(&fixture, &topic, &event(3, 3)), reading)
            .await;
        emulator.start_events().await.unwrap();
        mapping(&emulator, "three poll", |status| status.pollers == 3).await;
        for partition in 0..3 {
            send(&producer, &topic, partition, (0..20).map(|_| "sleep:20".to_owned())).await;
        }
        mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
        for partition in 0..3 {
            // A batch comes again when its partition moves to the poller that came last.
            assert_done_in_order(&fixture, &format!("{topic}-{partition}"), 20);
        }
        check_spans(&fixture);
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pollers_come_with_lag_and_go_without_and_lose_nothing_on_the_way() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 3).await;
    for partition in 0..3 {
        send(&producer, &topic, partition, (0..75).map(|_| "sleep:200".to_owned())).await;
    }
    let emulator = fixture.emulator(&resources(&fixture, &topic, &event(1, 9))).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "there are three", |status| status.pollers == 3).await;
    assert!(status.lag.is_none_or(|lag| lag > 0), "{status:?}");
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    mapping(&emulator, "one is left, never more than partitions before", |status| {
        assert!(status.pollers <= 3, "{status:?}");
        status.pollers == 1
    })
    .await;
    send(&producer, &topic, 1, ["ok".to_owned()]).await;
    mapping(&emulator, "it reads all partitions", |status| status.lag == Some(0)).await;
    for (partition, count) in [(0, 75), (1, 76), (2, 75)] {
        assert_done_in_order(&fixture, &format!("{topic}-{partition}"), count);
    }
    assert!(
        check_spans(&fixture),
        "invocations of different partitions run at the same time"
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_fail_do_not_get_lost_when_partitions_move() {
    for reading in [PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed] {
        let fixture = Fixture::with_kafka();
        let (topic, producer) = topic(&fixture.kafka, 2).await;
        let gate = fixture.file("gate").display().to_string();
        for partition in 0..2 {
            let mut values: Vec<String> = (0..60).map(|_| "sleep:100".to_owned()).collect();
            values[5] = format!("fail:{gate}");
            send(&producer, &topic, partition, values).await;
        }
        let emulator = fixture
            .emulator_reading(&resources(&fixture, &topic, &event(2, 2)), reading)
            .await;
        emulator.start_events().await.unwrap();
        mapping(&emulator, "both stop at 5", |status| {
            status.pollers == 2 && status.partitions.iter().all(|partition| partition.committed == Some(5))
        })
        .await;
        std::fs::write(&gate, "").unwrap();
        mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
        for partition in 0..2 {
            assert_done_in_order(&fixture, &format!("{topic}-{partition}"), 60);
        }
        check_spans(&fixture);
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_emulator_is_followed_by_one_that_goes_on_in_its_place() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 4).await;
    let resources = resources(&fixture, &topic, &event(2, 2));
    for round in 1..=3 {
        for partition in 0..4 {
            send(&producer, &topic, partition, (0..5).map(|_| "ok".to_owned())).await;
        }
        let emulator = fixture.emulator(&resources).await;
        emulator.start_events().await.unwrap();
        mapping(&emulator, "all are done", |status| {
            status.pollers == 2
                && status
                    .partitions
                    .iter()
                    .all(|partition| partition.committed == Some(5 * round))
        })
        .await;
        // Killed: nobody leaves the group.
        drop(emulator);
    }
    // The second poller of an emulator may take a partition over from the first before a batch is committed.
    for partition in 0..4 {
        assert_done_in_order(&fixture, &format!("{topic}-{partition}"), 15);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mappings_in_one_group_share_the_partitions_and_say_so() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 2).await;
    let first = resources(&fixture, &topic, &event(1, 1));
    let second = first
        .replace("  Echo:", "  Other:")
        .replace("FunctionName: echo", "FunctionName: other")
        .replace(
            &fixture.file("invocations").display().to_string(),
            &fixture.file("others").display().to_string(),
        );
    let emulator = fixture.emulator(&(first + &second)).await;
    let warned = emulator.status().await.mappings;
    assert_eq!(
        warned[0].warnings,
        [format!(
            "group group.{topic} is also that of OtherRecords: they share the partitions, and each gets a part of the records"
        )]
    );
    assert_ne!(warned[0].uuid, warned[1].uuid);
    emulator.start_events().await.unwrap();
    // Until both have joined, one may read both partitions.
    let has_both = || {
        std::fs::read_to_string(fixture.file("others")).is_ok_and(|text| !text.is_empty())
            && !fixture.invocations().is_empty()
    };
    let mut sent = 0;
    while !has_both() {
        assert!(sent < 400, "one mapping reads nothing");
        for partition in 0..2 {
            send(&producer, &topic, partition, ["ok".to_owned()]).await;
        }
        sent += 1;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    emulator.shutdown().await;
}
