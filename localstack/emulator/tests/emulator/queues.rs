//! SQS event source mappings on LocalStack's SQS.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use emulator::{Emulator, MappingState, QueueMappingStatus};
use serde_json::{Value, json};

use crate::support::aws::shared_sqs;
use crate::support::{Stand, reported};

/// A stand with one queue, which the function `echo` reads.
struct Line {
    stand: Stand,
    sqs: Client,
    url: String,
    resources: String,
}

impl Line {
    /// A queue whose messages come again after a second, read by a mapping with these properties.
    async fn start(is_fifo: bool, event: &str) -> Self {
        let endpoint = shared_sqs().to_owned();
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .build();
        let sqs = Client::from_conf(config);
        let name = format!(
            "q{}{}",
            uuid::Uuid::new_v4().simple(),
            if is_fifo { ".fifo" } else { "" }
        );
        let mut request = sqs
            .create_queue()
            .queue_name(&name)
            .attributes(QueueAttributeName::VisibilityTimeout, "1");
        if is_fifo {
            request = request.attributes(QueueAttributeName::FifoQueue, "true");
        }
        let url = request.send().await.unwrap().queue_url.unwrap();
        let mut stand = Stand::new();
        stand.queue_urls = BTreeMap::from([("Queue".to_owned(), url.clone())]);
        let fifo = if is_fifo { ", FifoQueue: true" } else { "" };
        let resources = format!(
            "  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {name}{fifo}}}}}\n  Echo:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties:\n      FunctionName: echo\n      Timeout: 20\n      Environment: {{Variables: {{INVOCATION_LOG: {log}, EVENT_FILE: {event_file}}}}}\n      Events:\n        Messages: {{Type: SQS, Properties: {{Queue: !GetAtt Queue.Arn, {event}}}}}\n",
            log = stand.file("invocations").display(),
            event_file = stand.file("event.json").display(),
        );
        Self {
            stand,
            sqs,
            url,
            resources,
        }
    }

    async fn emulator(&self) -> Emulator {
        self.stand.emulator(&self.resources).await
    }

    async fn send(&self, group: Option<&str>, body: &str) {
        let request = self.sqs.send_message().queue_url(&self.url).message_body(body);
        let id = group.map(|_| uuid::Uuid::new_v4().to_string());
        let request = request
            .set_message_group_id(group.map(str::to_owned))
            .set_message_deduplication_id(id);
        request.send().await.unwrap();
    }

    /// The labels that the function did, in order, repetitions included.
    fn done(&self) -> Vec<String> {
        let labels = |line: &Value| line["done"].as_array().cloned().unwrap_or_default();
        let labels = self.stand.invocations().iter().flat_map(labels).collect::<Vec<_>>();
        labels.iter().map(|label| label.as_str().unwrap().to_owned()).collect()
    }

    fn gate(&self) -> String {
        self.stand.file("gate").display().to_string()
    }
}

/// Waits until the mapping's status is as wanted.
async fn queue(emulator: &Emulator, what: &str, is_wanted: impl Fn(&QueueMappingStatus) -> bool) -> QueueMappingStatus {
    reported(emulator, what, |mut status| status.queue_mappings.remove(0), is_wanted).await
}

fn is_empty(status: &QueueMappingStatus) -> bool {
    (status.visible, status.hidden) == (Some(0), Some(0))
}

const REPORTING: &str = "FunctionResponseTypes: [ReportBatchItemFailures]";

