//! Kafka event source mappings on a real Kafka.

use emulator::{MappingState, PartialResponse};
use krafka::producer::Record;
use serde_json::{Value, json};

use crate::support::{Fixture, mapping, mapping_resources, send, topic};

const REPORTING: &str = "StartingPosition: TRIM_HORIZON, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [ReportBatchItemFailures]";

#[tokio::test(flavor = "multi_thread")]
async fn records_arrive_as_lambda_sends_them() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    let record = Record::new(&topic, b"{\"rate\":1350.10}".to_vec())
        .key(b"USD".to_vec())
        .header("ce_id", b"h\xc3\xa9".to_vec());
    for record in [record, Record::tombstone(&topic, b"EUR".to_vec())] {
        assert!(producer.send(record).await.unwrap().is_persisted());
    }

    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, REPORTING)).await;
    let before = emulator.status().await.mappings.remove(0);
    assert_eq!((before.state, before.lag), (MappingState::Starting, Some(2)));
    assert_eq!((before.partitions[0].committed, before.partitions[0].end), (None, 2));
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "both are committed", |status| status.lag == Some(0)).await;
    assert_eq!((status.records, status.batches, status.retries), (2, 1, 0));
    assert_eq!(status.partitions[0].committed, Some(2));

    let event: Value = serde_json::from_str(&std::fs::read_to_string(fixture.file("event.json")).unwrap()).unwrap();
    let records = &event["records"][format!("{topic}-0")];
    assert_eq!(event["eventSource"], "aws:kafka");
    assert_eq!(
        event["eventSourceArn"],
        "arn:aws:kafka:us-east-1:000000000000:cluster/c/1"
    );
    assert_eq!(event["bootstrapServers"], fixture.kafka);
    let time = records[0]["timestamp"].as_i64().unwrap();
    assert!(time > 1_600_000_000_000);
    assert_eq!(
        records[0],
        json!({"topic": topic, "partition": 0, "offset": 0, "timestamp": time, "timestampType": "CREATE_TIME",
            "key": "VVNE", "value": "eyJyYXRlIjoxMzUwLjEwfQ==", "headers": [{"ce_id": [104, -61, -87]}]})
    );
    assert_eq!((records[1].get("value"), &records[1]["key"]), (None, &json!("RVVS")));
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_names_all_it_has_not_done_is_right_under_both_readings() {
    for reading in [PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed] {
        a_partial_failure_stops_its_partition_alone(reading).await;
    }
}

