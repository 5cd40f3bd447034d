//! Pausing and resuming a mapping: `Enabled` in the template, and over Lambda's API.

use emulator::{Emulator, MappingState};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Fixture, mapping, mapping_resources, send, topic};

const REPORTING: &str = "StartingPosition: TRIM_HORIZON, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [ReportBatchItemFailures], ProvisionedPollerConfig: {MinimumPollers: 1, MaximumPollers: 2}";

async fn serve(emulator: &Emulator) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = emulator.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/2015-03-31/event-source-mappings")
}

async fn put(url: &str, body: &Value) -> (StatusCode, Value) {
    let answer = reqwest::Client::new()
        .put(url)
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn members(fixture: &Fixture, group: &str) -> usize {
    let client = krafka::Kafka::builder(&fixture.kafka).connect().await.unwrap();
    let options = krafka::admin::DescribeConsumerGroupsOptions::default();
    let mut groups = client.admin().describe_consumer_groups([group], options).await.unwrap();
    groups.remove(group).unwrap().unwrap().members.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_mapping_commits_leaves_its_group_and_goes_on_where_it_stopped() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    let ok = |count: usize| (0..count).map(|_| "ok".to_owned());
    send(&producer, &topic, 0, ok(3)).await;
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, REPORTING)).await;
    let url = serve(&emulator).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "three are done", |status| status.lag == Some(0)).await;
    let one = format!("{url}/{}", status.uuid);
    let group = format!("group.{topic}");
    assert_eq!(members(&fixture, &group).await, 1);

    let (code, answer) = put(&one, &json!({"Enabled": false})).await;
    assert_eq!(
        (code, answer["UUID"].as_str().unwrap()),
        (StatusCode::ACCEPTED, status.uuid.as_str())
    );
    assert!(
        answer["State"] == "Disabling" || answer["State"] == "Disabled",
        "{answer}"
    );
    mapping(&emulator, "it is paused", |status| {
        status.state == MappingState::Disabled
    })
    .await;
    assert_eq!(members(&fixture, &group).await, 0);
    send(&producer, &topic, 0, ok(2)).await;
    let status = emulator.status().await.mappings.remove(0);
    assert_eq!((status.lag, status.pollers, status.records), (Some(2), 0, 3));
    assert_eq!(
        reqwest::get(&one).await.unwrap().json::<Value>().await.unwrap()["State"],
        "Disabled"
    );

    let (code, answer) = put(&one, &json!({"Enabled": true, "UUID": status.uuid})).await;
    assert_eq!(code, StatusCode::ACCEPTED);
    assert!(
        answer["State"] == "Enabling" || answer["State"] == "Enabled",
        "{answer}"
    );
    mapping(&emulator, "it goes on", |status| status.lag == Some(0)).await;
    assert_eq!(fixture.done(&format!("{topic}-0")), [0, 1, 2, 3, 4]);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_under_way_is_done_and_committed_before_the_pause() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    send(&producer, &topic, 0, ["sleep:1500".to_owned()]).await;
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, REPORTING)).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "it is with the function", |status| status.batches == 1).await;
    assert!(emulator.enable_mapping(&status.uuid, false));
    let status = mapping(&emulator, "it is paused", |status| {
        status.state == MappingState::Disabled
    })
    .await;
    assert_eq!(status.partitions[0].committed, Some(1));
    assert!(!emulator.enable_mapping("another", false));
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_the_template_disables_reads_when_it_is_enabled() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    send(&producer, &topic, 0, ["ok".to_owned()]).await;
    let event = format!("{REPORTING}, Enabled: false");
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, &event)).await;
    let url = serve(&emulator).await;
    emulator.start_events().await.unwrap();
    let status = mapping(&emulator, "it rests", |status| status.state == MappingState::Disabled).await;
    assert_eq!((status.lag, status.batches), (Some(1), 0));
    put(&format!("{url}/{}", status.uuid), &json!({"Enabled": true})).await;
    mapping(&emulator, "it reads", |status| status.lag == Some(0)).await;
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mappings_are_listed_as_the_api_lists_them() {
    let fixture = Fixture::new();
    let event = format!(
        "{REPORTING}, MaximumRetryAttempts: 3, BatchSize: 7, BisectBatchOnFunctionError: true, DestinationConfig: {{OnFailure: {{Destination: 'kafka://letters'}}}}, FilterCriteria: {{Filters: [{{Pattern: '{{}}'}}]}}"
    );
    let emulator = fixture.emulator(&mapping_resources(&fixture, "rates", &event)).await;
    let url = serve(&emulator).await;
    let get = async |url: String| reqwest::get(url).await.unwrap().json::<Value>().await.unwrap();
    let listed = get(format!("{url}/?FunctionName=echo")).await;
    let uuid = listed["EventSourceMappings"][0]["UUID"].as_str().unwrap().to_owned();
    let expected = json!({"EventSourceMappings": [{
        "UUID": uuid,
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:echo",
        "EventSourceArn": "arn:aws:kafka:us-east-1:000000000000:cluster/c/1",
        "State": "Enabled",
        "Topics": ["rates"],
        "BatchSize": 7,
        "MaximumBatchingWindowInSeconds": 0,
        "StartingPosition": "TRIM_HORIZON",
        "BisectBatchOnFunctionError": true,
        "MaximumRetryAttempts": 3,
        "MaximumRecordAgeInSeconds": -1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "group.rates"},
        "DestinationConfig": {"OnFailure": {"Destination": "kafka://letters"}},
        "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
        "ProvisionedPollerConfig": {"MinimumPollers": 1, "MaximumPollers": 2},
    }]});
    assert_eq!(listed, expected);
    assert_eq!(get(url.clone()).await, expected);
    assert_eq!(
        get(format!("{url}?FunctionName=other")).await,
        json!({"EventSourceMappings": []})
    );
    assert_eq!(get(format!("{url}/{uuid}")).await, expected["EventSourceMappings"][0]);

    let (code, answer) = put(&format!("{url}/{uuid}"), &json!({"BatchSize": 5})).await;
    assert_eq!(
        (code, answer["Message"].as_str().unwrap()),
        (
            StatusCode::BAD_REQUEST,
            "BatchSize cannot be changed here, only Enabled; change the template"
        )
    );
    let (code, _) = put(&format!("{url}/{uuid}"), &json!({"Enabled": "no"})).await;
    assert_eq!(code, StatusCode::BAD_REQUEST);
    let (code, _) = put(&format!("{url}/none"), &json!({"Enabled": false})).await;
    assert_eq!(code, StatusCode::NOT_FOUND);
    emulator.shutdown().await;
}
