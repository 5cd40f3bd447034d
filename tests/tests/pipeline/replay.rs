//! Dead letters sent again through the real functions: applied, refused again, functions and stores that are away, topics, and batches that Lambda gave up.

use krafka::Kafka;
use krafka::admin::{AdminClient, DeleteRecordsOptions, OffsetSpec, TopicPartition};
use serde_json::{Value, json};
use shared::config::{KafkaConfig, KafkaSecurity};
use shared::event::{ExchangeRateUpdated, Run};
use shared::publish::Publisher;
use sqlx::{AssertSqlSafe, Row};
use tests::pipeline::Pipeline;
use tests::{RawRecord, kafka_event, rate};

/// Nothing is published but what the test publishes.
const NO_RUN: (&str, &str) = ("IngestSchedule", "cron(0 0 1 1 ? 2199)");

const TOPIC: &str = "exchange_rate_updated";
const HISTORY: &str = "history-exchange-rate-updated";
const CURRENCY: &str = "currency-exchange-rate-updated";

async fn ask(pipeline: &Pipeline, request: Value) -> Value {
    pipeline.invoke("operations-redrive", request).await.unwrap()
}

async fn sql(pipeline: &Pipeline, query: &str) {
    sqlx::query(AssertSqlSafe(query.to_owned()))
        .execute(&pipeline.store)
        .await
        .unwrap();
}

async fn count(pipeline: &Pipeline, query: &str) -> i64 {
    let row = sqlx::query(AssertSqlSafe(format!("SELECT count(*) FROM {query}")));
    row.fetch_one(&pipeline.store).await.unwrap().get(0)
}

fn usd(hour: u32, value: &str) -> ExchangeRateUpdated {
    let at = format!("2026-10-30T{hour:02}:00:00Z");
    rate("USD", "ecb", &at, &at, value)
}

