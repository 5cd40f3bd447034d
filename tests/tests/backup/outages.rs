//! Kafka away for three runs, and SQS away with it: the whole flow.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::pipeline::{Pipeline, Setup};
use tests::proxy::Way;

use tests::ecb_server::EcbDaily;
use tests::kafka_topic::{Record, read};

/// No runs but the test's own.
const NO_RUN: (&str, &str) = ("IngestSchedule", "cron(0 0 1 1 ? 2199)");

/// The ECB's days of three runs, each with other rates: units of USD, JPY and KRW for one EUR.
const DAYS: [(&str, [&str; 3]); 4] = [
    ("2026-10-27", ["1.1170", "175.10", "1490.11"]),
    ("2026-10-28", ["1.1181", "175.21", "1491.22"]),
    ("2026-10-29", ["1.1192", "175.32", "1492.33"]),
    ("2026-10-30", ["1.1163", "175.03", "1489.44"]),
];
/// A run's events: new data, EUR, USD and JPY, the caches, the end.
const EVENTS: usize = 6;

async fn run(pipeline: &Pipeline, ecb: &EcbDaily, day: usize) -> Result<Value, String> {
    let (day, [usd, jpy, krw]) = DAYS[day];
    let rates = [("USD", usd), ("JPY", jpy), ("KRW", krw)].map(|(code, rate)| (code.to_owned(), rate.to_owned()));
    ecb.publish(day.parse().unwrap(), &rates.to_vec());
    pipeline.invoke("ingestor", json!({})).await
}

/// Stores and caches, without the clock of who published.
async fn end(pipeline: &Pipeline) -> (BTreeMap<&'static str, Vec<String>>, Vec<BTreeMap<String, String>>) {
    pipeline.caught_up().await;
    let mut cached = Vec::new();
    for code in ["EUR", "USD", "JPY"] {
        let mut rate = pipeline.cached_rate(code).await;
        assert!(rate.remove("updated_at").is_some(), "{code} is not cached");
        cached.push(rate);
    }
    (pipeline.stores().await, cached)
}

async fn undisturbed() -> (BTreeMap<&'static str, Vec<String>>, Vec<BTreeMap<String, String>>) {
    let ecb = EcbDaily::start().await;
    let pipeline = Pipeline::start(&[("ProviderUrls", ecb.provider_urls()), NO_RUN]).await;
    for day in 0..DAYS.len() {
        run(&pipeline, &ecb, day).await.unwrap();
        pipeline.caught_up().await;
    }
    let end = end(&pipeline).await;
    pipeline.stop().await;
    end
}

