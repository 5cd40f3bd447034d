//! What functions tell CloudWatch: documents that it accepts, from every function, with figures that are right.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::metrics::{DIMENSION, Metric, NAMESPACE};
use tests::checkout::project;
use tests::pipeline::Pipeline;

/// The metric documents that a function has written.
fn documents(pipeline: &Pipeline, function: &str) -> Vec<Value> {
    let lines = pipeline.log(function);
    lines.into_iter().filter(|line| line.get("_aws").is_some()).collect()
}

/// Every value of a metric, in order.
fn values(documents: &[Value], metric: Metric) -> Vec<f64> {
    let of = |document: &Value| match &document[metric.name()] {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(|value| value.as_f64().unwrap()).collect(),
        one => vec![one.as_f64().unwrap()],
    };
    documents.iter().flat_map(of).collect()
}

fn sum(documents: &[Value], metric: Metric) -> f64 {
    values(documents, metric).iter().sum()
}

/// What the format demands and a schema cannot say: what is named is there, a number or up to a hundred of them, and has our dimension.
fn check(document: &Value, function: &str) {
    assert_eq!(document[DIMENSION], function, "{document}");
    let known: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    for directive in document["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
        assert_eq!(directive["Namespace"], NAMESPACE);
        assert_eq!(directive["Dimensions"], json!([[DIMENSION]]));
        for metric in directive["Metrics"].as_array().unwrap() {
            let name = metric["Name"].as_str().unwrap();
            assert!(known.contains(name), "{name} of {function}");
            let value = &document[name];
            let is_number = value.is_number();
            let is_list = value
                .as_array()
                .is_some_and(|list| list.len() <= 100 && list.iter().all(Value::is_number));
            assert!(is_number || is_list, "{function}: {name} is {value}");
            assert!(
                metric["Unit"] == "Count" || metric["Unit"] == "Milliseconds",
                "{metric}"
            );
        }
    }
}

async fn get(pipeline: &Pipeline, path: &str) {
    let answer = reqwest::get(format!("{}{path}", pipeline.api)).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_measures_its_work_in_documents_that_cloudwatch_accepts() {
    let pipeline = Pipeline::start(&[]).await;
    let summary = pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    assert_eq!(summary["events"]["exchange_rate_updated"], 29);
    let backfilled = pipeline.backfill("2026-10-01", "2026-10-05").await;
    pipeline.caught_up().await;
    for path in [
        "/api/v1/currencies/USD",
        "/api/v1/currencies/USD",
        "/api/v1/history?target=USD&period=1w",
        "/api/v1/history?target=USD&period=1w",
        "/api/v1/rankings",
    ] {
        get(&pipeline, path).await;
    }
    let listed = pipeline.invoke("operations-redrive", json!({"action": "list"})).await;
    assert!(listed.is_ok(), "{listed:?}");
    let checked = pipeline
        .invoke("operations-check", json!({"functions": ["currency-api"]}))
        .await;
    assert_eq!(checked.unwrap()["checked"][0]["alive"], true);

    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(project().join("tests/fixtures/emf.schema.json")).unwrap())
            .unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut all = BTreeMap::new();
    let functions = pipeline.emulator.status().await.functions;
    assert_eq!(functions.len(), 17);
    for function in &functions {
        let documents = documents(&pipeline, &function.name);
        assert!(!documents.is_empty(), "{} measures nothing", function.name);
        for document in &documents {
            let errors: Vec<String> = schema.iter_errors(document).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?} in {document}", function.name);
            check(document, &function.name);
        }
        assert!(sum(&documents, Metric::ColdStarts) >= 1.0, "{}", function.name);
        assert_eq!(sum(&documents, Metric::Failures), 0.0, "{}", function.name);
        // One for each invocation.
        assert_eq!(values(&documents, Metric::HandlerTime).len(), documents.len());
        all.insert(function.name.clone(), documents);
    }

    let runs = &all["ingestor"];
    assert!(sum(runs, Metric::EventsPublished) >= 32.0);
    assert!(sum(runs, Metric::RatesPublished) >= 29.0);
    // Each run says beside its rates that data came, which caches are outdated, and that it is over.
    assert!(sum(runs, Metric::EventsPublished) >= sum(runs, Metric::RatesPublished) + 3.0);
    assert_eq!(sum(runs, Metric::EventsBackedUp), 0.0);
    // The feed's newest day is long past.
    assert!(values(runs, Metric::RatesStale).iter().all(|stale| *stale == 1.0));
    for service in ["currency", "history"] {
        let updates = &all[&format!("{service}-exchange-rate-updated")];
        #[expect(clippy::cast_precision_loss, reason = "a few hundred records")]
        let backfilled = backfilled as f64;
        assert!(sum(updates, Metric::RecordsApplied) >= 29.0 + backfilled, "{service}");
        assert_eq!(
            sum(updates, Metric::RecordsRefused) + sum(updates, Metric::RecordsToRetry),
            0.0
        );
        let published = values(updates, Metric::PublishedToStored);
        assert!(
            !published.is_empty() && published.iter().all(|age| (0.0..60_000.0).contains(age)),
            "{published:?}"
        );
        // Of the fresh rates alone: days, not the years of the backfill.
        let recorded = values(updates, Metric::RecordedToStored);
        assert!(!recorded.is_empty(), "{service}");
    }
    assert_eq!(
        (
            sum(&all["history-api"], Metric::CacheMisses),
            sum(&all["history-api"], Metric::CacheHits)
        ),
        (1.0, 1.0)
    );
    // Rates of a day long past make the first reader look how far their source is, at every row; what is read then is cached.
    assert_eq!(
        (
            sum(&all["currency-api"], Metric::CacheMisses),
            sum(&all["currency-api"], Metric::CacheHits)
        ),
        (1.0, 1.0)
    );
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_and_what_is_refused_is_counted() {
    let pipeline = Pipeline::start(&[]).await;
    pipeline.caught_up().await;
    let failed = pipeline.invoke("ingestor", json!({"provider": "nobody"})).await;
    assert!(failed.is_err(), "{failed:?}");
    let runs = documents(&pipeline, "ingestor");
    assert_eq!(sum(&runs, Metric::Failures), 1.0, "{runs:?}");
    pipeline.stop().await;
}
