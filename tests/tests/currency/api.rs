//! The read API's part Currency on real servers: directions, codes beside routes, parameters, formats, tags, and what it does while a server is away.

use std::sync::Arc;

use axum::Router;
use chrono::{SecondsFormat, Utc};
use currency::Currency;
use serde_json::json;
use shared::cache::Cache;
use shared::config::RedisConfig;
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use tests::api::{Ask, Reply};
use tests::ecb::observations;
use tests::{Services, rate};

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

/// The same rates as of this moment: of a source that is as fresh as can be.
fn of_now() -> Vec<ExchangeRateUpdated> {
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let fresh = |event: ExchangeRateUpdated| ExchangeRateUpdated {
        recorded_at: now.parse().unwrap(),
        updated_at: now.parse().unwrap(),
        ..event
    };
    october_30().into_iter().map(fresh).collect()
}

fn routes(services: &Services) -> Router {
    let service = Currency::new(services.store.clone(), services.cache.clone());
    shared::api::with_middleware(currency::api::routes(Arc::new(service)))
}

async fn with_rates() -> (Services, Router) {
    let services = Services::start().await;
    services.currency.rate_updated(&october_30()).await.unwrap();
    let routes = routes(&services);
    (services, routes)
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
    let (services, routes) = with_rates().await;
    services.history.rate_updated(&october_30()).await.unwrap();
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
    let (services, routes) = with_rates().await;
    let path = "/api/v1/currencies/latest?base=USD";
    let first = get(&routes, path).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.json()["data"]["served_from"], "store");
    // Weak, because the bodies of one tag differ in when they were made and where they were read.
    assert!(tag.starts_with("W/\""), "{tag}");
    // From the cache, by another instance, and after the same observation came again: the same data, the same tag.
    assert_eq!(get(&routes, path).await.json()["data"]["served_from"], "cache");
    assert_eq!(get(&self::routes(&services), path).await.header("etag"), tag);
    services.currency.rate_updated(&october_30()).await.unwrap();
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
    let newer = rate("EUR", "ecb", "2026-10-30T13:15:00Z", "2026-11-02T15:05:00Z", "1491.77");
    services.currency.rate_updated(&[newer]).await.unwrap();
    let changed = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn latest_of_150_codes_is_one_round_trip_to_redis() {
    let services = Services::start().await;
    let today = Utc::now().date_naive();
    let codes: Vec<CurrencyCode> = CurrencyCode::all()
        .filter(|code| *code != CurrencyCode::KRW && !code.is_withdrawn_on(today))
        .take(150)
        .collect();
    // Of now: of rates that are weeks old it would be asked how far their source is.
    let now = of_now()[0].recorded_at.to_string();
    let rates: Vec<_> = codes
        .iter()
        .map(|code| rate(code.as_str(), "ecb", &now, &now, "7"))
        .collect();
    services.currency.rate_updated(&rates).await.unwrap();
    let routes = routes(&services);
    let symbols: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let path = format!("/api/v1/currencies/latest?symbols={}", symbols.join(","));
    // Connected before it is measured.
    assert_eq!(get(&routes, &path).await.json()["data"]["served_from"], "cache");
    // Redis counts what its connections read: one pipeline arrives in one read while it is below the buffer of 16 kB.
    let reads = async || -> u64 {
        let stats: String = redis::cmd("INFO")
            .arg("stats")
            .query_async(&mut services.redis.clone())
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
        assert_eq!(reply.json()["data"]["rates"].as_object().unwrap().len(), 150);
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
    let (services, routes) = with_rates().await;
    services.currency.rate_updated(&of_now()).await.unwrap();
    let cleared = Ask::get("/api/v1/currencies/cache?currency_code=USD")
        .method("DELETE")
        .signed()
        .send(&routes)
        .await;
    assert_eq!(cleared.json()["data"], json!({"currency_code": "USD", "entries": 1}));
    assert!(services.cached_rates(&["USD".parse().unwrap()]).await.is_empty());
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
    let (services, _) = with_rates().await;
    services
        .cache
        .clear_rates(&CurrencyCode::all().collect::<Vec<_>>())
        .await
        .unwrap();
    let instances: Vec<Router> = (0..50)
        .map(|_| {
            let get = |name: &str| services.environment.get(name).cloned();
            let cache = Cache::new(RedisConfig::read(&get).unwrap());
            shared::api::with_middleware(currency::api::routes(Arc::new(Currency::new(
                services.store.clone(),
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
    let (services, _) = with_rates().await;
    services.currency.rate_updated(&of_now()).await.unwrap();
    let nowhere = |name: &str| match name {
        "REDIS_URL" => Some("redis://127.0.0.1:1".to_owned()),
        "DATABASE_URL" => Some("postgres://nobody@127.0.0.1:1/none".to_owned()),
        _ => None,
    };
    let no_redis = Cache::new(RedisConfig::read(&nowhere).unwrap());
    let service = Currency::new(services.store.clone(), no_redis.clone());
    let without_redis = shared::api::with_middleware(currency::api::routes(Arc::new(service)));
    let reply = get(&without_redis, "/api/v1/currencies/latest?base=USD").await;
    assert_eq!(reply.json()["data"]["served_from"], "store");
    assert_eq!(number(&reply, "EUR"), "1.1172");
    let health = get(&without_redis, "/health/currency").await;
    assert_eq!(
        (health.status.as_u16(), health.json()["data"]["status"].clone()),
        (200, json!("degraded"))
    );

    let no_store = shared::store::pool(&nowhere).unwrap();
    let without_store = Currency::new(no_store.clone(), services.cache.clone());
    let without_store = shared::api::with_middleware(currency::api::routes(Arc::new(without_store)));
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

    let neither = shared::api::with_middleware(currency::api::routes(Arc::new(Currency::new(no_store, no_redis))));
    assert_eq!(get(&neither, "/api/v1/currencies/USD").await.status, 503);
    assert_eq!(get(&neither, "/health/currency").await.status, 503);
    assert_eq!(get(&neither, "/api/v1/currencies").await.status, 200);
}

/// The ECB's rates around the days on which currencies ended, and the newest of the file, in both stores: what a backfill leaves.
async fn with_history() -> (Services, Router) {
    let services = Services::start().await;
    for (from, to) in [
        ("2004-12-30", "2004-12-31"),
        ("2013-12-27", "2014-01-02"),
        ("2022-02-28", "2022-03-02"),
        ("2022-12-29", "2023-01-02"),
        ("2025-12-30", "2026-01-02"),
        ("2026-10-28", "2026-10-30"),
    ] {
        let events = observations(from.parse().unwrap()..=to.parse().unwrap());
        services.currency.rate_updated(&events).await.unwrap();
        services.history.rate_updated(&events).await.unwrap();
    }
    let routes = routes(&services);
    (services, routes)
}

#[tokio::test]
async fn a_currency_that_ended_has_no_current_rate_and_the_days_it_had_go_on() {
    let (_stack, routes) = with_history().await;
    for (pair, last, meeting) in [
        ("from=EUR&to=BGN", "2025-12-31", Some("2025-12-31")),
        ("from=EUR&to=HRK", "2022-12-30", Some("2022-12-30")),
        ("from=USD&to=RUB", "2022-03-01", Some("2022-03-01")),
        ("from=RUB&to=KRW", "2022-03-01", Some("2022-03-01")),
        ("from=EUR&to=LVL&amount=100", "2013-12-31", Some("2013-12-31")),
        // The lev went on for three years without the kuna.
        ("from=BGN&to=HRK", "2025-12-31", Some("2022-12-30")),
        ("from=HRK&to=BGN", "2022-12-30", Some("2022-12-30")),
        // The new lira's first rate is of the next working day.
        ("from=TRL&to=TRY", "2004-12-31", None),
    ] {
        let reply = get(&routes, &format!("/api/v1/convert?{pair}")).await;
        let error = &reply.json()["error"];
        assert_eq!(
            (reply.status.as_u16(), &error["code"]),
            (404, &json!("NOT_FOUND")),
            "{pair}: {error}"
        );
        assert_eq!(error["details"]["last_date"], last, "{pair}: {error}");
        let message = error["message"].as_str().unwrap();
        let Some(meeting) = meeting else {
            assert_eq!(error["details"].get("suggestions"), None, "{pair}: {error}");
            assert!(
                message.contains("there is no day on which one source has a rate for both"),
                "{message}"
            );
            continue;
        };
        assert_eq!(
            error["details"]["suggestions"],
            json!([format!("date={meeting}")]),
            "{pair}"
        );
        // Who follows the hint gets rates of that day.
        let (_, hint) = message.split_once("/api/v1/convert?").unwrap();
        let query = hint.split(' ').next().unwrap();
        let reply = get(&routes, &format!("/api/v1/convert?{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        assert_eq!(reply.json()["data"]["effective_date"], meeting, "{query}");
    }
    // As the file prints them, for one EUR.
    for (path, name, digits) in [
        ("from=EUR&to=BGN&date=2025-12-31", "rate", "1.9558"),
        ("from=EUR&to=HRK&date=2022-12-31", "rate", "7.5365"),
        ("from=EUR&to=LVL&amount=100&date=2013-12-31", "result", "70.2804"),
        ("from=EUR&to=TRL&date=2004-12-31", "rate", "1836200"),
    ] {
        let reply = get(&routes, &format!("/api/v1/convert?{path}")).await;
        assert_eq!(number(&reply, name), digits, "{path}");
    }
    // Latvia had the euro by then: that day's rates have no lats, and the last one is not taken for it.
    let reply = get(&routes, "/api/v1/convert?from=EUR&to=LVL&amount=100&date=2014-01-02").await;
    assert_eq!(reply.status, 404, "{}", reply.text());

    let single = get(&routes, "/api/v1/currencies/RUB").await;
    assert_eq!(single.status, 404);
    assert_eq!(single.json()["error"]["details"]["last_date"], "2022-03-01");
    assert_eq!(get(&routes, "/api/v1/currencies/USD").await.status, 200);
    let rouble = json!({"currency_code": "RUB", "last_date": "2022-03-01", "state": "interrupted"});
    let multiple = get(&routes, "/api/v1/currencies/multiple?symbols=USD,RUB,XAF")
        .await
        .json();
    assert_eq!(multiple["data"]["rates"].as_array().unwrap().len(), 1);
    assert_eq!(multiple["data"]["ended"], json!([rouble]));
    assert_eq!(multiple["data"]["missing"], json!(["XAF"]));
    let base = get(&routes, "/api/v1/currencies/latest?base=RUB").await;
    assert_eq!(
        (base.status.as_u16(), &base.json()["error"]["details"]["last_date"]),
        (404, &json!("2022-03-01"))
    );

    let latest = get(&routes, "/api/v1/currencies/latest?base=USD").await.json()["data"].clone();
    let rates = latest["rates"].as_object().unwrap();
    // What the ECB quotes on 2026-10-30, and the EUR; KRW is among them, the base is not.
    let quoted = observations("2026-10-30".parse().unwrap()..="2026-10-30".parse().unwrap()).len();
    assert_eq!(rates.len(), quoted);
    assert_eq!(latest["recorded_at"], "2026-10-30T13:15:00Z");
    assert_eq!(latest["other_days"], json!({}));
    assert!(latest["ended"].as_array().unwrap().contains(&rouble), "{latest}");
    let ended = |code: &str| {
        latest["ended"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["currency_code"] == code)
            .unwrap()
            .clone()
    };
    assert_eq!(
        ended("BGN"),
        json!({"currency_code": "BGN", "last_date": "2025-12-31", "state": "ended"})
    );
    assert!(
        latest["ended"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| !rates.contains_key(one["currency_code"].as_str().unwrap()))
    );
    let csv = get(&routes, "/api/v1/currencies/latest?base=USD&format=csv")
        .await
        .text();
    assert!(
        csv.lines()
            .skip(1)
            .all(|line| line.ends_with(",ecb,2026-10-30T13:15:00Z")),
        "{csv}"
    );
}

#[tokio::test]
async fn rates_of_two_days_are_crossed_on_the_newest_day_that_both_have() {
    let services = Services::start().await;
    let day = |day: &str| observations(day.parse().unwrap()..=day.parse().unwrap());
    let (before, after) = (day("2026-10-29"), day("2026-10-30"));
    services.currency.rate_updated(&before).await.unwrap();
    services.history.rate_updated(&before).await.unwrap();
    // Of the next day one of three partitions has arrived.
    let usd: Vec<_> = after
        .iter()
        .filter(|event| event.currency_code == CurrencyCode::USD)
        .cloned()
        .collect();
    services.currency.rate_updated(&usd).await.unwrap();
    services.history.rate_updated(&usd).await.unwrap();
    let routes = routes(&services);
    let printed = tests::ecb::printed();
    let of = |day: &str| printed[&("USD".to_owned(), day.parse().unwrap())].clone();
    let convert = get(&routes, "/api/v1/convert?from=EUR&to=USD").await;
    assert_eq!(number(&convert, "rate"), of("2026-10-29"));
    let answer = &convert.json()["data"];
    assert_eq!(answer["effective_date"], "2026-10-29");
    assert_eq!(answer["path"][0]["recorded_at"], answer["path"][1]["recorded_at"]);
    assert_eq!(answer["served_from"], "store");
    let latest = get(
        &routes,
        "/api/v1/currencies/latest?base=EUR&inverse=true&symbols=USD,JPY",
    )
    .await;
    assert_eq!(number(&latest, "USD"), of("2026-10-29"));
    let multiple = get(&routes, "/api/v1/currencies/multiple?symbols=USD,JPY").await.json();
    assert_eq!(multiple["data"]["other_days"], json!({"JPY": "2026-10-29T13:15:00Z"}));
    // In KRW each rate is the row itself, and the list says which is of another day.
    let won = get(&routes, "/api/v1/currencies/latest?symbols=USD,JPY,KRW")
        .await
        .json()["data"]
        .clone();
    assert_eq!(won["recorded_at"], "2026-10-30T13:15:00Z");
    assert_eq!(won["other_days"], json!({"JPY": "2026-10-29T13:15:00Z"}));
    let csv = get(&routes, "/api/v1/currencies/latest?symbols=USD,JPY&format=csv")
        .await
        .text();
    assert!(
        csv.contains(",ecb,2026-10-29T13:15:00Z") && csv.contains(",ecb,2026-10-30T13:15:00Z"),
        "{csv}"
    );
    // The rest arrives.
    services.currency.rate_updated(&after).await.unwrap();
    let convert = get(&routes, "/api/v1/convert?from=EUR&to=USD").await;
    assert_eq!(number(&convert, "rate"), of("2026-10-30"));

    // Without a common day in History there is no such rate; without PostgreSQL nobody knows.
    services
        .currency
        .rate_updated(&[rate(
            "CHF",
            "ecb",
            "2026-11-02T13:15:00Z",
            "2026-11-02T15:05:00Z",
            "1500",
        )])
        .await
        .unwrap();
    sqlx::query("TRUNCATE history.rate, history.daily_rate")
        .execute(&services.store)
        .await
        .unwrap();
    let none = get(&routes, "/api/v1/convert?from=CHF&to=USD").await;
    assert_eq!(none.status, 404, "{}", none.text());
    let list = get(&routes, "/api/v1/currencies/latest?base=USD&symbols=CHF,EUR").await;
    assert_eq!(list.json()["data"]["missing"], json!(["CHF"]));
    assert_eq!(list.header("cache-control"), "public, no-cache");
    let nowhere = |name: &str| (name == "DATABASE_URL").then(|| "postgres://nobody@127.0.0.1:1/none".to_owned());
    get(&routes, "/api/v1/currencies/latest").await;
    let without_store = Currency::new(shared::store::pool(&nowhere).unwrap(), services.cache.clone());
    let without_store = shared::api::with_middleware(currency::api::routes(Arc::new(without_store)));
    assert_eq!(get(&without_store, "/api/v1/convert?from=CHF&to=USD").await.status, 503);
    assert_eq!(get(&without_store, "/api/v1/convert?from=EUR&to=USD").await.status, 200);
}

#[tokio::test]
async fn a_cross_is_of_one_source() {
    let services = Services::start().await;
    let of = |code: &str, source: &str, time: &str, deal: &str| {
        let at = format!("2026-10-30T{time}:00Z");
        rate(code, source, &at, &at, deal)
    };
    // The same day; EUR's and USD's newest rates are of different sources, and one source has both.
    let events = [
        of("EUR", "ecb", "13:15", "1500"),
        of("EUR", "koreaexim", "02:00", "1496"),
        of("USD", "koreaexim", "02:00", "1360"),
        of("JPY", "ecb", "13:15", "9"),
    ];
    services.currency.rate_updated(&events).await.unwrap();
    services.history.rate_updated(&events).await.unwrap();
    let routes = routes(&services);
    for date in ["", "&date=2026-10-30"] {
        let reply = get(&routes, &format!("/api/v1/convert?from=EUR&to=USD{date}")).await;
        assert_eq!(number(&reply, "rate"), "1.1", "{date}");
        assert_eq!(reply.json()["data"]["source"], "koreaexim", "{date}");
        let none = get(&routes, &format!("/api/v1/convert?from=JPY&to=USD{date}")).await;
        assert_eq!(none.status, 404, "{date}: {}", none.text());
    }
    let list = get(&routes, "/api/v1/currencies/latest?base=USD&symbols=EUR,JPY").await;
    assert_eq!(number(&list, "EUR"), "1.1");
    assert_eq!(list.json()["data"]["missing"], json!(["JPY"]));
    assert_eq!(list.json()["data"]["source"], "koreaexim");
    // History's list of a day goes by the same rule.
    let history = history::History::new(services.store.clone(), services.cache.clone());
    let history = shared::api::with_middleware(history::api::routes(Arc::new(history)));
    let day = get(
        &history,
        "/api/v1/history/rates?date=2026-10-30&base=USD&symbols=EUR,JPY,KRW",
    )
    .await;
    assert_eq!(number(&day, "EUR"), "1.1");
    assert_eq!(day.json()["data"]["missing"], json!(["JPY"]));
    assert_eq!(day.json()["data"]["source"], "koreaexim");
}

#[tokio::test]
async fn a_currency_in_itself_is_one_and_of_nobody() {
    let (_stack, routes) = with_rates().await;
    let alone = get(&routes, "/api/v1/currencies/latest?symbols=KRW").await;
    assert_eq!((alone.status.as_u16(), number(&alone, "KRW")), (200, "1".to_owned()));
    let data = &alone.json()["data"];
    assert_eq!(
        (&data["recorded_at"], &data["source"], &data["stale"]),
        (&json!(null), &json!(""), &json!(false))
    );
    let both = get(&routes, "/api/v1/currencies/latest?symbols=KRW,USD").await;
    assert_eq!(
        (number(&both, "KRW"), number(&both, "USD")),
        ("1".to_owned(), "1335.26673827425707".to_owned())
    );
    assert_eq!(both.json()["data"]["recorded_at"], "2026-10-30T13:15:00Z");
    let csv = get(&routes, "/api/v1/currencies/latest?symbols=KRW&format=csv")
        .await
        .text();
    assert_eq!(csv.lines().nth(1).unwrap(), "KRW,1,KRW per KRW,,");
    for path in [
        "from=USD&to=USD&amount=7.5",
        "from=USD&to=USD&amount=7.5&date=2026-01-01",
        "from=XAF&to=XAF&amount=7.5",
    ] {
        let reply = get(&routes, &format!("/api/v1/convert?{path}")).await;
        assert_eq!(
            (number(&reply, "rate"), number(&reply, "result")),
            ("1".to_owned(), "7.5".to_owned()),
            "{path}"
        );
        let data = &reply.json()["data"];
        for (name, value) in [
            ("path", json!([])),
            ("source", json!("")),
            ("recorded_at", json!(null)),
            ("effective_date", json!(null)),
            ("stale", json!(false)),
        ] {
            assert_eq!(data[name], value, "{path}: {name}");
        }
        assert_eq!(reply.header("cache-control"), "public, max-age=3600");
    }
}

#[tokio::test]
async fn a_result_has_every_digit_and_no_minor_unit_is_made_up() {
    let (services, routes) = with_rates().await;
    let xdr = rate("XDR", "ecb", "2026-10-30T13:15:00Z", "2026-10-30T15:05:00Z", "1900");
    services.currency.rate_updated(&[xdr]).await.unwrap();
    for (path, result, rounded) in [
        (
            "from=USD&to=KRW&amount=100.0000000001",
            "133526.673827559233673827425707",
            "133527",
        ),
        // 999999999999999.9999999999 times 1335.26673827425707, by Python's decimal.
        (
            "from=USD&to=KRW&amount=999999999999999.9999999999",
            "1335266738274257069.999999866473326172574293",
            "1335266738274257070",
        ),
        ("from=EUR&to=USD&amount=0.125", "0.13965", "0.14"),
        ("from=KRW&to=XDR&amount=19", "0.0100000000005", "null"),
    ] {
        let reply = get(&routes, &format!("/api/v1/convert?{path}")).await;
        assert_eq!(
            (&*number(&reply, "result"), &*number(&reply, "result_rounded")),
            (result, rounded),
            "{path}"
        );
    }
    let known = get(&routes, "/api/v1/currencies").await.json();
    let of = |code: &str| {
        known["data"]["currencies"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["currency_code"] == code)
            .unwrap()
            .clone()
    };
    assert_eq!(of("XDR")["minor_units"], json!(null));
    assert_eq!(
        (&of("USD")["minor_units"], &of("USD")["last_day"]),
        (&json!(2), &json!(null))
    );
    assert_eq!(of("ANG")["last_day"], "2025-06-30");
}