/// The first of each event; a repeated one has the same id.
fn without_repetitions(records: Vec<Record>) -> Vec<Record> {
    let mut seen = BTreeSet::new();
    let is_first = |record: &Record| seen.insert(record.header("ce_id").to_owned());
    records.into_iter().filter(is_first).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_runs_while_kafka_is_away_arrive_in_order_when_it_is_back() {
    let expected = undisturbed().await;
    let ecb = EcbDaily::start().await;
    let mut pipeline = Pipeline::start(&[("ProviderUrls", ecb.provider_urls()), NO_RUN]).await;
    // The ingestor has a connection, which will die.
    let before = run(&pipeline, &ecb, 0).await.unwrap();
    assert_eq!(before["backed_up"], 0, "{before}");
    pipeline.caught_up().await;
    pipeline.kafka.kill().await.unwrap();
    let mut runs = vec![before["correlation_id"].clone()];
    for day in 1..DAYS.len() {
        let summary = run(&pipeline, &ecb, day).await.unwrap();
        assert_eq!(
            (&summary["backed_up"], &summary["events"]["exchange_rate_updated"]),
            (&json!(EVENTS), &json!(3)),
            "{summary}"
        );
        runs.push(summary["correlation_id"].clone());
    }
    pipeline.kafka.restart().await.unwrap();
    assert_eq!(end(&pipeline).await, expected);

    let rates = without_repetitions(read(&pipeline.kafka.bootstrap(), "exchange_rate_updated").await);
    assert_eq!(rates.len(), 3 * DAYS.len());
    for code in ["EUR", "USD", "JPY"] {
        let of_code: Vec<&Record> = rates.iter().filter(|record| record.key == code).collect();
        let days: Vec<String> = of_code
            .iter()
            .map(|record| record.json()["recorded_at"].as_str().unwrap()[..10].to_owned())
            .collect();
        assert_eq!(days, DAYS.map(|(day, _)| day), "{code}");
        let of_runs: Vec<Value> = of_code
            .iter()
            .map(|record| json!(record.header("correlation-id")))
            .collect();
        assert_eq!(of_runs, runs, "{code}");
    }
    for topic in ["new_data_received", "cache_invalidation", "data_processing_completed"] {
        let records = without_repetitions(read(&pipeline.kafka.bootstrap(), topic).await);
        let of_runs: Vec<Value> = records
            .iter()
            .map(|record| json!(record.header("correlation-id")))
            .collect();
        assert_eq!(of_runs, runs, "{topic}");
        let names = records[1].headers.iter().map(|(name, _)| name.as_str());
        let sent_directly = records[0].headers.iter().map(|(name, _)| name.as_str());
        assert!(names.eq(sent_directly), "{topic}: {:?}", records[1].headers);
    }
    let waited = pipeline
        .log("ingestor")
        .into_iter()
        .filter(|line| line["message"] == "Kafka did not acknowledge in time; events wait in the backup queue");
    let counts: Vec<Value> = waited.map(|line| line["count"].clone()).collect();
    assert_eq!(counts, [5, 1, 5, 1, 5, 1]);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_both_are_away_a_run_fails_and_remembers_nothing_and_the_next_sends_all() {
    let ecb = EcbDaily::start().await;
    let setup = Setup {
        is_proxied: true,
        ..Setup::default()
    };
    let mut pipeline = Pipeline::start_with(&[("ProviderUrls", ecb.provider_urls()), NO_RUN], setup).await;
    run(&pipeline, &ecb, 0).await.unwrap();
    let remembered = published(&pipeline).await;
    assert_eq!(remembered.len(), 3);

    pipeline.kafka.kill().await.unwrap();
    pipeline.proxies.as_ref().unwrap().sqs.set(Way::Cut);
    let error = run(&pipeline, &ecb, 1).await.unwrap_err();
    assert!(
        error.contains("Kafka did not acknowledge") && error.contains("BackupQueue"),
        "{error}"
    );
    assert!(
        error.contains("5 of 5 events") && error.contains("Ingest.Publish"),
        "{error}"
    );
    // What was about to be replaced is forgotten, and nothing is remembered in its place.
    assert_eq!(published(&pipeline).await.len(), 0);

    pipeline.proxies.as_ref().unwrap().sqs.set(Way::Open);
    let summary = run(&pipeline, &ecb, 1).await.unwrap();
    assert_eq!(
        (&summary["backed_up"], &summary["already_published"]),
        (&json!(EVENTS), &json!(0)),
        "{summary}"
    );
    assert_ne!(published(&pipeline).await, remembered);
    pipeline.kafka.restart().await.unwrap();
    pipeline.caught_up().await;
    assert_eq!(pipeline.cached_rate("EUR").await["deal_base_rate"], DAYS[1].1[2]);
    assert_eq!(pipeline.stores().await["history.rate"].len(), 6);
    pipeline.stop().await;
}

/// The rates that Redis remembers as published.
async fn published(pipeline: &Pipeline) -> BTreeMap<String, String> {
    let client = redis::Client::open(pipeline.redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut fields: BTreeMap<String, String> = redis::cmd("HGETALL")
        .arg("published:ecb")
        .query_async(&mut connection)
        .await
        .unwrap();
    // What the run was dated is remembered before anything is published.
    fields.remove("clock");
    fields
}
