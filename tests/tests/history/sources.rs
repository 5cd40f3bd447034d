//! Several sources beside each other: of a day as of now, each rate of two currencies is made of two that one source set at one instant, in a series as in
//! a list and in a conversion.

use std::sync::Arc;

use axum::Router;
use chrono::{Days, NaiveDate, SecondsFormat, TimeDelta, Utc};
use currency::Currency;
use history::History;
use serde_json::{Value, json};
use shared::event::ExchangeRateUpdated;
use tests::api::{Ask, Reply};
use tests::ecb::observations;
use tests::{Services, rate};

fn routes(services: &Services) -> Router {
    let currency = Currency::new(services.store.clone(), services.cache.clone());
    let history = History::new(services.store.clone(), services.cache.clone());
    shared::api::with_middleware(
        currency::api::routes(Arc::new(currency)).merge(history::api::routes(Arc::new(history))),
    )
}

async fn get(routes: &Router, path: &str) -> Reply {
    Ask::get(path).send(routes).await
}

async fn data(routes: &Router, path: &str) -> Value {
    let reply = get(routes, path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()["data"].clone()
}

/// Rates of one source and instant, in both services.
async fn set(services: &Services, source: &str, at: &str, rates: &[(&str, &str)]) {
    let event = |(code, value): &(&str, &str)| rate(code, source, at, at, value);
    let events: Vec<ExchangeRateUpdated> = rates.iter().map(event).collect();
    services.currency.rate_updated(&events).await.unwrap();
    services.history.rate_updated(&events).await.unwrap();
}

/// Dates and prices of a series: open, high, low, close.
fn bars(series: &Value) -> Vec<(String, [Value; 4])> {
    let bar = |row: &Value| {
        let prices = ["open", "high", "low", "close"].map(|price| row[price].clone());
        (row["date"].as_str().unwrap().to_owned(), prices)
    };
    series["results"].as_array().unwrap().iter().map(bar).collect()
}

fn flat(at: &str, price: f64) -> (String, [Value; 4]) {
    (at.to_owned(), [(); 4].map(|()| json!(price)))
}

#[tokio::test]
async fn a_point_of_a_series_is_of_the_first_source_that_has_both() {
    let services = Services::start().await;
    let routes = routes(&services);
    set(
        &services,
        "exchangerate_api",
        "2026-10-30T00:00:01Z",
        &[("TWD", "45"), ("USD", "1300")],
    )
    .await;
    set(
        &services,
        "ecb",
        "2026-10-30T13:15:00Z",
        &[("USD", "1320"), ("GBP", "1800")],
    )
    .await;
    set(
        &services,
        "koreaexim",
        "2026-11-03T02:00:00Z",
        &[("USD", "1410"), ("EUR", "1505"), ("SAR", "375")],
    )
    .await;
    set(
        &services,
        "ecb",
        "2026-11-03T13:15:00Z",
        &[("USD", "1420"), ("GBP", "1900")],
    )
    .await;
    let of_both = [flat("2026-11-03", 1.067375887)];
    let spans = [
        "period=1d",
        "period=1w",
        "period=1y",
        "from=2026-10-01",
        "from=2026-10-01&to=2026-11-03",
    ];
    for span in spans {
        // Twice, so that the second is of what the first has cached.
        for _ in 0..2 {
            let series = data(&routes, &format!("/api/v1/history?base=USD&target=EUR&{span}")).await;
            assert_eq!(bars(&series), of_both, "{span}");
            assert_eq!(series["source"], "koreaexim", "{span}");
            assert_eq!(series["recorded_at"], "2026-11-03T02:00:00Z", "{span}");
        }
        let series = data(&routes, &format!("/api/v1/history?base=USD&target=TWD&{span}")).await;
        assert_eq!(bars(&series), [flat("2026-10-30", 0.03461538462)], "{span}");
        assert_eq!(series["source"], "exchangerate_api", "{span}");
    }
    let hourly = data(&routes, "/api/v1/history?base=USD&target=EUR&period=1w&interval=hourly").await;
    assert_eq!(bars(&hourly), [flat("2026-11-03T02:00:00Z", 1.067375887)]);
    let list = data(&routes, "/api/v1/history/rates?date=2026-11-03&base=USD").await;
    assert_eq!(list["rates"]["EUR"], 1.067375887);
    let converted = data(&routes, "/api/v1/convert?from=EUR&to=USD&date=2026-11-03").await;
    assert_eq!(converted["rate"], 1.067375887);
    // Both have rates of that day, and no source has both.
    for path in [
        "history?base=GBP&target=SAR&period=1w",
        "history?base=GBP&target=SAR&from=2026-11-01",
        "history/stats?base=GBP&target=SAR&period=1w",
        "convert?from=SAR&to=GBP&date=2026-11-03",
        "convert?from=SAR&to=GBP",
    ] {
        let reply = get(&routes, &format!("/api/v1/{path}")).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
        assert!(reply.text().contains("source has"), "{path}: {}", reply.text());
    }
    // The ECB's EUR clears what was cached of the pair, and goes first.
    set(&services, "ecb", "2026-11-03T13:15:00Z", &[("EUR", "1562")]).await;
    let series = data(&routes, "/api/v1/history?base=USD&target=EUR&period=1w").await;
    assert_eq!(bars(&series), [flat("2026-11-03", 1.1)]);
    assert_eq!(series["source"], "ecb");
}

#[tokio::test]
async fn statistics_and_comparisons_are_of_points_of_one_source() {
    let services = Services::start().await;
    let routes = routes(&services);
    let first: NaiveDate = "2026-09-01".parse().unwrap();
    let days: Vec<NaiveDate> = first.iter_days().take(40).collect();
    for (place, day) in days.iter().enumerate() {
        let of = |value: usize| (value + place % 7).to_string();
        let [usd, eur, jpy, of_ecb] = [of(1400), of(1500), of(9), of(2000)];
        set(
            &services,
            "koreaexim",
            &format!("{day}T02:00:00Z"),
            &[("USD", &usd), ("EUR", &eur), ("JPY", &jpy)],
        )
        .await;
        // A won of its own, so that no mixture goes unnoticed.
        set(&services, "ecb", &format!("{day}T13:15:00Z"), &[("USD", &of_ecb)]).await;
    }
    let last = (days.len() - 1) % 7;
    let ratio = |over: usize, under: usize| {
        let exact = f64::from(u32::try_from(over + last).unwrap()) / f64::from(u32::try_from(under + last).unwrap());
        format!("{exact:.9}")
    };
    let stats = data(&routes, "/api/v1/history/stats?base=USD&target=EUR&period=1m").await;
    assert_eq!(
        format!("{:.9}", stats["current_rate"].as_f64().unwrap()),
        ratio(1500, 1400)
    );
    assert_eq!(stats["source"], "koreaexim");
    let compared = data(&routes, "/api/v1/history/compare?base=USD&targets=EUR,JPY&period=1m").await;
    assert_eq!(compared["source"], "koreaexim");
    for one in compared["currencies"].as_array().unwrap() {
        let over = if one["currency_code"] == "EUR" { 1500 } else { 9 };
        assert_eq!(
            format!("{:.9}", one["current_rate"].as_f64().unwrap()),
            ratio(over, 1400),
            "{one}"
        );
    }
}

#[tokio::test]
async fn a_rate_of_two_is_of_the_newest_instant_that_both_have() {
    let services = Services::start().await;
    let routes = routes(&services);
    let source = "exchangerate_api";
    for (at, rates) in [
        ("2026-11-04T08:00:00Z", &[("USD", "1420"), ("EUR", "1500")][..]),
        ("2026-11-04T10:00:00Z", &[("USD", "1430"), ("EUR", "1510")]),
        ("2026-11-04T12:00:00Z", &[("EUR", "1600")]),
        ("2026-11-04T13:00:00Z", &[("JPY", "9")]),
    ] {
        set(&services, source, at, rates).await;
    }
    let rate = json!(1.055944056);
    for date in ["", "&date=2026-11-04"] {
        let converted = data(&routes, &format!("/api/v1/convert?from=EUR&to=USD{date}")).await;
        assert_eq!(converted["rate"], rate, "{date}");
        for leg in converted["path"].as_array().unwrap() {
            assert_eq!(leg["recorded_at"], "2026-11-04T10:00:00Z", "{date}");
        }
        // A day of one source, and no instant of it.
        let none = get(&routes, &format!("/api/v1/convert?from=JPY&to=USD{date}")).await;
        assert_eq!(none.status, 404, "{date}: {}", none.text());
    }
    for path in [
        "currencies/latest?base=USD",
        "currencies/latest?base=USD&symbols=EUR",
        "history/rates?date=2026-11-04&base=USD",
        "history/rates?date=2026-11-05&base=USD&symbols=EUR,JPY",
    ] {
        let list = data(&routes, &format!("/api/v1/{path}")).await;
        assert_eq!(list["rates"]["EUR"], rate, "{path}");
        assert!(list["rates"]["JPY"].is_null(), "{path}");
    }
    for _ in 0..2 {
        let series = data(&routes, "/api/v1/history?base=USD&target=EUR&period=1w").await;
        assert_eq!(
            bars(&series),
            [(
                "2026-11-04".to_owned(),
                [json!(1.056338028), json!(1.056338028), rate.clone(), rate.clone()]
            )]
        );
        assert_eq!(series["recorded_at"], "2026-11-04T10:00:00Z");
    }
    for path in [
        "history?base=USD&target=JPY&period=1w",
        "history?base=USD&target=JPY&from=2026-11-01",
    ] {
        let none = get(&routes, &format!("/api/v1/{path}")).await;
        assert_eq!(none.status, 404, "{path}: {}", none.text());
    }
}

/// Days of the ECB before the clock's, oldest first.
fn of_late(count: usize) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = Vec::new();
    let mut day = Utc::now().date_naive();
    while days.len() < count {
        day = day - Days::new(1);
        if shared::schedule::publishes_on("ecb", day) {
            days.push(day);
        }
    }
    days.reverse();
    days
}

