//! The whole flow on secured servers: Kafka with SASL_SSL and SCRAM-SHA-512, Redis with TLS, user and password, PostgreSQL with verify-full; the same with
//! a Redis Cluster of three nodes. Stores and answers are those of a flow on plain servers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use servers::RedisCluster;
use shared::cache::{AnalysisKind, Cache, CachedRate, Family, Interval, Reading, key};
use shared::config::RedisConfig;
use shared::currency::CurrencyCode;
use shared::period::Period;
use tests::api::Ask;
use tests::pipeline::Pipeline;
use tests::rate;
use tests::secured::Secured;

/// What is read when everything is stored.
const PATHS: [&str; 11] = [
    "/api/v1/currencies",
    "/api/v1/currencies/USD",
    "/api/v1/currencies/multiple?symbols=USD,JPY,EUR,XAF",
    "/api/v1/currencies/latest?base=EUR",
    "/api/v1/convert?from=EUR&to=USD&amount=100.50",
    "/api/v1/history?target=USD&period=1m",
    "/api/v1/history/stats?base=EUR&target=USD&period=1m",
    "/api/v1/history/compare?targets=USD,EUR,JPY&period=1m",
    "/api/v1/history/forecast/USD?days=7",
    "/api/v1/history/rates?date=2026-10-30",
    "/api/v1/rankings",
];

/// What a flow leaves: the stores, the cached rates, and the answers by path.
struct Outcome {
    stores: BTreeMap<&'static str, Vec<String>>,
    cached: BTreeMap<String, BTreeMap<String, String>>,
    answers: BTreeMap<&'static str, Value>,
}

/// The same without what tells one run from another: clocks, and where an answer was read.
fn lasting(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let of_the_run = ["timestamp", "updated_at", "served_from", "computed_at", "generated_at"];
            let kept = fields.iter().filter(|(name, _)| !of_the_run.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), lasting(value))).collect())
        }
        Value::Array(values) => values.iter().map(lasting).collect(),
        other => other.clone(),
    }
}

/// A request through the function's own handler: its status and body.
async fn ask(pipeline: &Pipeline, request: Ask) -> (u64, Value) {
    let event = request.event();
    let path = event["rawPath"].as_str().unwrap().to_owned();
    let service = ["history", "ranking"]
        .into_iter()
        .find(|service| path.contains(service))
        .unwrap_or("currency");
    let answer = pipeline.invoke(&format!("{service}-api"), event).await.unwrap();
    let body = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or(Value::Null);
    (answer["statusCode"].as_u64().unwrap(), body)
}

async fn flow(pipeline: &Pipeline, cache: &Cache) -> Outcome {
    // Topics and tables are there since the deployment, through the same settings; a second call finds them.
    let topics = pipeline.invoke("operations-topics", json!({})).await.unwrap();
    assert_eq!(topics.as_array().unwrap().len(), 4, "{topics}");
    assert!(
        topics.as_array().unwrap().iter().all(|topic| topic["created"] == false),
        "{topics}"
    );
    let tables = pipeline.invoke("operations-migrations", json!({})).await.unwrap();
    assert!(tables["migrations"].as_u64().unwrap() > 0, "{tables}");

    let summary = pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    assert_eq!(summary["events"]["exchange_rate_updated"], 29, "{summary}");
    assert!(pipeline.backfill("2026-05-04", "2026-10-29").await > 3_000);
    let status = pipeline.caught_up().await;
    for mapping in &status.mappings {
        assert!(
            mapping.batches > 0,
            "{} had nothing to do: {mapping:?}",
            mapping.function
        );
    }
    // A provider whose key is a secret; whether it has rates today does not matter.
    drop(pipeline.invoke("ingestor", json!({"provider": "koreaexim"})).await);

    for (country, user) in [("US", "user-1"), ("US", "user-2"), ("JP", "user-1")] {
        let click = Ask::post("/api/v1/rankings/click", &json!({"country": country, "user_id": user}));
        let (status, body) = ask(pipeline, click).await;
        assert_eq!(status, 201, "{body}");
    }
    let mut answers = BTreeMap::new();
    for path in PATHS {
        let (status, first) = ask(pipeline, Ask::get(path)).await;
        assert_eq!(status, 200, "{path}: {first}");
        let (_, second) = ask(pipeline, Ask::get(path)).await;
        assert_eq!(lasting(&first), lasting(&second), "{path}");
        answers.insert(path, lasting(&first));
        if second["data"].get("served_from").is_some() && !path.contains("/rates?") && !path.contains("rankings") {
            assert_eq!(second["data"]["served_from"], "cache", "{path}: {second}");
        }
    }
    let (status, cleared) = ask(pipeline, Ask::get("/api/v1/currencies/cache").method("DELETE").signed()).await;
    assert_eq!(status, 200, "{cleared}");
    let (_, refilled) = ask(pipeline, Ask::get("/api/v1/currencies/USD")).await;
    assert_eq!(lasting(&refilled), answers["/api/v1/currencies/USD"]);

    let codes = ["USD", "EUR", "JPY"].map(|code| code.parse().unwrap());
    let rates = cache.rates(&codes).await.unwrap();
    let cached = codes.iter().zip(rates).map(|(code, hash)| {
        let mut hash = hash.unwrap_or_default();
        hash.remove("updated_at");
        (code.to_string(), hash)
    });
    Outcome {
        cached: cached.collect(),
        stores: pipeline.stores().await,
        answers,
    }
}

