//! The two readings of a partial batch response, where they differ.

use emulator::{MappingState, PartialResponse};

use crate::support::{Stand, mapping, mapping_of, send, topic};

const REPORTING: &str = "StartingPosition: TRIM_HORIZON, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [ReportBatchItemFailures], ProvisionedPollerConfig: {MinimumPollers: 1, MaximumPollers: 1}";

fn ok(count: usize) -> Vec<String> {
    vec!["ok".to_owned(); count]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_named_records_come_again() {
    let stand = Stand::with_kafka();
    let (topic, producer) = topic(&stand.kafka, 1).await;
    let gate = stand.file("gate").display().to_string();
    let mut values = ok(10);
    values[3] = format!("fail:{gate}");
    values[6] = format!("fail:{gate}");
    send(&producer, &topic, 0, values).await;
    let resources = mapping_of(&stand, &topic, "Timeout: 20", "NAMES: each", REPORTING);
    let emulator = stand.emulator_reading(&resources, PartialResponse::OnlyNamed).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "two come again", |status| {
        status.retries >= 2 && status.partitions[0].committed == Some(3)
    })
    .await;
    assert_eq!(
        (status.state, status.lag),
        (MappingState::Retrying, Some(7)),
        "what is behind the lowest unfinished record is not committed"
    );
    send(&producer, &topic, 0, ok(2)).await;
    std::fs::write(&gate, "").unwrap();
    mapping(&emulator, "all are done", |status| {
        status.partitions[0].committed == Some(12)
    })
    .await;
    let partition = format!("{topic}-0");
    let sent = stand.sent(&partition);
    assert_eq!(sent[0], (0..10).collect::<Vec<_>>());
    let (again, last) = sent[1..].split_at(sent.len() - 2);
    assert!(again.iter().all(|offsets| *offsets == [3, 6]), "{again:?}");
    assert_eq!(last, [[10, 11]], "later records wait for those that failed");
    assert_eq!(
        stand.done(&partition),
        [0, 1, 2, 4, 5, 7, 8, 9, 3, 6, 10, 11],
        "each once"
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_goes_on_from_the_first_named_record() {
    let stand = Stand::with_kafka();
    let (topic, producer) = topic(&stand.kafka, 1).await;
    let gate = stand.file("gate").display().to_string();
    let mut values = ok(10);
    values[3] = format!("fail:{gate}");
    values[6] = format!("fail:{gate}");
    send(&producer, &topic, 0, values).await;
    let resources = mapping_of(&stand, &topic, "Timeout: 20", "NAMES: first", REPORTING);
    let emulator = stand
        .emulator_reading(&resources, PartialResponse::FromFirstNamed)
        .await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "the rest comes again", |status| {
        status.retries >= 2 && status.partitions[0].committed == Some(3)
    })
    .await;
    std::fs::write(&gate, "").unwrap();
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    let partition = format!("{topic}-0");
    let sent = stand.sent(&partition);
    assert!(
        sent[1..].iter().all(|offsets| *offsets == [3, 4, 5, 6, 7, 8, 9]),
        "{sent:?}"
    );
    assert_eq!(
        stand.done(&partition),
        (0..10).collect::<Vec<_>>(),
        "each once, in order"
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_stops_at_the_first_failure_loses_the_rest_when_only_named_records_count() {
    let stand = Stand::with_kafka();
    let (topic, producer) = topic(&stand.kafka, 1).await;
    let gate = stand.file("gate").display().to_string();
    let mut values = ok(6);
    values[2] = format!("fail:{gate}");
    send(&producer, &topic, 0, values).await;
    let resources = mapping_of(&stand, &topic, "Timeout: 20", "NAMES: first", REPORTING);
    let emulator = stand.emulator_reading(&resources, PartialResponse::OnlyNamed).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "it comes again", |status| status.retries >= 2).await;
    std::fs::write(&gate, "").unwrap();
    mapping(&emulator, "all count as done", |status| status.lag == Some(0)).await;
    assert_eq!(
        stand.done(&format!("{topic}-0")),
        [0, 1, 2],
        "the trap that the documentation warns of: 3, 4 and 5 were never done"
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_an_unfinished_record_comes_again_after_a_restart() {
    let stand = Stand::with_kafka();
    let (topic, producer) = topic(&stand.kafka, 1).await;
    let gate = stand.file("gate").display().to_string();
    let mut values = ok(5);
    values[2] = format!("fail:{gate}");
    send(&producer, &topic, 0, values).await;
    let resources = mapping_of(&stand, &topic, "Timeout: 20", "NAMES: each", REPORTING);
    let emulator = stand.emulator(&resources).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "2 fails", |status| {
        status.retries >= 1 && status.partitions[0].committed == Some(2)
    })
    .await;
    emulator.shutdown().await;
    std::fs::write(&gate, "").unwrap();
    let emulator = stand.emulator(&resources).await;
    emulator.start_events().await.unwrap();
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    assert_eq!(
        stand.done(&format!("{topic}-0")),
        [0, 1, 3, 4, 2, 3, 4],
        "at least once"
    );
    emulator.shutdown().await;
}
