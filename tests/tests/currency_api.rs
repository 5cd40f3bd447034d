//! The read API's part Currency on real servers: directions, codes beside routes, parameters, formats, tags, and what it does while a server is away.

use std::sync::Arc;

use axum::Router;
use currency::Currency;
use flows::api::{Ask, Reply};
use flows::{Stack, rate};
use serde_json::json;
use shared::cache::Cache;
use shared::config::RedisConfig;
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;

/// The ECB's rates of 2026-10-30, as the ingestor publishes them: KRW for one unit.
fn october_30() -> Vec<ExchangeRateUpdated> {
    [
        ("EUR", "1491.76"),
        ("USD", "1335.26673827425707"),
        ("JPY", "8.49134790528233151"),
    ]
    .map(|(code, deal)| rate(code, "ecb", "2026-10-30T13:15:00Z", "2026-10-30T15:05:00Z", deal))
    .into()
}

fn routes(stack: &Stack) -> Router {
    let service = Currency::new(stack.store.clone(), stack.cache.clone());
    shared::api::edge(currency::api::routes(Arc::new(service)))
}

async fn with_rates() -> (Stack, Router) {
    let stack = Stack::start().await;
    stack.currency.rate_updated(&october_30()).await.unwrap();
    let routes = routes(&stack);
    (stack, routes)
}

async fn get(routes: &Router, path: &str) -> Reply {
    Ask::get(path).send(routes).await
}

/// The text of a number in an answer, digit for digit.
fn number(reply: &Reply, name: &str) -> String {
    let text = reply.text();
    let after = text
        .split(&format!("\"{name}\":"))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {text}"));
    after.split([',', '}']).next().unwrap().to_owned()
}