#[tokio::test]
async fn a_pair_that_no_source_has_had_for_long_has_no_current_rate() {
    let services = Services::start().await;
    let routes = routes(&services);
    set(
        &services,
        "ecb",
        "2022-03-01T13:15:00Z",
        &[("RUB", "10"), ("GBP", "1600"), ("USD", "1200")],
    )
    .await;
    let days = of_late(4);
    for day in &days {
        set(
            &services,
            "ecb",
            &format!("{day}T13:15:00Z"),
            &[("GBP", "1900"), ("USD", "1450"), ("CHF", "1800")],
        )
        .await;
    }
    let now = (Utc::now() - TimeDelta::hours(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
    set(&services, "exchangerate_api", &now, &[("RUB", "17"), ("USD", "1460")]).await;
    // Each has a rate of its own, and so has the pair that a source has.
    assert_eq!(data(&routes, "/api/v1/currencies/RUB").await["deal_base_rate"], 17);
    assert_eq!(data(&routes, "/api/v1/currencies/GBP").await["deal_base_rate"], 1900);
    let converted = data(&routes, "/api/v1/convert?from=USD&to=RUB").await;
    assert_eq!(converted["source"], "exchangerate_api");
    // Of different sources, and the common day is a day or so ago: that is a rate.
    let converted = data(&routes, "/api/v1/convert?from=USD&to=GBP").await;
    assert_eq!(converted["effective_date"], json!(days.last()));

    for (from, to) in [("GBP", "RUB"), ("RUB", "GBP")] {
        let reply = get(&routes, &format!("/api/v1/convert?from={from}&to={to}")).await;
        assert_eq!(reply.status, 404, "{}", reply.text());
        let error = &reply.json()["error"];
        assert_eq!(error["details"]["last_date"], "2022-03-01", "{error}");
        assert_eq!(error["details"]["suggestions"], json!(["date=2022-03-01"]));
    }
    assert_eq!(
        data(&routes, "/api/v1/convert?from=GBP&to=RUB&date=2022-03-01").await["rate"],
        160
    );
    for symbols in ["", "&symbols=USD,RUB"] {
        let list = data(&routes, &format!("/api/v1/currencies/latest?base=GBP{symbols}")).await;
        assert!(list["rates"]["RUB"].is_null(), "{list}");
        assert!(!list["rates"]["USD"].is_null(), "{list}");
        assert_eq!(
            list["ended"],
            json!([{"currency_code": "RUB", "last_date": "2022-03-01", "state": "interrupted"}])
        );
        assert_eq!(list["missing"], json!([]));
    }
    let alone = get(&routes, "/api/v1/currencies/latest?base=GBP&symbols=RUB").await;
    assert_eq!(alone.status, 404, "{}", alone.text());
    assert_eq!(alone.json()["error"]["details"]["last_date"], "2022-03-01");
}

#[tokio::test]
async fn a_pair_of_a_source_that_is_silent_as_a_whole_is_old_and_no_more() {
    let services = Services::start().await;
    let routes = routes(&services);
    set(
        &services,
        "ecb",
        "2026-09-01T13:15:00Z",
        &[("RUB", "10"), ("GBP", "1600"), ("USD", "1200")],
    )
    .await;
    set(&services, "koreaexim", "2026-10-30T02:00:00Z", &[("GBP", "1900")]).await;
    let converted = data(&routes, "/api/v1/convert?from=GBP&to=RUB").await;
    assert_eq!(converted["rate"], 160);
    assert_eq!(converted["stale"], true);
    assert_eq!(converted["effective_date"], "2026-09-01");
}

#[tokio::test]
async fn a_day_of_one_source_is_looked_for_where_another_has_published_since() {
    let services = Services::start().await;
    let routes = routes(&services);
    // A Friday and the Saturday after it.
    set(
        &services,
        "ecb",
        "2026-10-30T13:15:00Z",
        &[("USD", "1335"), ("EUR", "1491")],
    )
    .await;
    set(
        &services,
        "exchangerate_api",
        "2026-10-31T00:00:01Z",
        &[("TWD", "45"), ("USD", "1336")],
    )
    .await;
    for (pair, day) in [
        ("from=EUR&to=USD", "2026-10-30"),
        ("from=EUR&to=KRW", "2026-10-30"),
        ("from=USD&to=KRW", "2026-10-31"),
        ("from=TWD&to=USD", "2026-10-31"),
    ] {
        let converted = data(&routes, &format!("/api/v1/convert?{pair}&date=2026-10-31")).await;
        assert_eq!(converted["effective_date"], day, "{pair}");
        assert_eq!(converted["requested_date"], "2026-10-31", "{pair}");
    }
    // The ECB goes on without the euro's dollar: from then on its last one is not taken for a later day's.
    set(&services, "ecb", "2026-11-02T13:15:00Z", &[("EUR", "1492")]).await;
    let none = get(&routes, "/api/v1/convert?from=EUR&to=USD&date=2026-11-02").await;
    assert_eq!(none.status, 404, "{}", none.text());
}

#[tokio::test]
async fn a_conversion_and_a_list_of_one_day_are_of_one_age() {
    let services = Services::start().await;
    let routes = routes(&services);
    set(
        &services,
        "ecb",
        "2026-10-30T13:15:00Z",
        &[("USD", "1335"), ("EUR", "1491")],
    )
    .await;
    for (date, is_stale) in [
        ("2026-10-30", false),
        ("2026-11-01", false),
        // The ECB publishes at 16:00 in Frankfurt, and did not.
        ("2026-11-02", true),
        ("2026-11-06", true),
    ] {
        let list = data(
            &routes,
            &format!("/api/v1/history/rates?date={date}&base=USD&symbols=EUR"),
        )
        .await;
        let converted = data(&routes, &format!("/api/v1/convert?from=EUR&to=USD&date={date}")).await;
        assert_eq!(
            (&list["stale"], &converted["stale"]),
            (&json!(is_stale), &json!(is_stale)),
            "{date}"
        );
    }
}

#[tokio::test]
async fn a_list_is_fresh_until_the_first_of_its_rates_may_be_replaced() {
    let services = Services::start().await;
    let routes = routes(&services);
    // Renewed a day after they were set: one in ten minutes, the other in hours.
    let ago = |minutes| (Utc::now() - TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
    set(&services, "exchangerate_api", &ago(24 * 60 - 10), &[("TWD", "45")]).await;
    set(&services, "exchangerate_api", &ago(60), &[("USD", "1335")]).await;
    let seconds = async |path: &str| -> u64 {
        let reply = get(&routes, &format!("/api/v1/currencies/{path}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let after = reply
            .header("cache-control")
            .split("max-age=")
            .nth(1)
            .unwrap_or("0")
            .to_owned();
        after
            .split(|letter: char| !letter.is_ascii_digit())
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    assert!(seconds("USD").await > 3000);
    for path in [
        "TWD",
        "latest",
        "latest?symbols=USD,TWD",
        "latest?symbols=TWD,USD",
        "multiple?symbols=USD,TWD",
    ] {
        let seconds = seconds(path).await;
        assert!((540..=600).contains(&seconds), "{path}: {seconds}");
    }
}

#[tokio::test]
async fn a_comparison_ends_on_the_newest_day_that_all_have() {
    let services = Services::start().await;
    let routes = routes(&services);
    let days = "2024-06-01".parse().unwrap()..="2026-10-30".parse().unwrap();
    for batch in observations(days).chunks(5_000) {
        services.history.rate_updated(batch).await.unwrap();
    }
    // Bulgaria adopted the euro on 2026-01-01. What is cached of each must not be what is compared.
    for (base, period, from, points) in [
        ("EUR", "1y", "2024-12-31", Some(256)),
        ("KRW", "1y", "2024-12-31", Some(256)),
        ("KRW", "1y", "2024-12-31", Some(256)),
        ("EUR", "6m", "2025-06-30", None),
        ("KRW", "6m", "2025-06-30", None),
    ] {
        let path = format!("/api/v1/history/compare?targets=BGN,HUF&base={base}&period={period}");
        let compared = data(&routes, &path).await;
        for one in compared["currencies"].as_array().unwrap() {
            assert_eq!(
                (&one["from"], &one["to"]),
                (&json!(from), &json!("2025-12-31")),
                "{path}: {one}"
            );
            if let Some(points) = points {
                assert_eq!(one["data_points"], points, "{path}");
            }
        }
        assert_eq!(compared["recorded_at"], "2025-12-31T13:15:00Z", "{path}");
    }
    let path = "/api/v1/history/compare?targets=BGN,HUF&base=EUR&period=1y";
    let compared = data(&routes, path).await;
    let forint = compared["currencies"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["currency_code"] == "HUF");
    let stats = data(
        &routes,
        "/api/v1/history/stats?target=HUF&base=EUR&from=2024-12-31&to=2025-12-31",
    )
    .await;
    assert_eq!(forint.unwrap()["period_change_percent"], stats["period_change_percent"]);
    assert_eq!(forint.unwrap()["period_change_percent"], 6.802544435);
}

#[tokio::test]
async fn nothing_is_forecast_of_a_currency_that_goes_on_no_more() {
    let services = Services::start().await;
    let routes = routes(&services);
    let days = "2025-06-01".parse().unwrap()..="2026-10-30".parse().unwrap();
    for batch in observations(days).chunks(5_000) {
        services.history.rate_updated(batch).await.unwrap();
    }
    set(&services, "ecb", "2022-03-01T13:15:00Z", &[("RUB", "10")]).await;
    for (code, last) in [("BGN", "2025-12-31"), ("RUB", "2022-03-01")] {
        let none = get(&routes, &format!("/api/v1/history/forecast/{code}")).await;
        assert_eq!(none.status, 404, "{}", none.text());
        assert_eq!(none.json()["error"]["details"]["last_date"], last);
    }
    // The ECB is silent as a whole in this test, whatever today is: that is no end.
    data(&routes, "/api/v1/history/forecast/USD").await;
}