fn assert_same(outcome: &Outcome, plain: &Outcome) {
    assert!(outcome.stores == plain.stores, "the stores differ");
    assert!(plain.stores["history.rate"].len() > 3_000);
    assert_eq!(outcome.cached, plain.cached);
    for path in PATHS {
        assert_eq!(outcome.answers[path], plain.answers[path], "{path}");
    }
}

fn settings(pairs: &[(&str, &str)]) -> Cache {
    let get = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Cache::new(RedisConfig::read(&get).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_flow_on_secured_servers_and_on_a_redis_cluster_is_that_on_plain_ones() {
    let pipeline = Pipeline::start(&[]).await;
    let cache = settings(&[("REDIS_URL", &pipeline.redis.url())]);
    let plain = flow(&pipeline, &cache).await;
    pipeline.stop().await;

    let secured = Secured::new();
    let ca_file = secured.trusted.ca_file().to_str().unwrap();
    let pipeline = Pipeline::start_on(Some(&secured), &[("LogLevel", "debug")]).await;
    assert!(
        pipeline.secrets.len() > 6,
        "{} secrets are too few",
        pipeline.secrets.len()
    );
    let cache = settings(&[("REDIS_URL", &pipeline.redis.url()), ("REDIS_CA_FILE", ca_file)]);
    assert_same(&flow(&pipeline, &cache).await, &plain);
    pipeline.stop().await;

    let nodes = secured.current();
    let cluster = RedisCluster::start(&secured.folder("cluster"), Some(&nodes))
        .await
        .unwrap();
    let url = cluster.url();
    let parameters = [
        ("LogLevel", "debug"),
        ("RedisUrl", url.as_str()),
        ("RedisCluster", "true"),
        ("RedisCaFile", ca_file),
    ];
    let pipeline = Pipeline::start_on(Some(&secured), &parameters).await;
    let cache = settings(&[
        ("REDIS_URL", &url),
        ("REDIS_CLUSTER", "true"),
        ("REDIS_CA_FILE", ca_file),
    ]);
    assert_same(&flow(&pipeline, &cache).await, &plain);
    let sizes = cluster.sizes().await.unwrap();
    assert!(sizes.iter().all(|size| *size > 0), "a node has no keys: {sizes:?}");
    pipeline.stop().await;
    tests::secured::assert_no_secret(&secured.folder("cluster"), &[], std::slice::from_ref(&nodes.password));
    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cache_operation_works_across_the_nodes_of_a_cluster() {
    let secured = Secured::new();
    for security in [None, Some(secured.current())] {
        let name = if security.is_some() { "secured" } else { "plain" };
        let cluster = RedisCluster::start(&secured.folder(name), security.as_ref())
            .await
            .unwrap();
        let url = cluster.url();
        let ca_file = secured.trusted.ca_file().to_str().unwrap();
        let ca_file = if security.is_some() { ca_file } else { "" };
        let cache = settings(&[
            ("REDIS_URL", &url),
            ("REDIS_CLUSTER", "true"),
            ("REDIS_CA_FILE", ca_file),
        ]);
        every_operation(&cache).await;
        let sizes = cluster.sizes().await.unwrap();
        assert!(
            sizes.iter().all(|size| *size > 50),
            "the keys are not spread: {sizes:?}"
        );
        cluster.stop().await.unwrap();
    }
}

/// A script whose keys were in different slots would be refused by the cluster (CROSSSLOT).
async fn every_operation(cache: &Cache) {
    let codes: Vec<CurrencyCode> = CurrencyCode::all().collect();
    cache.ping().await.unwrap();

    let row = |code: &CurrencyCode, day: u32| {
        let at = format!("2026-10-{day:02}T13:15:00Z");
        rate(code.as_str(), "ecb", &at, &at, "1335.26673827425707")
    };
    let rows: Vec<_> = codes.iter().map(|code| row(code, 29)).collect();
    let leases = cache.lease_rates(&codes).await.unwrap();
    assert_eq!(cache.refresh_rates(&leases, &rows).await.unwrap().written, codes);
    assert!(cache.rates(&codes).await.unwrap().iter().all(Option::is_some));
    let older: Vec<_> = codes.iter().map(|code| row(code, 28)).collect();
    let leases = cache.lease_rates(&codes).await.unwrap();
    assert_eq!(cache.refresh_rates(&leases, &older).await.unwrap().outdated, codes);
    assert_eq!(cache.clear_rates(&codes).await.unwrap(), codes.len() as u64);
    assert!(!cache.put_rate(&leases, &rows[0]).await.unwrap(), "a clear wins");
    let leases = cache.lease_rates(&codes).await.unwrap();
    cache.put_rates(&leases, &rows[..100], &codes[100..]).await.unwrap();
    let cached = cache.cached_rates(&codes).await.unwrap();
    assert!(cached[..100].iter().all(|rate| matches!(rate, CachedRate::Row(_))));
    assert!(cached[100..].iter().all(|rate| *rate == CachedRate::Absent));
    let leases = cache.lease_rates(&codes).await.unwrap();
    cache.drop_rates(&leases, &codes).await.unwrap();

    for code in &codes {
        let lease = cache.lease_history(*code).await.unwrap();
        let keys = [
            key::history(*code, Period::Week, Interval::Daily),
            key::stats(*code, Period::Week),
            key::analysis(*code, AnalysisKind::Forecast, Period::Year),
        ];
        for key in &keys {
            assert!(
                cache
                    .put_computed(&lease, key, "[]", Duration::from_secs(60))
                    .await
                    .unwrap()
            );
            assert_eq!(cache.computed(key).await.unwrap().as_deref(), Some("[]"));
        }
    }
    let families = [Family::History, Family::Stats, Family::Analysis];
    assert_eq!(
        cache.clear_history(&codes, &families).await.unwrap(),
        3 * codes.len() as u64
    );

    let fields = [("state".to_owned(), "closed".to_owned())];
    for key in [key::provider("ecb"), key::published("ecb")] {
        cache.put_hash(&key, &fields, Duration::from_secs(60)).await.unwrap();
        assert_eq!(cache.hash(&key).await.unwrap()["state"], "closed");
    }
    for client in 0..50 {
        let key = key::click_limit(&format!("192.0.2.{client}"));
        for expected in 1..=2 {
            assert_eq!(cache.count(&key, Duration::from_secs(60)).await.unwrap().0, expected);
        }
    }
    let entry = key::history(codes[0], Period::Month, Interval::Daily);
    for expected in [Reading::Computed, Reading::Cached] {
        let cached = || cache.computed(&entry);
        let compute = async |may_write: bool| -> Result<String, shared::cache::CacheError> {
            assert!(may_write, "the cluster was not asked");
            let lease = cache.lease_history(codes[0]).await?;
            cache
                .put_computed(&lease, &entry, "[1]", Duration::from_secs(60))
                .await?;
            Ok("[1]".to_owned())
        };
        let (value, reading) = cache.read_through(&entry, cached, compute).await.unwrap();
        assert_eq!((value.as_str(), reading), ("[1]", expected));
    }
}