/// Hands records straight to a function, as its mapping would.
async fn deliver(pipeline: &Pipeline, function: &str, events: &[ExchangeRateUpdated]) {
    let values: Vec<Vec<u8>> = events.iter().map(|event| serde_json::to_vec(event).unwrap()).collect();
    let records: Vec<RawRecord<'_>> = values.iter().map(|value| RawRecord::Value(value)).collect();
    let event = serde_json::from_str(&kafka_event(TOPIC, &records)).unwrap();
    let answer = pipeline.invoke(function, event).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_goes_only_when_its_record_is_applied() {
    let mut pipeline = Pipeline::start(&[NO_RUN]).await;
    for table in ["history.rate", "currency.current_rate"] {
        sql(
            &pipeline,
            &format!(
                "ALTER TABLE {table} ADD CONSTRAINT wrong CHECK (deal_base_rate NOT IN (1111.5, 2222.5)) NOT VALID"
            ),
        )
        .await;
    }
    deliver(
        &pipeline,
        HISTORY,
        &[usd(1, "1111.5"), usd(2, "1300"), usd(3, "2222.5")],
    )
    .await;
    deliver(&pipeline, CURRENCY, &[usd(4, "2222.5")]).await;
    assert_eq!(count(&pipeline, "history.rate").await, 1);

    // A dry run changes nothing.
    let dry = ask(&pipeline, json!({"action": "replay", "dry_run": true})).await;
    assert_eq!((&dry["matched"], &dry["replayed"]), (&json!(3), &json!(0)));
    assert!(
        dry["letters"]
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line["outcome"] == "would"),
        "{dry}"
    );

    // Refused again: the same dead letters stay, and no others come.
    let listed = ask(&pipeline, json!({"action": "list"})).await;
    let again = ask(&pipeline, json!({"action": "replay"})).await;
    assert_eq!(
        (&again["replayed"], &again["failed"], &again["left"]),
        (&json!(0), &json!(3), &json!(0))
    );
    for line in again["letters"].as_array().unwrap() {
        let why = line["why"].as_str().unwrap();
        assert!(
            line["outcome"] == "refused" && why.contains("refused again: VALUE_REFUSED") && why.contains("wrong"),
            "{line}"
        );
    }
    assert_eq!(
        ask(&pipeline, json!({"action": "list"})).await["letters"],
        listed["letters"]
    );

    // History is mended, and then its store is away.
    sql(&pipeline, "ALTER TABLE history.rate DROP CONSTRAINT wrong").await;
    pipeline.postgres.kill().await.unwrap();
    let away = ask(&pipeline, json!({"action": "replay", "function": HISTORY})).await;
    assert_eq!((&away["replayed"], &away["failed"]), (&json!(0), &json!(2)));
    assert!(
        away["letters"][0]["why"].as_str().unwrap().contains("StoreUnavailable"),
        "{away}"
    );
    pipeline.postgres.restart().await.unwrap();

    let back = ask(&pipeline, json!({"action": "replay"})).await;
    assert_eq!(
        (&back["replayed"], &back["failed"], &back["records"]),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(
        count(&pipeline, "history.rate WHERE deal_base_rate IN (1111.5, 1300, 2222.5)").await,
        3
    );
    assert_eq!(
        count(
            &pipeline,
            "history.daily_rate WHERE open = 1111.5 AND high = 2222.5 AND observations = 3"
        )
        .await,
        1
    );

    // A function that does not exist any more keeps its dead letter, which can still go to the topic: both services have it then.
    sql(&pipeline, "ALTER TABLE currency.current_rate DROP CONSTRAINT wrong").await;
    let left = ask(&pipeline, json!({"action": "list"})).await;
    let id = &left["letters"][0]["id"];
    assert_eq!(left["letters"][0]["function"], CURRENCY);
    let published = ask(&pipeline, json!({"action": "replay", "to": "topic", "id": id})).await;
    assert_eq!(
        (&published["replayed"], &published["letters"][0]["outcome"]),
        (&json!(1), &json!("published"))
    );
    pipeline.caught_up().await;
    assert_eq!(
        count(&pipeline, "currency.current_rate WHERE deal_base_rate = 2222.5").await,
        1
    );
    assert_eq!(
        count(&pipeline, "history.rate WHERE recorded_at = '2026-10-30T04:00:00Z'").await,
        1
    );
    assert_eq!(ask(&pipeline, json!({"action": "list"})).await["matched"], 0);

    let error = pipeline
        .invoke("operations-redrive", json!({"action": "list", "colour": "red"}))
        .await
        .unwrap_err();
    assert!(
        error.contains("unknown field `colour`, expected one of `action`"),
        "{error}"
    );
    pipeline.stop().await;
}

/// The partitions' ends.
async fn ends(admin: &AdminClient) -> Vec<(TopicPartition, i64)> {
    let partitions = (0..3).map(|partition| (TopicPartition::new(TOPIC, partition), OffsetSpec::Latest));
    let mut ends: Vec<(TopicPartition, i64)> = admin
        .list_offsets(partitions, Default::default())
        .await
        .unwrap()
        .into_iter()
        .map(|(partition, end)| (partition, end.unwrap().offset))
        .collect();
    ends.sort_by_key(|(partition, _)| partition.partition);
    ends
}

async fn send(pipeline: &Pipeline, body: &Value) {
    let sqs = aws_sdk_sqs::Client::new(&aws_config::load_from_env().await);
    let request = sqs.send_message().queue_url(&pipeline.queue_urls["DeadLetterQueue"]);
    request.message_body(body.to_string()).send().await.unwrap();
}

/// AWS's record of a batch that was given up.
fn given_up(function: &str, partition: &str, first: i64, last: i64) -> Value {
    json!({
        "requestContext": {"requestId": "316aa6d0-8154-4af7-9af7-85d5f4a6bc81",
            "functionArn": format!("arn:aws:lambda:us-east-1:000000000000:function:{function}:$LATEST"),
            "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 10},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0", "timestamp": "2026-10-30T15:00:00.000Z",
        "KafkaBatchInfo": {"batchSize": 1, "eventSourceArn": "arn:aws:kafka:us-east-1:000000000000:cluster/c/1", "bootstrapServers": "b:9098",
            "payloadSize": 1000, "recordsInfo": {partition: {"firstRecordOffset": first, "lastRecordOffset": last,
                "firstRecordTimestamp": "2026-10-30T14:00:00.000Z", "lastRecordTimestamp": "2026-10-30T14:00:00.000Z"}}}
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_lambda_gave_up_is_read_again_from_kafka() {
    let pipeline = Pipeline::start(&[NO_RUN]).await;
    let config = KafkaConfig {
        bootstrap_servers: pipeline.kafka.bootstrap(),
        security: KafkaSecurity::Plaintext,
    };
    let admin = Kafka::builder(pipeline.kafka.bootstrap())
        .connect()
        .await
        .unwrap()
        .admin();
    let before = ends(&admin).await;
    let run = Run::new("/test");
    let events: Vec<_> = (0..24)
        .map(|hour| {
            let payload = usd(hour, &format!("13{hour:02}.25"));
            run.event(&payload, payload.updated_at).unwrap()
        })
        .collect();
    Publisher::new(config).publish(&events).await.unwrap();
    pipeline.caught_up().await;
    let after = ends(&admin).await;
    let ((partition, first), (_, end)) = before
        .iter()
        .zip(&after)
        .find(|(before, after)| before.1 < after.1)
        .unwrap();
    assert_eq!(end - first, 24, "all of one currency are in one partition");
    let name = format!("{TOPIC}-{}", partition.partition);

    // What the store had is gone, and one of the values is refused.
    sql(&pipeline, "TRUNCATE history.rate, history.daily_rate").await;
    sql(
        &pipeline,
        "ALTER TABLE history.rate ADD CONSTRAINT wrong CHECK (deal_base_rate <> 1307.25) NOT VALID",
    )
    .await;
    send(&pipeline, &given_up(HISTORY, &name, *first, end - 1)).await;
    let listed = ask(
        &pipeline,
        json!({"action": "list", "offset": first + 3, "topic": TOPIC}),
    )
    .await;
    let batch = &listed["letters"][0];
    assert_eq!(
        (&batch["kind"], &batch["error_code"]),
        (&json!("on_failure"), &json!("RetryAttemptsExhausted"))
    );
    let shown = ask(&pipeline, json!({"action": "show", "id": batch["id"]})).await;
    assert_eq!(shown["records"].as_array().unwrap().len(), 24);
    let third = &shown["records"][3];
    assert_eq!(
        (&third["offset"], &third["key"]["text"]),
        (&json!(first + 3), &json!("USD"))
    );
    assert!(
        third["payload"]["text"]
            .as_str()
            .unwrap()
            .contains("\"deal_base_rate\":1303.25"),
        "{third}"
    );
    assert!(
        third["headers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|header| header[0] == "ce_id"),
        "{third}"
    );

    let replayed = ask(&pipeline, json!({"action": "replay"})).await;
    assert_eq!(
        (&replayed["replayed"], &replayed["records"]),
        (&json!(1), &json!(24)),
        "{replayed}"
    );
    assert!(
        replayed["letters"][0]["why"]
            .as_str()
            .unwrap()
            .contains("1 were refused and have dead letters of their own"),
        "{replayed}"
    );
    assert_eq!(count(&pipeline, "history.rate").await, 23);
    let left = ask(&pipeline, json!({"action": "list"})).await;
    assert_eq!(
        (
            &left["matched"],
            &left["letters"][0]["offset"],
            &left["letters"][0]["error_code"]
        ),
        (&json!(1), &json!(first + 7), &json!("VALUE_REFUSED"))
    );
    sql(&pipeline, "ALTER TABLE history.rate DROP CONSTRAINT wrong").await;
    assert_eq!(ask(&pipeline, json!({"action": "replay"})).await["replayed"], 1);
    assert_eq!(count(&pipeline, "history.rate").await, 24);

    // Retention has removed ten of them; the rest is applied, and the record of the batch stays until somebody decides.
    sql(&pipeline, "TRUNCATE history.rate, history.daily_rate").await;
    let removed = admin
        .delete_records([(partition.clone(), first + 10)], DeleteRecordsOptions::default())
        .await
        .unwrap();
    assert!(removed.values().all(Result::is_ok), "{removed:?}");
    send(&pipeline, &given_up(HISTORY, &name, *first, end - 1)).await;
    let replayed = ask(&pipeline, json!({"action": "replay"})).await;
    assert_eq!((&replayed["replayed"], &replayed["failed"]), (&json!(0), &json!(1)));
    let why = replayed["letters"][0]["why"].as_str().unwrap();
    let gone = format!(
        "{name} {first} to {}: no longer in Kafka, the partition begins at {}; the other 14 records were sent",
        first + 9,
        first + 10
    );
    assert_eq!(why, gone);
    assert_eq!(count(&pipeline, "history.rate").await, 14);
    let shown = ask(&pipeline, json!({"action": "show", "id": replayed["letters"][0]["id"]})).await;
    assert_eq!(
        (
            shown["records"].as_array().unwrap().len(),
            shown["not_shown"].as_array().unwrap().len()
        ),
        (14, 1)
    );
    assert_eq!(
        ask(
            &pipeline,
            json!({"action": "purge", "error_code": "RetryAttemptsExhausted"})
        )
        .await["deleted"],
        1
    );

    // To the topic: they are written anew, behind what is there.
    send(&pipeline, &given_up("a-function-of-the-past", &name, end - 4, end - 1)).await;
    let no_function = ask(&pipeline, json!({"action": "replay"})).await;
    assert_eq!(no_function["failed"], 1);
    assert!(
        no_function["letters"][0]["why"].as_str().unwrap().contains("404"),
        "{no_function}"
    );
    let published = ask(&pipeline, json!({"action": "replay", "to": "topic"})).await;
    assert_eq!((&published["replayed"], &published["records"]), (&json!(1), &json!(4)));
    assert_eq!(
        ends(&admin).await[usize::try_from(partition.partition).unwrap()].1,
        end + 4
    );
    pipeline.caught_up().await;
    assert_eq!(ask(&pipeline, json!({"action": "list"})).await["matched"], 0);
    pipeline.stop().await;
}
