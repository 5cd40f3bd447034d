//! What is cached of the history never outlives an event, is computed by one reader for all, and is missed by nobody while Redis is away.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chrono::NaiveDate;
use futures::future::join_all;
use history::History;
use serde_json::Value;
use servers::{Options, Redis};
use shared::cache::{Cache, Family, Interval, key};
use shared::config::RedisConfig;
use shared::currency::CurrencyCode;
use shared::period::Period;
use sqlx::{Connection, PgConnection, Row};
use tests::api::Ask;
use tests::ecb::observations;
use tests::{Services, rate};
use uuid::Uuid;

/// Everything that involves USD.
const WITH_USD: [&str; 12] = [
    "/api/v1/history?target=USD",
    "/api/v1/history?target=USD&period=1d&interval=hourly",
    "/api/v1/history?target=USD&period=1y&interval=monthly&inverse=true",
    "/api/v1/history?base=USD&target=EUR&period=6m",
    "/api/v1/history?base=JPY&target=USD&period=1w&interval=hourly",
    "/api/v1/history?target=USD&from=2026-10-01",
    "/api/v1/history/stats?target=USD",
    "/api/v1/history/stats?base=USD&target=EUR&period=3m",
    "/api/v1/history/compare?targets=USD,EUR,JPY",
    "/api/v1/history/compare?targets=EUR,JPY&base=USD",
    "/api/v1/history/forecast/USD?days=30",
    "/api/v1/history/rates?date=2026-11-02&symbols=USD,EUR",
];
/// Nothing that involves USD.
const WITHOUT_USD: [&str; 7] = [
    "/api/v1/history?target=EUR",
    "/api/v1/history?base=JPY&target=EUR&period=6m",
    "/api/v1/history?base=JPY&target=EUR&period=1d&interval=hourly",
    "/api/v1/history/stats?target=JPY",
    "/api/v1/history/stats?base=JPY&target=EUR",
    "/api/v1/history/compare?targets=EUR,JPY",
    "/api/v1/history/forecast/EUR",
];

fn routes(services: &Services, cache: Cache) -> Router {
    shared::api::with_middleware(history::api::routes(Arc::new(History::new(
        services.store.clone(),
        cache,
    ))))
}

/// A cache whose Redis nobody serves.
fn nowhere() -> Cache {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    Cache::new(RedisConfig {
        url,
        cluster: false,
        ca_file: None,
    })
}

/// A year and more of the ECB's rates.
async fn with_history() -> Services {
    let services = Services::start().await;
    let first: NaiveDate = "2025-09-01".parse().unwrap();
    let events = observations(first..="2026-10-30".parse().unwrap());
    services.history.rate_updated(&events).await.unwrap();
    services
}

async fn get(routes: &Router, path: &str) -> Value {
    let reply = Ask::get(path).send(routes).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()["data"].clone()
}

