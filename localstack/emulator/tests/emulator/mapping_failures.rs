//! What becomes of records that fail: retries, age, bisection, throttling, time-outs.

use std::collections::BTreeSet;

use emulator::PartialResponse;
use krafka::producer::Record;
use serde_json::json;

use crate::support::{Fixture, eventually, mapping, mapping_of, mapping_resources, send, topic};

const BOTH: [PartialResponse; 2] = [PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed];
const REPORTING: &str = "StartingPosition: TRIM_HORIZON, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [ReportBatchItemFailures], ProvisionedPollerConfig: {MinimumPollers: 1, MaximumPollers: 1}";

fn ok(count: usize) -> Vec<String> {
    vec!["ok".to_owned(); count]
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_end_where_the_template_says_and_the_next_records_go_on() {
    for reading in BOTH {
        for action in ["fail", "error"] {
            let fixture = Fixture::with_kafka();
            let (topic, producer) = topic(&fixture.kafka, 1).await;
            let values = ["ok".to_owned(), format!("{action}:/nonexistent"), "ok".to_owned()];
            send(&producer, &topic, 0, values).await;
            let event = format!("{REPORTING}, MaximumRetryAttempts: 2");
            let resources = mapping_resources(&fixture, &topic, &event);
            let emulator = fixture.emulator_reading(&resources, reading).await;
            emulator.start_events().await.unwrap();
            let status = mapping(&emulator, "the rest is given up", |status| status.lag == Some(0)).await;
            let given_up = if action == "fail" { 2 } else { 3 };
            assert_eq!(
                (status.discarded, status.batches, status.sent_to_destination),
                (given_up, 3, 0)
            );
            send(&producer, &topic, 0, ok(1)).await;
            mapping(&emulator, "the next is done", |status| {
                status.partitions[0].committed == Some(4)
            })
            .await;
            assert_eq!(fixture.done(&format!("{topic}-0")).last(), Some(&3));
            emulator.shutdown().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bisected_batch_isolates_the_record_that_fails() {
    for reading in BOTH {
        let fixture = Fixture::with_kafka();
        let (topic, producer) = topic(&fixture.kafka, 1).await;
        let mut values = ok(8);
        values[5] = "error:/nonexistent".to_owned();
        send(&producer, &topic, 0, values).await;
        let event = format!("{REPORTING}, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1");
        let resources = mapping_resources(&fixture, &topic, &event);
        let emulator = fixture.emulator_reading(&resources, reading).await;
        emulator.start_events().await.unwrap();
        let status = mapping(&emulator, "all are done or given up", |status| status.lag == Some(0)).await;
        assert_eq!((status.discarded, status.bisections), (1, 3));
        let partition = format!("{topic}-0");
        assert_eq!(
            fixture.sent(&partition),
            [
                vec![0, 1, 2, 3, 4, 5, 6, 7],
                vec![0, 1, 2, 3],
                vec![4, 5, 6, 7],
                vec![4, 5],
                vec![4],
                vec![5],
                vec![5],
                vec![6, 7]
            ],
            "halves in order; splitting uses up no attempt"
        );
        assert_eq!(fixture.done(&partition), [0, 1, 2, 3, 4, 6, 7]);
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bisected_batch_of_several_partitions_fails_nobody_else() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 3).await;
    for partition in 0..3 {
        let value = if partition == 1 { "error:/nonexistent" } else { "ok" };
        send(&producer, &topic, partition, [value.to_owned()]).await;
    }
    let event = format!("{REPORTING}, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 0")
        .replace("MaximumBatchingWindowInSeconds: 0", "MaximumBatchingWindowInSeconds: 1");
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, &event)).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "one is given up", |status| status.lag == Some(0)).await;
    assert_eq!(status.discarded, 1);
    let done: Vec<Vec<i64>> = (0..3)
        .map(|partition| fixture.done(&format!("{topic}-{partition}")))
        .collect();
    assert_eq!(done, [vec![0], vec![], vec![0]]);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_too_old_are_given_up_before_and_between_attempts() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    let now = chrono::Utc::now().timestamp_millis();
    // Two are too old already; one becomes so while it is tried again.
    let ages_and_values = [
        (3_600_000, "ok"),
        (0, "ok"),
        (90_000, "ok"),
        (52_000, "fail:/nonexistent"),
        (0, "ok"),
    ];
    for (age, value) in ages_and_values {
        let record = Record::new(&topic, value.as_bytes().to_vec())
            .partition(0)
            .timestamp(now - age);
        assert!(producer.send(record).await.unwrap().is_persisted());
    }
    let event = format!("{REPORTING}, MaximumRecordAgeInSeconds: 60");
    let resources = mapping_of(&fixture, &topic, "Timeout: 20", "NAMES: each", &event);
    let emulator = fixture.emulator(&resources).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "none is left", |status| status.lag == Some(0)).await;
    assert_eq!(status.discarded, 3);
    assert!(status.retries >= 1, "{status:?}");
    let partition = format!("{topic}-0");
    assert_eq!(fixture.done(&partition), [1, 4]);
    assert_eq!(fixture.sent(&partition)[0], [1, 3, 4]);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_too_long_fails_its_batch() {
    for reading in BOTH {
        let fixture = Fixture::with_kafka();
        let (topic, producer) = topic(&fixture.kafka, 1).await;
        let gate = fixture.file("gate").display().to_string();
        send(&producer, &topic, 0, ["ok".to_owned(), format!("hang:{gate}")]).await;
        let resources = mapping_of(&fixture, &topic, "Timeout: 1", "NAMES: default", REPORTING);
        let emulator = fixture.emulator_reading(&resources, reading).await;
        emulator.start_events().await.unwrap();
        let status = mapping(&emulator, "it is tried again", |status| status.retries >= 1).await;
        assert!(status.last_error.unwrap().contains("timed out after 1.00 seconds"));
        assert_eq!(status.partitions[0].committed, None);
        std::fs::write(&gate, "").unwrap();
        mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
        assert_eq!(fixture.done(&format!("{topic}-0")), [0, 1]);
        assert!(emulator.status().await.functions[0].timeouts >= 1);
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_without_concurrency_costs_no_attempt() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    send(&producer, &topic, 0, ok(3)).await;
    let event = format!("{REPORTING}, MaximumRetryAttempts: 0, BisectBatchOnFunctionError: true");
    let function = "Timeout: 20\n      ReservedConcurrentExecutions: 0";
    let emulator = fixture
        .emulator(&mapping_of(&fixture, &topic, function, "NAMES: default", &event))
        .await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "it is refused again and again", |status| {
        status.throttles >= 3
    })
    .await;
    assert_eq!((status.lag, status.discarded, status.bisections), (Some(3), 0, 0));
    assert_eq!(status.last_error.unwrap(), "echo already runs 0 invocations, its limit");
    emulator.shutdown().await;
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, &event)).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    assert_eq!(fixture.done(&format!("{topic}-0")), [0, 1, 2]);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_in_the_middle_of_a_batch_costs_no_record() {
    for reading in BOTH {
        let fixture = Fixture::with_kafka();
        let (topic, producer) = topic(&fixture.kafka, 2).await;
        let gate = fixture.file("gate").display().to_string();
        for partition in 0..2 {
            let mut values = ok(5);
            values[3] = format!("crash:{gate}");
            send(&producer, &topic, partition, values).await;
        }
        let resources = mapping_resources(&fixture, &topic, REPORTING);
        let emulator = fixture.emulator_reading(&resources, reading).await;
        emulator.start_events().await.unwrap();
        mapping(&emulator, "it crashes again and again", |status| status.retries >= 3).await;
        std::fs::write(&gate, "").unwrap();
        mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
        for partition in 0..2 {
            assert_eq!(
                fixture.done(&format!("{topic}-{partition}")),
                (0..5).collect::<Vec<_>>()
            );
        }
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_a_filter_drops_are_committed_and_never_sent() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    let gate = fixture.file("gate").display().to_string();
    let value = |code: &str, action: &str| json!({"currency_code": code, "rate": 1.5, "do": action}).to_string();
    let values = [
        value("USD", "ok"),
        value("JPY", "ok"),
        value("EUR", &format!("error:{gate}")),
        value("JPY", "ok"),
        "plain text is of another format".to_owned(),
        value("JPY", "ok"),
        value("JPY", "ok"),
    ];
    send(&producer, &topic, 0, values).await;
    let pattern = |code: &str| format!(r#"{{Pattern: '{{"value": {{"currency_code": ["{code}"]}}}}'}}"#);
    let event = format!(
        "{REPORTING}, FilterCriteria: {{Filters: [{}, {}]}}",
        pattern("USD"),
        pattern("EUR")
    );
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, &event)).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "the batch fails", |status| status.retries >= 2).await;
    assert_eq!(status.partitions[0].committed, None, "0 is not done");
    std::fs::write(&gate, "").unwrap();
    let status = mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    assert_eq!((status.filtered, status.discarded), (4, 0));
    assert_eq!(fixture.done(&format!("{topic}-0")), [0, 2, 4]);
    // A topic of nothing but records that are dropped leaves no lag either.
    send(&producer, &topic, 0, [value("JPY", "ok")]).await;
    let status = mapping(&emulator, "it is committed", |status| {
        status.partitions[0].committed == Some(8)
    })
    .await;
    assert_eq!(status.filtered, 5);
    let seen: BTreeSet<i64> = fixture.sent(&format!("{topic}-0")).into_iter().flatten().collect();
    assert_eq!(seen, [0, 2, 4].into());
    eventually("the log is written", || !fixture.invocations().is_empty()).await;
    emulator.shutdown().await;
}
