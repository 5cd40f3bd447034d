//! How many invocations one poller has at the same time, and what they do to each other.

use emulator::PartialResponse;

use crate::support::{Fixture, assert_done_in_order, mapping, mapping_of, most_at_once, send, topic};

const PROVISIONED: &str = "ProvisionedPollerConfig: {MinimumPollers: 1, MaximumPollers: 1}";

fn event(more: &str) -> String {
    format!(
        "StartingPosition: TRIM_HORIZON, BatchSize: 2, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [ReportBatchItemFailures], {more}"
    )
}

/// Sends `count` records to each partition; the function sleeps for each.
async fn fill(fixture: &Fixture, partitions: i32, count: usize, value: &str) -> String {
    let (topic, producer) = topic(&fixture.kafka, partitions).await;
    for partition in 0..partitions {
        send(&producer, &topic, partition, (0..count).map(|_| value.to_owned())).await;
    }
    topic
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provisioned_poller_reaches_five_invocations_and_never_has_six() {
    for reading in [PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed] {
        let fixture = Fixture::with_kafka();
        let topic = fill(&fixture, 8, 12, "sleep:40").await;
        let resources = mapping_of(&fixture, &topic, "Timeout: 20", "NAMES: default", &event(PROVISIONED));
        let emulator = fixture.emulator_reading(&resources, reading).await;
        emulator.start_events().await.unwrap();
        let status = mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
        assert!(
            status
                .partitions
                .iter()
                .all(|partition| partition.committed == Some(12))
        );
        assert_eq!((status.pollers, status.retries, status.throttles), (1, 0, 0));
        assert_eq!(most_at_once(&fixture), 5);
        for partition in 0..8 {
            // Nobody else reads, so nothing comes twice, and no partition is in two invocations: its records would not be in order.
            assert_eq!(
                fixture.done(&format!("{topic}-{partition}")),
                (0..12).collect::<Vec<_>>()
            );
        }
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_alone_has_one_invocation_at_a_time() {
    let fixture = Fixture::with_kafka();
    let topic = fill(&fixture, 1, 12, "sleep:30").await;
    let resources = mapping_of(&fixture, &topic, "Timeout: 20", "NAMES: default", &event(PROVISIONED));
    let emulator = fixture.emulator(&resources).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    assert_eq!(most_at_once(&fixture), 1);
    assert_eq!(fixture.done(&format!("{topic}-0")), (0..12).collect::<Vec<_>>());
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_provisioned_pollers_there_is_one_invocation_at_a_time() {
    let fixture = Fixture::with_kafka();
    let topic = fill(&fixture, 6, 4, "sleep:20").await;
    let resources = mapping_of(&fixture, &topic, "Timeout: 20", "NAMES: default", &event(""));
    let emulator = fixture.emulator(&resources).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    assert_eq!(most_at_once(&fixture), 1);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_fails_or_hangs_holds_up_no_other() {
    for reading in [PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed] {
        let fixture = Fixture::with_kafka();
        let (topic, producer) = topic(&fixture.kafka, 5).await;
        let gate = fixture.file("gate").display().to_string();
        for (partition, first) in ["fail", "error", "crash", "hang", "garbage"].into_iter().enumerate() {
            let partition = i32::try_from(partition).unwrap();
            let mut values = vec!["ok".to_owned(); 10];
            // 0 and 1 are one batch; what fails is in the second.
            values[3] = format!("{first}:{gate}");
            send(&producer, &topic, partition, values).await;
        }
        let function = "Timeout: 2";
        let resources = mapping_of(&fixture, &topic, function, "NAMES: default", &event(PROVISIONED));
        let emulator = fixture.emulator_reading(&resources, reading).await;
        emulator.start_events().await.unwrap();
        // Each stops at its own record, whatever becomes of the others; `fail` names its record alone, behind one that is done.
        let stopped = [3, 2, 2, 2, 2].map(Some);
        mapping(&emulator, "each stops where it fails", |status| {
            let committed: Vec<_> = status.partitions.iter().map(|partition| partition.committed).collect();
            status.retries >= 10 && committed == stopped
        })
        .await;
        assert!(most_at_once(&fixture) <= 5);
        std::fs::write(&gate, "").unwrap();
        mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
        for partition in 0..5 {
            assert_done_in_order(&fixture, &format!("{topic}-{partition}"), 10);
        }
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reserved_concurrency_bounds_the_invocations_and_loses_nothing() {
    let fixture = Fixture::with_kafka();
    let topic = fill(&fixture, 6, 6, "sleep:20").await;
    let function = "Timeout: 20\n      ReservedConcurrentExecutions: 2";
    let resources = mapping_of(&fixture, &topic, function, "NAMES: default", &event(PROVISIONED));
    let emulator = fixture.emulator(&resources).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    assert_eq!(most_at_once(&fixture), 2);
    for partition in 0..6 {
        assert_eq!(
            fixture.done(&format!("{topic}-{partition}")),
            (0..6).collect::<Vec<_>>()
        );
    }
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_throttled_comes_again_and_costs_no_attempt() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 3).await;
    for partition in 0..3 {
        // Longer than an invocation waits for a free instance.
        send(&producer, &topic, partition, ["sleep:11000".to_owned()]).await;
    }
    let function = "Timeout: 20\n      ReservedConcurrentExecutions: 1";
    let more = format!("{PROVISIONED}, MaximumRetryAttempts: 0");
    let resources = mapping_of(
        &fixture,
        &topic,
        function,
        "NAMES: default",
        &event(&more).replace("BatchSize: 2", "BatchSize: 1"),
    );
    let emulator = fixture.emulator(&resources).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    assert!(status.throttles >= 2, "{status:?}");
    assert_eq!((status.discarded, most_at_once(&fixture)), (0, 1));
    for partition in 0..3 {
        assert_eq!(fixture.done(&format!("{topic}-{partition}")), [0]);
    }
    emulator.shutdown().await;
}
