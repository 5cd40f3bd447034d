//! Where records go that are given up: SQS, S3 and Kafka, in AWS's shape.

use emulator::{Emulator, EmulatorError, MappingStatus};
use krafka::producer::Record;
use serde_json::{Value, json};

use crate::support::aws::{bucket, make_bucket, messages, objects, queue, shared_sqs};
use crate::support::{Fixture, mapping, mapping_of, mapping_resources, read_topic, send, topic};

const REPORTING: &str = "StartingPosition: TRIM_HORIZON, MaximumBatchingWindowInSeconds: 0, MaximumRetryAttempts: 1, FunctionResponseTypes: [ReportBatchItemFailures], ProvisionedPollerConfig: {MinimumPollers: 1, MaximumPollers: 1}";
const QUEUE: &str = "  Letters: {Type: AWS::SQS::Queue}\n";
const TO_QUEUE: &str = "DestinationConfig: {OnFailure: {Destination: !GetAtt Letters.Arn}}";

async fn is_given_up(emulator: &Emulator, count: u64) -> MappingStatus {
    mapping(emulator, "they are given up", |status| {
        status.sent_to_destination == count && status.lag == Some(0)
    })
    .await
}

/// A time such as 2026-11-23T18:03:30.123Z.
fn is_time(value: &Value) -> bool {
    chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).is_ok() && value.as_str().unwrap().len() == 24
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_gets_the_offsets_and_not_the_records() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    let fails = || "fail:/nonexistent".to_owned();
    send(
        &producer,
        &topic,
        0,
        ["ok".to_owned(), fails(), "ok".to_owned(), fails()],
    )
    .await;
    let event = format!("{REPORTING}, {TO_QUEUE}");
    let resources = mapping_of(&fixture, &topic, "Timeout: 20", "NAMES: each", &event) + QUEUE;
    let url = queue().await;
    let mut options = fixture.options(&resources);
    options.deployment.queue_urls.insert("Letters".to_owned(), url.clone());
    let emulator = Emulator::start(options).await.unwrap();
    emulator.start_events().await.unwrap();
    let status = is_given_up(&emulator, 2).await;
    assert_eq!((status.discarded, status.batches), (2, 2));
    assert_eq!(fixture.done(&format!("{topic}-0")), [0, 2]);

    let [message] = messages(&url, 1).await.try_into().unwrap();
    let request = &message["requestContext"];
    assert_eq!(
        request["functionArn"],
        "arn:aws:lambda:us-east-1:000000000000:function:echo"
    );
    assert_eq!(request["condition"], "RetryAttemptsExhausted");
    assert_eq!(request["approximateInvokeCount"], 2);
    assert_eq!(request["requestId"].as_str().unwrap().len(), 36);
    assert_eq!(
        message["responseContext"],
        json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": null})
    );
    assert_eq!((&message["version"], message.get("payload")), (&json!("1.0"), None));
    assert!(is_time(&message["timestamp"]));
    let batch = &message["KafkaBatchInfo"];
    assert_eq!(
        (&batch["batchSize"], &batch["bootstrapServers"]),
        (&json!(2), &json!(fixture.kafka))
    );
    assert_eq!(
        batch["eventSourceArn"],
        "arn:aws:kafka:us-east-1:000000000000:cluster/c/1"
    );
    assert!(batch["payloadSize"].as_u64().unwrap() > 200);
    let info = &batch["recordsInfo"][format!("{topic}-0")];
    assert_eq!(
        (&info["firstRecordOffset"], &info["lastRecordOffset"]),
        (&json!("1"), &json!("3"))
    );
    assert!(is_time(&info["firstRecordTimestamp"]) && is_time(&info["lastRecordTimestamp"]));
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_gets_the_event_as_text() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    send(&producer, &topic, 0, ["ok".to_owned(), "error:/nonexistent".to_owned()]).await;
    let bucket = bucket().await;
    let event =
        format!("{REPORTING}, DestinationConfig: {{OnFailure: {{Type: S3, Destination: 'arn:aws:s3:::{bucket}'}}}}");
    let mut options = fixture.options(&mapping_resources(&fixture, &topic, &event));
    options.s3_endpoint = Some(shared_sqs().to_owned());
    let emulator = Emulator::start(options).await.unwrap();
    emulator.start_events().await.unwrap();
    let status = is_given_up(&emulator, 2).await;

    let [(key, object)] = objects(&bucket).await.try_into().unwrap();
    let today = chrono::Utc::now().format("%Y/%m/%d").to_string();
    let prefix = format!("aws/lambda/{}/", status.uuid);
    assert!(key.starts_with(&prefix), "{key}");
    // At midnight the day may have changed.
    assert!(
        key.starts_with(&format!("{prefix}{today}/")) || key.starts_with(&format!("{prefix}20")),
        "{key}"
    );
    let event: Value = serde_json::from_str(object["payload"].as_str().unwrap()).unwrap();
    let records = event["records"][format!("{topic}-0")].as_array().unwrap();
    assert_eq!((records.len(), &records[1]["offset"]), (2, &json!(1)));
    assert_eq!(event["eventSource"], "aws:kafka");
    assert_eq!(object["responseContext"]["functionError"], "Unhandled");
    assert_eq!(object["KafkaBatchInfo"]["batchSize"], 2);
    assert_eq!(
        object["KafkaBatchInfo"]["payloadSize"],
        object["payload"].as_str().unwrap().len()
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_gets_each_record_with_its_key() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    let (letters, _) = crate::support::topic(&fixture.kafka, 1).await;
    for key in [Some("USD"), None] {
        let record = Record::new(&topic, b"error:/nonexistent".to_vec()).header("ce_id", b"\xff".to_vec());
        let record = match key {
            Some(key) => record.key(key.as_bytes().to_vec()),
            None => record,
        };
        assert!(producer.send(record).await.unwrap().is_persisted());
    }
    let event = format!("{REPORTING}, DestinationConfig: {{OnFailure: {{Destination: 'kafka://{letters}'}}}}");
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, &event)).await;
    emulator.start_events().await.unwrap();
    is_given_up(&emulator, 2).await;

    let found = read_topic(&fixture.kafka, &letters, 2).await;
    let keys: Vec<Option<&str>> = found.iter().map(|(key, _)| key.as_deref()).collect();
    assert_eq!(keys, [Some("USD"), None]);
    for (offset, (_, value)) in found.iter().enumerate() {
        let request = &value["requestContext"];
        assert_eq!(request["condition"], "RetriesExhausted");
        assert_eq!(
            request["functionArn"],
            "arn:aws:lambda:us-east-1:000000000000:function:echo:$LATEST"
        );
        let batch = &value["KafkaBatchInfo"];
        assert_eq!((&batch["batchSize"], batch.get("recordsInfo")), (&json!(1), None));
        assert_eq!(batch["recordInfo"]["offset"], offset.to_string());
        assert!(is_time(&batch["recordInfo"]["timestamp"]));
        let records = &value["payload"]["records"][format!("{topic}-0")];
        assert_eq!(
            (records.as_array().unwrap().len(), &records[0]["offset"]),
            (1, &json!(offset))
        );
        assert_eq!(records[0]["headers"], json!([{"ce_id": [-1]}]));
    }
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_skipped_while_the_destination_cannot_be_written() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 2).await;
    send(&producer, &topic, 0, ["error:/nonexistent".to_owned()]).await;
    let name = format!("b{}", uuid::Uuid::new_v4().simple());
    let event = format!("{REPORTING}, DestinationConfig: {{OnFailure: {{Destination: 'arn:aws:s3:::{name}'}}}}");
    let mut options = fixture.options(&mapping_resources(&fixture, &topic, &event));
    options.s3_endpoint = Some(shared_sqs().to_owned());
    let emulator = Emulator::start(options).await.unwrap();
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "it says what is missing", |status| {
        status
            .last_error
            .as_deref()
            .is_some_and(|error| error.contains("NoSuchBucket"))
    })
    .await;
    assert_eq!(
        (status.lag, status.discarded, status.sent_to_destination),
        (Some(1), 0, 0)
    );
    send(&producer, &topic, 0, ["ok".to_owned()]).await;
    send(&producer, &topic, 1, ["ok".to_owned()]).await;
    let status = mapping(&emulator, "the other partition goes on", |status| {
        status.partitions[1].committed == Some(1)
    })
    .await;
    assert_eq!(status.partitions[0].committed, None, "what is behind it waits");
    make_bucket(&name).await;
    is_given_up(&emulator, 1).await;
    assert_eq!(objects(&name).await.len(), 1);
    assert_eq!(fixture.done(&format!("{topic}-0")), [1]);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_and_oversized_records_go_to_the_destination_without_an_invocation() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    let an_hour_ago = chrono::Utc::now().timestamp_millis() - 3_600_000;
    let old = Record::new(&topic, b"ok".to_vec()).partition(0).timestamp(an_hour_ago);
    assert!(producer.send(old).await.unwrap().is_persisted());
    send(&producer, &topic, 0, ["x".repeat(5_000_000), "ok".to_owned()]).await;
    let event = format!("{REPORTING}, MaximumRecordAgeInSeconds: 600, {TO_QUEUE}");
    let resources = mapping_resources(&fixture, &topic, &event) + QUEUE;
    let url = queue().await;
    let mut options = fixture.options(&resources);
    options.deployment.queue_urls.insert("Letters".to_owned(), url.clone());
    let emulator = Emulator::start(options).await.unwrap();
    emulator.start_events().await.unwrap();
    is_given_up(&emulator, 2).await;
    let mut found: Vec<(String, String)> = messages(&url, 2)
        .await
        .iter()
        .map(|message| {
            assert_eq!(message["responseContext"], Value::Null);
            assert_eq!(message["requestContext"]["approximateInvokeCount"], 0);
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let info = &message["KafkaBatchInfo"]["recordsInfo"][format!("{topic}-0")];
            (
                text(&info["firstRecordOffset"]),
                text(&message["requestContext"]["condition"]),
            )
        })
        .collect();
    found.sort();
    let expected = [("0", "RecordAgeExceeded"), ("1", "MaximumPayloadSizeExceeded")];
    assert_eq!(
        found,
        expected.map(|(offset, condition)| (offset.to_owned(), condition.to_owned()))
    );
    assert_eq!(fixture.done(&format!("{topic}-0")), [2]);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_cannot_be_found_is_refused_at_the_start() {
    let fixture = Fixture::new();
    let start = async |event: &str| {
        let options = fixture.options(&mapping_resources(&fixture, "rates", &format!("{REPORTING}, {event}")));
        match Emulator::start(options).await {
            Err(error @ EmulatorError::Destination { .. }) => error.to_string(),
            other => panic!("{:?}", other.map(drop)),
        }
    };
    assert_eq!(
        start("DestinationConfig: {OnFailure: {Destination: 'arn:aws:sqs:us-east-1:1:other'}}").await,
        "mapping EchoRecords: destination arn:aws:sqs:us-east-1:1:other cannot be used: it must be a queue of this template"
    );
    assert_eq!(
        start("DestinationConfig: {OnFailure: {Destination: 'arn:aws:s3:::letters'}}").await,
        "mapping EchoRecords: destination letters cannot be used: a bucket needs the address of an S3 endpoint"
    );
}