/// Where an answer was read, and the answer without that.
fn apart(mut data: Value) -> (String, Value) {
    let served_from = data.as_object_mut().unwrap().remove("served_from").unwrap();
    (served_from.as_str().unwrap().to_owned(), data)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_event_nothing_about_its_currency_is_from_before_it_and_the_rest_stays_cached() {
    let services = with_history().await;
    let (cached, plain) = (routes(&services, services.cache.clone()), routes(&services, nowhere()));
    // A correction of the newest day, a second rate of it, a new day.
    let events = [
        ("2026-10-30T13:15:00Z", "2026-10-30T18:00:00Z", "1400.5"),
        ("2026-10-30T15:15:00Z", "2026-10-30T18:00:00Z", "1444.25"),
        ("2026-11-02T13:15:00Z", "2026-11-02T15:00:00Z", "1500.125"),
    ];
    for (recorded_at, updated_at, value) in events {
        for path in WITH_USD.iter().chain(&WITHOUT_USD) {
            get(&cached, path).await;
            let (served_from, _) = apart(get(&cached, path).await);
            // Days named by the caller, a day's rates, and pairs whose currencies end on different days are not cached.
            let is_cached = !path.contains("from=") && !path.contains("/rates") && !recorded_at.starts_with("2026-11");
            assert!(served_from == "cache" || !is_cached, "{path}: {served_from}");
        }
        let usd = rate("USD", "ecb", recorded_at, updated_at, value);
        services.history.rate_updated(&[usd]).await.unwrap();
        for (place, path) in WITH_USD.iter().enumerate() {
            let (served_from, data) = apart(get(&cached, path).await);
            // What comes later may stand on what the first has cached again.
            assert!(served_from == "store" || place > 0, "{path} after {value}");
            assert_eq!(data, apart(get(&plain, path).await).1, "{path} after {value}");
            let (_, again) = apart(get(&cached, path).await);
            assert_eq!(again, data, "{path} after {value}, read again");
        }
        let newest = get(&cached, "/api/v1/history?target=USD").await;
        let row = newest["results"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (row["close"].to_string().as_str(), &newest["recorded_at"]),
            (value, &recorded_at.into())
        );
        for path in WITHOUT_USD {
            let (served_from, data) = apart(get(&cached, path).await);
            assert_eq!(served_from, "cache", "{path} after {value}");
            assert_eq!(data, apart(get(&plain, path).await).1, "{path} after {value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_readers_who_miss_one_computes() {
    let services = with_history().await;
    // A machine that is busy with other tests may keep a reader waiting for longer than readers have patience, who then compute for themselves, as they should.
    let cache = services.cache.clone().with_patience(Duration::from_secs(60));
    let routes = routes(&services, cache);
    // Hours are told of the days of a series, which are a part of their own: somebody else may get the lock for those.
    get(&routes, "/api/v1/history?base=CHF&target=JPY&period=1w").await;
    for path in [
        "/api/v1/history?target=USD&period=1y",
        "/api/v1/history?base=GBP&target=EUR&period=3m",
        "/api/v1/history?base=CHF&target=JPY&period=1w&interval=hourly",
        "/api/v1/history/stats?target=GBP&period=6m",
        "/api/v1/history/compare?targets=CNY,THB,SEK&period=6m",
        "/api/v1/history/forecast/INR",
    ] {
        let answers = join_all((0..50).map(|_| get(&routes, path))).await;
        let (places, data): (Vec<String>, Vec<Value>) = answers.into_iter().map(apart).unzip();
        assert_eq!(places.iter().filter(|place| *place == "store").count(), 1, "{path}");
        assert!(data.iter().all(|one| *one == data[0]), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_the_answers_are_the_same_from_the_store() {
    let directory = std::env::temp_dir().join(format!("hwanyul-test-{}", Uuid::new_v4().simple()));
    let mut redis = Redis::start(&Options::in_dir(directory.join("redis"))).await.unwrap();
    let services = with_history().await;
    let cache = Cache::new(RedisConfig {
        url: redis.url(),
        cluster: false,
        ca_file: None,
    });
    let routes = routes(&services, cache);
    let mut before = Vec::new();
    for path in WITH_USD {
        get(&routes, path).await;
        before.push(apart(get(&routes, path).await));
    }
    assert!(before.iter().filter(|(served_from, _)| served_from == "cache").count() >= 10);
    redis.kill().await.unwrap();
    for (path, (_, before)) in WITH_USD.iter().zip(before) {
        assert_eq!(apart(get(&routes, path).await), ("store".to_owned(), before), "{path}");
    }
    let health = get(&routes, "/health/history").await;
    assert_eq!(
        (&health["status"], &health["dependencies"]["redis"]["up"]),
        (&"degraded".into(), &false.into())
    );
    redis.restart().await.unwrap();
    get(&routes, WITH_USD[0]).await;
    assert_eq!(apart(get(&routes, WITH_USD[0]).await).0, "cache");
    redis.stop().await.unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgresql_what_is_cached_is_answered_and_the_rest_is_unavailable() {
    let services = with_history().await;
    let warm = routes(&services, services.cache.clone());
    let path = "/api/v1/history?base=USD&target=EUR&period=3m";
    let (_, before) = apart(get(&warm, path).await);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://nobody@{}/nothing", listener.local_addr().unwrap());
    drop(listener);
    let store = shared::store::pool(&|name: &str| (name == "DATABASE_URL").then(|| url.clone())).unwrap();
    let alone = shared::api::with_middleware(history::api::routes(Arc::new(History::new(
        store,
        services.cache.clone(),
    ))));
    assert_eq!(apart(get(&alone, path).await), ("cache".to_owned(), before));
    let paths = [
        "/api/v1/history?target=USD&period=1w",
        "/api/v1/history/rates?date=2026-10-30",
        "/api/v1/history/stats?target=CHF",
    ];
    let alone_ref = &alone;
    let asks = paths.map(|path| async move { Ask::get(path).send(alone_ref).await });
    for (path, reply) in paths.iter().zip(join_all(asks).await) {
        assert_eq!(
            (reply.status.as_u16(), reply.header("retry-after")),
            (503, "5"),
            "{path}: {}",
            reply.text()
        );
        assert_eq!(reply.json()["error"]["code"], "SERVICE_UNAVAILABLE");
    }
    let reply = Ask::get("/health/history").send(&alone).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["data"]["status"]),
        (503, &"down".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_overtaken_by_a_clear_leaves_nothing_behind() {
    let services = with_history().await;
    let routes = routes(&services, services.cache.clone());
    let path = "/api/v1/history?target=USD&period=1w";
    let database = services.environment["DATABASE_URL"].clone();
    // The table is locked, so a reader that has its lease waits in PostgreSQL, with a snapshot of before.
    let mut writer = PgConnection::connect(&database).await.unwrap();
    for statement in ["BEGIN", "LOCK TABLE history.daily_rate IN ACCESS EXCLUSIVE MODE"] {
        sqlx::query(statement).execute(&mut writer).await.unwrap();
    }
    let slow = {
        let routes = routes.clone();
        tokio::spawn(async move { get(&routes, path).await })
    };
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'history.daily_rate'::regclass";
    for _ in 0..1_000 {
        let count: i64 = sqlx::query(waiting).fetch_one(&mut writer).await.unwrap().get(0);
        if count > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let event = "SELECT history.store('{USD}', '{ecb}', '{2026-10-30T13:15:00Z}', '{1400.5}', '{NULL}', '{NULL}', '{2026-10-30T18:00:00Z}')";
    sqlx::query(event).execute(&mut writer).await.unwrap();
    services
        .cache
        .clear_history(&[CurrencyCode::USD], &[Family::History])
        .await
        .unwrap();
    sqlx::query("COMMIT").execute(&mut writer).await.unwrap();
    assert_eq!(slow.await.unwrap()["served_from"], "store");
    let entry = key::history(CurrencyCode::USD, Period::Week, Interval::Daily);
    assert_eq!(
        services.cache.computed(&entry).await.unwrap(),
        None,
        "the clear came after the lease"
    );
    let after = get(&routes, path).await;
    assert_eq!(
        (
            &after["served_from"],
            after["results"].as_array().unwrap().last().unwrap()["close"]
                .to_string()
                .as_str()
        ),
        (&"store".into(), "1400.5")
    );
    assert_eq!(get(&routes, path).await["served_from"], "cache");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_computed_again() {
    let services = with_history().await;
    let routes = routes(&services, services.cache.clone());
    for (path, entry) in [
        (
            "/api/v1/history?target=USD&period=3m",
            key::history(CurrencyCode::USD, Period::Quarter, Interval::Daily),
        ),
        (
            "/api/v1/history/stats?target=USD&period=3m",
            key::stats(CurrencyCode::USD, Period::Quarter),
        ),
    ] {
        let (_, before) = apart(get(&routes, path).await);
        for odd in [
            "",
            "null",
            "{}",
            r#"{"version":0,"value":{}}"#,
            r#"{"version":2,"value":{"days":[["#,
        ] {
            let command = redis::cmd("SET").arg(&entry).arg(odd).to_owned();
            command.exec_async(&mut services.redis.clone()).await.unwrap();
            assert_eq!(apart(get(&routes, path).await).1, before, "{path}: {odd}");
            assert_eq!(
                apart(get(&routes, path).await),
                ("cache".to_owned(), before.clone()),
                "{path}: {odd}"
            );
        }
    }
}

#[tokio::test]
async fn every_entry_is_one_that_a_clear_names() {
    let services = with_history().await;
    let routes = routes(&services, services.cache.clone());
    for path in WITH_USD.iter().chain(&WITHOUT_USD) {
        get(&routes, path).await;
    }
    let keys = async || -> Vec<String> {
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("*")
            .query_async(&mut services.redis.clone())
            .await
            .unwrap();
        keys.into_iter()
            .filter(|key| !key.starts_with("guard:") && !key.starts_with("turn:"))
            .collect()
    };
    assert!(keys().await.len() >= 15, "{:?}", keys().await);
    let codes: Vec<CurrencyCode> = CurrencyCode::all().collect();
    services
        .cache
        .clear_history(&codes, &[Family::History, Family::Stats, Family::Analysis])
        .await
        .unwrap();
    assert_eq!(keys().await, Vec::<String>::new());
}