#[tokio::test]
async fn a_rate_is_the_price_of_one_unit_in_the_base_that_was_asked_for() {
    let (_stack, routes) = with_rates().await;
    for (path, name, digits) in [
        ("/api/v1/currencies/USD", "deal_base_rate", "1335.26673827425707"),
        ("/api/v1/currencies/JPY", "unit_rate", "849.134790528233151"),
        ("/api/v1/currencies/latest", "USD", "1335.26673827425707"),
        ("/api/v1/currencies/latest?base=USD", "EUR", "1.1172"),
        ("/api/v1/currencies/latest?base=USD", "KRW", "0.0007489140344"),
        ("/api/v1/currencies/latest?base=EUR&inverse=true", "USD", "1.1172"),
        ("/api/v1/currencies/latest?base=EUR&symbols=USD", "USD", "0.8950948801"),
        ("/api/v1/currencies/latest?base=USD&symbols=USD,EUR", "USD", "1"),
        ("/api/v1/convert?from=EUR&to=USD&amount=100.50", "result", "112.2786"),
        ("/api/v1/convert?from=EUR&to=USD", "rate", "1.1172"),
        (
            "/api/v1/convert?from=USD&to=KRW&amount=1000000",
            "result",
            "1335266738.27425707",
        ),
        (
            "/api/v1/convert?from=USD&to=KRW&amount=1000000",
            "result_rounded",
            "1335266738",
        ),
        ("/api/v1/convert?from=USD&to=USD&amount=7.5", "result", "7.5"),
    ] {
        let reply = get(&routes, path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(number(&reply, name), digits, "{path}");
    }
    let usd = get(&routes, "/api/v1/currencies/USD").await.json();
    assert_eq!(usd["data"]["unit"], "KRW per USD");
    assert_eq!(usd["data"]["currency_name"], "미국 달러");
    assert_eq!(usd["data"]["source"], "ecb");
    assert_eq!(usd["data"]["recorded_at"], "2026-10-30T13:15:00Z");
    assert_eq!(usd["data"]["served_from"], "cache");
    let convert = get(&routes, "/api/v1/convert?from=EUR&to=USD").await.json();
    assert_eq!(convert["data"]["unit"], "USD per EUR");
    let path: Vec<_> = convert["data"]["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|leg| leg["currency_code"].clone())
        .collect();
    assert_eq!(path, ["EUR", "USD"]);
}

#[tokio::test]
async fn a_weekends_conversion_names_the_day_asked_for_and_the_day_it_got() {
    let (stack, routes) = with_rates().await;
    stack.history.rate_updated(&october_30()).await.unwrap();
    let sunday = get(&routes, "/api/v1/convert?from=EUR&to=USD&date=2026-11-01").await;
    assert_eq!(number(&sunday, "rate"), "1.1172");
    let answer = &sunday.json()["data"];
    assert_eq!(answer["requested_date"], "2026-11-01");
    assert_eq!(answer["effective_date"], "2026-10-30");
    assert_eq!(
        get(&routes, "/api/v1/convert?from=EUR&to=USD&date=2026-11-14")
            .await
            .status,
        404
    );
    assert_eq!(
        get(&routes, "/api/v1/convert?from=EUR&to=USD&date=2026-10-29")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn routes_beside_a_code_are_reachable_and_no_code() {
    let (_stack, routes) = with_rates().await;
    for (path, field) in [
        ("/api/v1/currencies/latest", "rates"),
        ("/api/v1/currencies/multiple?symbols=USD,XAF", "missing"),
        ("/api/v1/currencies/search?q=dollar", "currencies"),
        ("/api/v1/currencies", "currencies"),
    ] {
        let reply = get(&routes, path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert!(!reply.json()["data"][field].is_null(), "{path}");
    }
    let multiple = get(&routes, "/api/v1/currencies/multiple?symbols=USD,XAF,EUR")
        .await
        .json();
    assert_eq!(multiple["data"]["missing"], json!(["XAF"]));
    assert_eq!(multiple["data"]["rates"][1]["currency_code"], "EUR");
    let search = get(&routes, "/api/v1/currencies/search?country=%EB%AF%B8%EA%B5%AD")
        .await
        .json();
    assert_eq!(search["data"]["currencies"][0]["currency_code"], "USD");
    let nothing = get(&routes, "/api/v1/currencies/search?q=dolar").await;
    assert_eq!(nothing.status, 404);
    assert!(
        nothing.json()["error"]["details"]["suggestions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|name| name.as_str().unwrap().contains("dollar"))
    );
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_name_and_what_is_allowed() {
    let (_stack, routes) = with_rates().await;
    for (path, status, code, names) in [
        (
            "/api/v1/currencies/latest?symbol=USD",
            400,
            "INVALID_PARAMETER",
            "symbol",
        ),
        (
            "/api/v1/currencies/latest?symbols=",
            400,
            "INVALID_PARAMETER",
            "symbols",
        ),
        (
            "/api/v1/currencies/latest?base=USD&base=EUR",
            400,
            "INVALID_PARAMETER",
            "base",
        ),
        (
            "/api/v1/currencies/latest?base=usd",
            400,
            "INVALID_CURRENCY_CODE",
            "usd",
        ),
        ("/api/v1/currencies/latest?base=XAF", 404, "NOT_FOUND", "XAF"),
        (
            "/api/v1/currencies/latest?format=xml",
            400,
            "INVALID_PARAMETER",
            "json, csv or ndjson",
        ),
        ("/api/v1/currencies/multiple", 400, "MISSING_PARAMETER", "symbols"),
        ("/api/v1/currencies/search", 400, "MISSING_PARAMETER", "q"),
        ("/api/v1/currencies/ZZZ", 400, "INVALID_CURRENCY_CODE", "ZZZ"),
        ("/api/v1/currencies/XAF", 404, "NOT_FOUND", "XAF"),
        ("/api/v1/currencies/KRW", 404, "NOT_FOUND", "KRW"),
        ("/api/v1/convert?from=USD", 400, "MISSING_PARAMETER", "to"),
        (
            "/api/v1/convert?from=USD&to=KRW&amount=1e308",
            400,
            "INVALID_PARAMETER",
            "1e308",
        ),
        (
            "/api/v1/convert?from=USD&to=KRW&amount=-1",
            400,
            "INVALID_PARAMETER",
            "-1",
        ),
        (
            "/api/v1/convert?from=USD&to=KRW&date=9999-01-01",
            400,
            "INVALID_PARAMETER",
            "9999-01-01",
        ),
        ("/api/v2/anything", 404, "NOT_FOUND", "/api/v2/anything"),
        ("/api/v1/currencies/USD/", 404, "NOT_FOUND", "/api/v1/currencies/USD/"),
    ] {
        let reply = get(&routes, path).await;
        let error = &reply.json()["error"];
        assert_eq!(
            (reply.status.as_u16(), error["code"].as_str().unwrap()),
            (status, code),
            "{path}"
        );
        assert!(error["message"].as_str().unwrap().contains(names), "{path}: {error}");
        assert_eq!(
            (
                reply.header("cache-control"),
                reply.header("access-control-allow-origin")
            ),
            ("no-store", "*")
        );
    }
    let deletion = Ask::get("/api/v1/currencies/cache").method("DELETE");
    assert_eq!(deletion.send(&routes).await.status, 403);
    let wrong_method = Ask::get("/api/v1/currencies/USD").method("PUT").send(&routes).await;
    assert_eq!(
        (wrong_method.status.as_u16(), wrong_method.header("allow")),
        (405, "GET,HEAD")
    );
}

#[tokio::test]
async fn the_tag_changes_when_and_only_when_the_data_do() {
    let (stack, routes) = with_rates().await;
    let path = "/api/v1/currencies/latest?base=USD";
    let first = get(&routes, path).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.json()["data"]["served_from"], "store");
    // Weak, because the bodies of one tag differ in when they were made and where they were read.
    assert!(tag.starts_with("W/\""), "{tag}");
    // From the cache, by another instance, and after the same observation came again: the same data, the same tag.
    assert_eq!(get(&routes, path).await.json()["data"]["served_from"], "cache");
    assert_eq!(get(&self::routes(&stack), path).await.header("etag"), tag);
    stack.currency.rate_updated(&october_30()).await.unwrap();
    let unchanged = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    assert_eq!(
        (
            unchanged.header("etag"),
            unchanged.header("access-control-allow-origin")
        ),
        (&*tag, "*")
    );
    // One digit of one rate: other data, another tag.
    let newer = rate("EUR", "ecb", "2026-11-02T13:15:00Z", "2026-11-02T15:05:00Z", "1491.77");
    stack.currency.rate_updated(&[newer]).await.unwrap();
    let changed = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn latest_of_160_codes_is_one_round_trip_to_redis() {
    let stack = Stack::start().await;
    let codes: Vec<CurrencyCode> = CurrencyCode::all()
        .filter(|code| *code != CurrencyCode::KRW)
        .take(160)
        .collect();
    let rates: Vec<_> = codes
        .iter()
        .map(|code| {
            rate(
                code.as_str(),
                "ecb",
                "2026-10-30T13:15:00Z",
                "2026-10-30T15:05:00Z",
                "7",
            )
        })
        .collect();
    stack.currency.rate_updated(&rates).await.unwrap();
    let routes = routes(&stack);
    let symbols: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let path = format!("/api/v1/currencies/latest?symbols={}", symbols.join(","));
    // Connected before it is measured.
    assert_eq!(get(&routes, &path).await.json()["data"]["served_from"], "cache");
    // Redis counts what its connections read: one pipeline arrives in one read while it is below the buffer of 16 kB.
    let reads = async || -> u64 {
        let stats: String = redis::cmd("INFO")
            .arg("stats")
            .query_async(&mut stack.redis.clone())
            .await
            .unwrap();
        let line = stats
            .lines()
            .find_map(|line| line.strip_prefix("total_reads_processed:"))
            .unwrap();
        line.trim().parse().unwrap()
    };
    let mut fewest = u64::MAX;
    // Other tests use the same server, so the quietest of several counts; two round trips could never show one.
    for _ in 0..50 {
        let before = reads().await;
        let reply = get(&routes, &path).await;
        let after = reads().await;
        assert_eq!(reply.json()["data"]["rates"].as_object().unwrap().len(), 160);
        // The second INFO is one of the reads.
        fewest = fewest.min(after - before - 1);
    }
    assert_eq!(fewest, 1);
}

#[tokio::test]
async fn rows_are_the_same_in_every_format() {
    let (_stack, routes) = with_rates().await;
    let csv = Ask::get("/api/v1/currencies/latest")
        .header("accept", "text/csv")
        .send(&routes)
        .await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    let lines: Vec<String> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "currency_code,rate,unit,source,recorded_at");
    assert_eq!(lines[3], "USD,1335.26673827425707,KRW per USD,ecb,2026-10-30T13:15:00Z");
    let ndjson = get(&routes, "/api/v1/currencies/latest?format=ndjson").await;
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    assert!(
        ndjson
            .text()
            .lines()
            .nth(2)
            .unwrap()
            .contains("\"rate\":1335.26673827425707,")
    );
    assert_eq!((lines.len(), ndjson.text().lines().count()), (4, 3));
}

#[tokio::test]
async fn an_operator_clears_what_is_cached_and_the_next_reader_fills_it() {
    let (stack, routes) = with_rates().await;
    let cleared = Ask::get("/api/v1/currencies/cache?currency_code=USD")
        .method("DELETE")
        .signed()
        .send(&routes)
        .await;
    assert_eq!(cleared.json()["data"], json!({"currency_code": "USD", "entries": 1}));
    assert!(stack.cached_rates(&["USD".parse().unwrap()]).await.is_empty());
    let served = async |path: &str| get(&routes, path).await.json()["data"]["served_from"].clone();
    assert_eq!(served("/api/v1/currencies/EUR").await, "cache");
    assert_eq!(served("/api/v1/currencies/USD").await, "store");
    assert_eq!(served("/api/v1/currencies/USD").await, "cache");
    let all = Ask::get("/api/v1/currencies/cache")
        .method("DELETE")
        .signed()
        .send(&routes)
        .await;
    assert!(all.json()["data"]["entries"].as_u64().unwrap() >= 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_that_fifty_readers_have_at_once_is_computed_once() {
    let (stack, _) = with_rates().await;
    stack
        .cache
        .clear_rates(&CurrencyCode::all().collect::<Vec<_>>())
        .await
        .unwrap();
    let instances: Vec<Router> = (0..50)
        .map(|_| {
            let get = |name: &str| stack.environment.get(name).cloned();
            let cache = Cache::new(RedisConfig::read(&get).unwrap());
            shared::api::edge(currency::api::routes(Arc::new(Currency::new(
                stack.store.clone(),
                cache,
            ))))
        })
        .collect();
    let readers = instances
        .into_iter()
        .map(|routes| tokio::spawn(async move { get(&routes, "/api/v1/currencies/USD").await.json() }));
    let mut from_store = 0;
    for reader in readers.collect::<Vec<_>>() {
        let answer = reader.await.unwrap();
        assert_eq!(answer["data"]["recorded_at"], "2026-10-30T13:15:00Z");
        from_store += usize::from(answer["data"]["served_from"] == "store");
    }
    assert_eq!(from_store, 1);
}

#[tokio::test]
async fn without_redis_answers_come_from_the_store_and_without_both_there_are_none() {
    let (stack, _) = with_rates().await;
    let nowhere = |name: &str| match name {
        "REDIS_URL" => Some("redis://127.0.0.1:1".to_owned()),
        "DATABASE_URL" => Some("postgres://nobody@127.0.0.1:1/none".to_owned()),
        _ => None,
    };
    let no_redis = Cache::new(RedisConfig::read(&nowhere).unwrap());
    let service = Currency::new(stack.store.clone(), no_redis.clone());
    let without_redis = shared::api::edge(currency::api::routes(Arc::new(service)));
    let reply = get(&without_redis, "/api/v1/currencies/latest?base=USD").await;
    assert_eq!(reply.json()["data"]["served_from"], "store");
    assert_eq!(number(&reply, "EUR"), "1.1172");
    let health = get(&without_redis, "/health/currency").await;
    assert_eq!(
        (health.status.as_u16(), health.json()["data"]["status"].clone()),
        (200, json!("degraded"))
    );

    let no_store = shared::store::pool(&nowhere).unwrap();
    let without_store = Currency::new(no_store.clone(), stack.cache.clone());
    let without_store = shared::api::edge(currency::api::routes(Arc::new(without_store)));
    assert_eq!(
        get(&without_store, "/api/v1/currencies/USD").await.json()["data"]["served_from"],
        "cache"
    );
    let uncached = get(&without_store, "/api/v1/currencies/CHF").await;
    assert_eq!(
        (uncached.status.as_u16(), uncached.json()["error"]["code"].clone()),
        (503, json!("SERVICE_UNAVAILABLE"))
    );
    assert_eq!(
        (
            uncached.header("retry-after"),
            uncached.header("access-control-allow-origin")
        ),
        ("5", "*")
    );

    let neither = shared::api::edge(currency::api::routes(Arc::new(Currency::new(no_store, no_redis))));
    assert_eq!(get(&neither, "/api/v1/currencies/USD").await.status, 503);
    assert_eq!(get(&neither, "/health/currency").await.status, 503);
    assert_eq!(get(&neither, "/api/v1/currencies").await.status, 200);
}
