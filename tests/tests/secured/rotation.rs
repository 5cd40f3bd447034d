//! Passwords of Kafka, Redis and PostgreSQL change while the flow runs: functions read their secrets again, without a restart.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::api::Ask;
use tests::pipeline::Pipeline;
use tests::rotation::{Rotation, function_processes};
use tests::secured::Secured;

/// What is read of each service.
const PATHS: [(&str, &str); 4] = [
    ("currency-api", "/api/v1/currencies/USD"),
    ("currency-api", "/api/v1/convert?from=EUR&to=USD&amount=100.50"),
    ("history-api", "/api/v1/history?target=USD&period=1m"),
    ("history-api", "/api/v1/history/rates?date=2026-10-30"),
];

/// A click, which needs Redis: ranking's reads do not.
async fn click(pipeline: &Pipeline) -> u64 {
    let body = json!({"country": "US", "user_id": "user-1"});
    let event = Ask::post("/api/v1/rankings/click", &body).event();
    let answer = pipeline.invoke("ranking-api", event).await.unwrap();
    answer["statusCode"].as_u64().unwrap()
}

/// The status of each read.
async fn read(pipeline: &Pipeline) -> Vec<u64> {
    let mut found = Vec::new();
    for (function, path) in PATHS {
        let answer = pipeline.invoke(function, Ask::get(path).event()).await.unwrap();
        found.push(answer["statusCode"].as_u64().unwrap());
    }
    found
}

/// Publishes a month of the past; answers how many events there were. A month is one part, so that it is taken whole.
async fn publish(pipeline: &Pipeline, month: &str) -> (u64, Value) {
    let span = json!({"from": format!("2026-{month}-01"), "to": format!("2026-{month}-30")});
    let report = pipeline.invoke("operations-backfill", span).await.unwrap();
    assert_eq!(report["done"], true, "{report}");
    (report["events"].as_u64().unwrap(), report)
}

/// How many observations the history has.
async fn stored(pipeline: &Pipeline) -> u64 {
    pipeline.stores().await["history.rate"].len() as u64
}

async fn errors(pipeline: &Pipeline) -> BTreeMap<String, String> {
    let status = pipeline.emulator.status().await;
    let failed = status.functions.into_iter().filter(|function| function.errors > 0);
    failed
        .map(|function| (function.name, function.last_error.unwrap_or_default()))
        .collect()
}

/// Whether a function has taken new secrets into use, and which variables were others.
fn renewed(pipeline: &Pipeline, function: &str) -> Vec<Value> {
    let lines = pipeline.log(function).into_iter();
    let of_secrets =
        lines.filter(|line| line["message"] == "A server refused our user; the secrets are others now and in use");
    of_secrets.map(|line| line["variables"].clone()).collect()
}

/// Waits until reads and a click succeed, as callers do that try again.
async fn answered(pipeline: &Pipeline) {
    let began = Instant::now();
    loop {
        let (reads, click) = (read(pipeline).await, click(pipeline).await);
        if reads.iter().all(|status| *status == 200) && click == 201 {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{reads:?} {click}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_passwords_are_read_again_without_a_restart_or_a_lost_event() {
    let secured = Secured::new();
    let mut pipeline = Pipeline::start_on(Some(&secured), &[("LogLevel", "debug")]).await;
    let mut rotation = Rotation::of(&pipeline).await;
    pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    let (mut published, _) = publish(&pipeline, "06").await;
    pipeline.caught_up().await;
    let of_run = stored(&pipeline).await - published;
    assert_eq!((read(&pipeline).await, click(&pipeline).await), (vec![200; 4], 201));
    let processes = function_processes();
    assert!(processes.len() >= 12, "{processes:?}");

    // As Secrets Manager rotates: the server, then at once the secret.
    rotation.redis(&mut pipeline).await;
    rotation.postgres(&mut pipeline).await;
    rotation.kafka(&mut pipeline).await;
    rotation.push().await;
    assert_eq!((read(&pipeline).await, click(&pipeline).await), (vec![200; 4], 201));
    pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    published += publish(&pipeline, "07").await.0;
    pipeline.caught_up().await;
    // What goes to Kafka does so over a connection with the new password.
    let (events, report) = publish(&pipeline, "08").await;
    assert_eq!(report["backed_up"], 0, "{report}");
    published += events;
    pipeline.caught_up().await;
    assert_eq!(errors(&pipeline).await, BTreeMap::new(), "an invocation failed");
    assert_eq!(stored(&pipeline).await, published + of_run);
    for (function, variable) in [
        ("ingestor", "KAFKA_PASSWORD"),
        ("operations-backfill", "KAFKA_PASSWORD"),
        ("currency-exchange-rate-updated", "DATABASE_PASSWORD, REDIS_PASSWORD"),
        ("history-exchange-rate-updated", "DATABASE_PASSWORD, REDIS_PASSWORD"),
        ("history-api", "DATABASE_PASSWORD, REDIS_PASSWORD"),
        ("ranking-api", "REDIS_PASSWORD"),
    ] {
        let variables = renewed(&pipeline, function);
        assert!(
            !variables.is_empty() && variables.iter().all(|names| names.as_str().unwrap().contains(variable)),
            "{function}: {variables:?}"
        );
    }

    // The servers alone: handlers fail and say why, nothing is lost, and each instance asks for its secrets now and then.
    rotation.redis(&mut pipeline).await;
    rotation.postgres(&mut pipeline).await;
    published += publish(&pipeline, "09").await.0;
    let began = Instant::now();
    let failed = loop {
        let failed = errors(&pipeline).await;
        if failed.contains_key("history-exchange-rate-updated") && failed.contains_key("currency-exchange-rate-updated")
        {
            break failed;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{failed:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    for (function, error) in &failed {
        let is_clear = ["_URL: wrong user or password", "wrong user or password in REDIS_URL"];
        assert!(
            is_clear.iter().any(|words| error.contains(words)),
            "{function}: {error}"
        );
    }
    // Each answers with an error of ours, or from the server that still lets it in.
    assert_eq!(read(&pipeline).await, [503; 4]);
    assert_eq!(click(&pipeline).await, 503);
    rotation.kafka(&mut pipeline).await;
    let (events, report) = publish(&pipeline, "10").await;
    assert_eq!(report["backed_up"], report["events"], "{report}");
    published += events;
    assert!(
        pipeline
            .log("operations-backfill")
            .iter()
            .any(|line| line.to_string().contains("wrong password in KAFKA_PASSWORD")),
        "{:?}",
        pipeline.log("operations-backfill")
    );
    rotation.push().await;
    answered(&pipeline).await;
    pipeline.caught_up().await;
    // The day of the run is in the last month, too.
    assert_eq!(stored(&pipeline).await, published, "events were lost");
    assert_eq!(pipeline.messages("DeadLetterQueue").await, 0);
    pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();

    let after = function_processes();
    let ended: Vec<_> = processes.iter().filter(|(id, _)| !after.contains_key(id)).collect();
    assert!(ended.is_empty(), "these ended: {ended:?}");
    drop(rotation);
    pipeline.stop().await;
}