#[tokio::test(flavor = "multi_thread")]
async fn messages_arrive_as_lambda_sends_them_and_are_deleted_when_done() {
    let line = Line::start(true, REPORTING).await;
    let attribute = |kind: &str| MessageAttributeValue::builder().data_type(kind);
    line.sqs
        .send_message()
        .queue_url(&line.url)
        .message_body("{\"rate\":1350.10}")
        .message_group_id("rates:USD")
        .message_deduplication_id("one")
        .message_attributes("text", attribute("String").string_value("h\u{e9}").build().unwrap())
        .message_attributes(
            "bytes",
            attribute("Binary")
                .binary_value(aws_sdk_sqs::primitives::Blob::new([0, 255]))
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    let emulator = line.emulator().await;
    let before = emulator.status().await.queue_mappings.remove(0);
    assert_eq!(
        (before.state, before.visible, before.hidden),
        (MappingState::Starting, Some(1), Some(0))
    );
    emulator.start_events().await.unwrap();
    let status = queue(&emulator, "it is done", |status| {
        status.batches == 1 && is_empty(status)
    })
    .await;
    assert_eq!((status.messages, status.failures), (1, 0));

    let text = std::fs::read_to_string(line.stand.file("event.json")).unwrap();
    let event: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(event.as_object().unwrap().keys().collect::<Vec<_>>(), ["Records"]);
    let record = &event["Records"][0];
    let attributes = record["attributes"].as_object().unwrap();
    for (name, value) in [
        ("ApproximateReceiveCount", "1"),
        ("MessageGroupId", "rates:USD"),
        ("MessageDeduplicationId", "one"),
        ("SenderId", "000000000000"),
    ] {
        assert_eq!(attributes[name], value, "{name}");
    }
    for name in ["SentTimestamp", "ApproximateFirstReceiveTimestamp", "SequenceNumber"] {
        assert!(
            attributes[name].as_str().unwrap().parse::<u128>().unwrap() > 1_600_000_000_000,
            "{name}"
        );
    }
    let arn = format!(
        "arn:aws:sqs:us-east-1:000000000000:{}",
        line.url.rsplit('/').next().unwrap()
    );
    assert_eq!(
        record,
        &json!({
            "messageId": record["messageId"], "receiptHandle": record["receiptHandle"], "body": "{\"rate\":1350.10}", "attributes": attributes,
            "messageAttributes": {
                "text": {"stringValue": "h\u{e9}", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
                "bytes": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"}
            },
            "md5OfBody": "39ebc1d9596297a5c9d19742ba6c0e40", "eventSource": "aws:sqs", "eventSourceARN": arn, "awsRegion": "us-east-1"
        })
    );
    assert!(record["messageId"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_waits_behind_its_failed_message_while_others_go_on() {
    let line = Line::start(true, REPORTING).await;
    let fail = format!("a2 fail:{}", line.gate());
    for (group, body) in [("a", "a1"), ("a", &fail), ("b", "b1"), ("a", "a3"), ("b", "b2")] {
        line.send(Some(group), body).await;
    }
    let emulator = line.emulator().await;
    emulator.start_events().await.unwrap();
    let status = queue(&emulator, "a2 and a3 fail twice", |status| status.failures >= 4).await;
    assert_eq!(status.state, MappingState::Retrying);
    assert!(status.last_error.unwrap().starts_with("the function could not do 2 of"));
    let first: Vec<Value> = line.stand.invocations()[0]["sent"].as_array().cloned().unwrap();
    assert_eq!(first.len(), 5, "several groups are in one batch");
    let mut done = line.done();
    done.sort();
    assert_eq!(done, ["a1", "b1", "b2"]);
    line.send(Some("a"), "a4").await;
    line.send(Some("b"), "b3").await;
    queue(&emulator, "group b goes on", |_| line.done().contains(&"b3".to_owned())).await;
    std::fs::write(line.gate(), "").unwrap();
    queue(&emulator, "all are done", is_empty).await;
    let of = |group: &str| {
        line.done()
            .into_iter()
            .filter(|label| label.starts_with(group))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("a"), ["a1", "a2", "a3", "a4"], "each once, in order");
    assert_eq!(of("b"), ["b1", "b2", "b3"], "each once, in order");
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_run_at_the_same_time_and_one_group_never_does() {
    let line = Line::start(true, "BatchSize: 1, ScalingConfig: {MaximumConcurrency: 3}").await;
    for number in 0..6 {
        for group in ["a", "b", "c"] {
            line.send(Some(group), &format!("{group}{number} sleep:100")).await;
        }
    }
    let emulator = line.emulator().await;
    emulator.start_events().await.unwrap();
    queue(&emulator, "all are done", is_empty).await;
    let mut runs: Vec<(u64, u64, String)> = Vec::new();
    for line in line.stand.invocations() {
        let time = |name: &str| line[name].as_u64().unwrap();
        runs.push((
            time("began"),
            time("ended"),
            line["sent"][0].as_str().unwrap().to_owned(),
        ));
    }
    runs.sort();
    let overlaps = |a: &(u64, u64, String), b: &(u64, u64, String)| a.0 < b.1 && b.0 < a.1;
    let pairs = || {
        runs.iter()
            .enumerate()
            .flat_map(|(place, a)| runs[place + 1..].iter().map(move |b| (a, b)))
    };
    assert!(
        pairs().any(|(a, b)| overlaps(a, b)),
        "nothing ran at the same time: {runs:?}"
    );
    for (a, b) in pairs().filter(|(a, b)| a.2[..1] == b.2[..1]) {
        assert!(!overlaps(a, b) && a.2 < b.2, "{a:?} {b:?}");
    }
    assert_eq!(runs.len(), 18);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_comes_again_when_the_function_fails_crashes_or_names_a_stranger() {
    for action in ["error", "crash", "name"] {
        let line = Line::start(
            false,
            &format!("{REPORTING}, BatchSize: 10, MaximumBatchingWindowInSeconds: 1"),
        )
        .await;
        let body = if action == "name" {
            "odd name:stranger".to_owned()
        } else {
            format!("odd {action}:{}", line.gate())
        };
        line.send(None, "good").await;
        line.send(None, &body).await;
        let emulator = line.emulator().await;
        emulator.start_events().await.unwrap();
        let status = queue(&emulator, "it comes again", |status| status.failures >= 4).await;
        let reason = status.last_error.unwrap();
        if action == "name" {
            assert!(reason.contains("\"stranger\", which was not sent"), "{reason}");
            let is_kept = queue(&emulator, "both are kept", |status| status.failures >= 6).await;
            assert_eq!((is_kept.visible.unwrap() + is_kept.hidden.unwrap()), 2);
        } else {
            std::fs::write(line.gate(), "").unwrap();
            // A message that comes back is counted nowhere for a moment, so an empty queue alone says little.
            queue(&emulator, "both are done", |status| {
                let done = line.done();
                is_empty(status) && ["good", "odd"].iter().all(|label| done.iter().any(|one| one == label))
            })
            .await;
            let mut done = line.done();
            done.sort();
            // At least once: on a busy machine a message comes again before its deletion.
            done.dedup();
            assert_eq!(done, ["good", "odd"]);
        }
        emulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_gathers_more_than_sqs_gives_at_once() {
    let line = Line::start(false, "BatchSize: 40, MaximumBatchingWindowInSeconds: 20").await;
    for number in 0..43 {
        line.send(None, &number.to_string()).await;
    }
    // Longer than the window: nothing comes again while messages are gathered.
    let longer = line
        .sqs
        .set_queue_attributes()
        .queue_url(&line.url)
        .attributes(QueueAttributeName::VisibilityTimeout, "120");
    longer.send().await.unwrap();
    let emulator = line.emulator().await;
    emulator.start_events().await.unwrap();
    // Full before the window is over; the rest waits for the end of a window of its own.
    queue(&emulator, "all are done", |status| {
        status.batches == 2 && is_empty(status)
    })
    .await;
    let sizes: Vec<usize> = line
        .stand
        .invocations()
        .iter()
        .map(|line| line["sent"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [40, 3]);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_is_not_enabled_reads_nothing() {
    let line = Line::start(false, "Enabled: false").await;
    line.send(None, "kept").await;
    let emulator = line.emulator().await;
    emulator.start_events().await.unwrap();
    let status = queue(&emulator, "it is disabled", |status| {
        status.state == MappingState::Disabled
    })
    .await;
    assert_eq!((status.visible, status.batches), (Some(1), 0));
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_received_while_the_emulator_ends_is_given_back() {
    let line = Line::start(false, "MaximumBatchingWindowInSeconds: 60, BatchSize: 100").await;
    let longer = line
        .sqs
        .set_queue_attributes()
        .queue_url(&line.url)
        .attributes(QueueAttributeName::VisibilityTimeout, "600");
    longer.send().await.unwrap();
    line.send(None, "one").await;
    let emulator = line.emulator().await;
    emulator.start_events().await.unwrap();
    queue(&emulator, "it is received", |status| status.hidden == Some(1)).await;
    emulator.shutdown().await;
    let received = line.sqs.receive_message().queue_url(&line.url).send().await.unwrap();
    assert_eq!(received.messages().len(), 1);
}