async fn a_partial_failure_stops_its_partition_alone(reading: PartialResponse) {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 2).await;
    let gate = fixture.file("gate").display().to_string();
    let values = |count: usize| (0..count).map(|_| "ok".to_owned()).collect::<Vec<_>>();
    let mut first = values(10);
    first[4] = format!("fail:{gate}");
    send(&producer, &topic, 0, first).await;
    send(&producer, &topic, 1, values(5)).await;

    let resources = mapping_resources(&fixture, &topic, REPORTING);
    let emulator = fixture.emulator_reading(&resources, reading).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "partition 0 stops at 4", |status| {
        status.retries >= 2
            && status
                .partitions
                .iter()
                .map(|partition| partition.committed)
                .eq([Some(4), Some(5)])
    })
    .await;
    assert_eq!(status.state, MappingState::Retrying);
    assert_eq!((status.lag, status.partial_response), (Some(6), reading));
    send(&producer, &topic, 1, values(3)).await;
    mapping(&emulator, "partition 1 goes on", |status| {
        status.partitions[1].committed == Some(8)
    })
    .await;
    std::fs::write(&gate, "").unwrap();
    let status = mapping(&emulator, "partition 0 goes on", |status| status.lag == Some(0)).await;
    assert_eq!(status.state, MappingState::Running);
    assert_eq!(
        fixture.done(&format!("{topic}-0")),
        (0..10).collect::<Vec<_>>(),
        "each once, in order"
    );
    assert_eq!(
        fixture.done(&format!("{topic}-1")),
        (0..8).collect::<Vec<_>>(),
        "each once, in order"
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_function_fails_or_crashes_is_sent_again_and_not_committed_before() {
    for action in ["error", "crash", "garbage", "stranger"] {
        let fixture = Fixture::with_kafka();
        let (topic, producer) = topic(&fixture.kafka, 1).await;
        let gate = fixture.file("gate").display().to_string();
        send(
            &producer,
            &topic,
            0,
            ["ok".to_owned(), format!("{action}:{gate}"), "ok".to_owned()],
        )
        .await;
        let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, REPORTING)).await;
        emulator.start_events().await.unwrap();
        let status = mapping(&emulator, "it is tried again", |status| status.retries >= 3).await;
        assert_eq!((status.lag, status.partitions[0].committed), (Some(3), None));
        assert!(status.last_error.is_some());
        std::fs::write(&gate, "").unwrap();
        mapping(&emulator, "all are committed", |status| status.lag == Some(0)).await;
        assert_eq!(fixture.done(&format!("{topic}-0")), [0, 1, 2]);
        for invocation in fixture.invocations() {
            assert_eq!(
                invocation["sent"],
                json!({format!("{topic}-0"): [0, 1, 2]}),
                "the batch stays the same batch"
            );
        }
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_outlives_the_emulator_also_when_it_is_killed() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    send(&producer, &topic, 0, (0..3).map(|_| "ok".to_owned())).await;
    for (round, ends_in_order) in [(1, true), (2, false), (3, true)] {
        let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, REPORTING)).await;
        emulator.start_events().await.unwrap();
        mapping(&emulator, "all are done", |status| {
            status.partitions[0].committed == Some(3 * round)
        })
        .await;
        if ends_in_order {
            emulator.shutdown().await;
        } else {
            drop(emulator);
        }
        send(&producer, &topic, 0, (0..3).map(|_| "ok".to_owned())).await;
    }
    assert_eq!(fixture.done(&format!("{topic}-0")), (0..9).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn latest_starts_at_the_end_and_keeps_its_place() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    send(&producer, &topic, 0, ["old".to_owned()]).await;
    let event = REPORTING.replace("TRIM_HORIZON", "LATEST");
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, &event)).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "the start is committed", |status| {
        status.partitions[0].committed == Some(1)
    })
    .await;
    emulator.shutdown().await;
    send(&producer, &topic, 0, ["between".to_owned()]).await;
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, &event)).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "what came in between is done", |status| {
        status.lag == Some(0)
    })
    .await;
    assert_eq!(fixture.done(&format!("{topic}-0")), [1]);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_above_six_megabytes_is_sent_alone() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    send(
        &producer,
        &topic,
        0,
        ["ok".to_owned(), "x".repeat(5_000_000), "ok".to_owned()],
    )
    .await;
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, REPORTING)).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    let sent: Vec<Value> = fixture
        .invocations()
        .into_iter()
        .map(|line| line["sent"][format!("{topic}-0")].clone())
        .collect();
    assert!(sent.contains(&json!([1])), "{sent:?}");
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_comes_later_is_read() {
    let fixture = Fixture::with_kafka();
    let (other, producer) = topic(&fixture.kafka, 1).await;
    let late = format!("{other}-late");
    let emulator = fixture.emulator(&mapping_resources(&fixture, &late, REPORTING)).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "it says what is missing", |status| {
        status.state == MappingState::Disconnected
    })
    .await;
    assert!(status.lag.is_none() && status.last_error.is_some(), "{status:?}");
    let client = krafka::Kafka::builder(&fixture.kafka).connect().await.unwrap();
    let created = krafka::admin::NewTopic::new(&late, 1, 1).unwrap();
    client
        .admin()
        .create_topics([created], krafka::admin::CreateTopicsOptions::default())
        .await
        .unwrap();
    send(&producer, &late, 0, ["ok".to_owned()]).await;
    mapping(&emulator, "it is read", |status| status.lag == Some(0)).await;
    emulator.shutdown().await;
}
