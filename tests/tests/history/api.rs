//! The read API's part History on real servers: directions, days, sources, hours, parameters and formats.

use std::sync::Arc;

use axum::Router;
use history::History;
use serde_json::{Value, json};
use shared::currency::CurrencyCode;
use tests::api::{Ask, Reply};
use tests::ecb::observations;
use tests::{Services, rate};

fn routes(services: &Services) -> Router {
    let service = History::new(services.store.clone(), services.cache.clone());
    shared::api::with_middleware(history::api::routes(Arc::new(service)))
}

async fn with_history(from: &str) -> (Services, Router) {
    let services = Services::start().await;
    let events = observations(from.parse().unwrap()..="2026-10-30".parse().unwrap());
    services.history.rate_updated(&events).await.unwrap();
    let routes = routes(&services);
    (services, routes)
}

async fn get(routes: &Router, path: &str) -> Reply {
    Ask::get(path).send(routes).await
}

async fn data(routes: &Router, path: &str) -> Value {
    let reply = get(routes, path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()["data"].clone()
}

#[tokio::test]
async fn a_weekends_rates_are_those_of_the_last_day_that_has_any() {
    let (_stack, routes) = with_history("2026-10-01").await;
    for (path, expected) in [
        (
            "date=2026-10-31&symbols=USD,EUR,RUB",
            json!({"EUR": 1491.76, "USD": 1_335.266_738_274_257}),
        ),
        (
            "date=2026-11-01&base=USD&symbols=EUR,KRW,USD,RUB",
            json!({"EUR": 1.1172, "KRW": 0.000_748_914_034_4, "USD": 1}),
        ),
        (
            "date=2026-11-01&base=EUR&symbols=USD,RUB&inverse=true",
            json!({"USD": 1.1172}),
        ),
    ] {
        let day = data(&routes, &format!("/api/v1/history/rates?{path}")).await;
        assert_eq!(day["rates"], expected, "{path}");
        assert_eq!(
            (&day["effective_date"], &day["missing"]),
            (&json!("2026-10-30"), &json!(["RUB"])),
            "{path}"
        );
        assert_eq!(
            (&day["stale"], &day["source"], &day["recorded_at"]),
            (&json!(false), &json!("ecb"), &json!("2026-10-30T13:15:00Z"))
        );
        assert_eq!(day["served_from"], "store");
    }
    let all = data(&routes, "/api/v1/history/rates?date=2026-10-30").await;
    assert_eq!(
        (all["rates"].as_object().unwrap().len(), &all["requested_date"]),
        (29, &json!("2026-10-30"))
    );
    let turned = data(&routes, "/api/v1/history/rates?date=2026-10-30&base=USD").await;
    assert_eq!(turned["rates"].as_object().unwrap().len(), 29, "KRW instead of USD");
    assert_eq!(
        data(&routes, "/api/v1/history/rates?date=2026-11-10").await["stale"],
        true
    );
    for path in ["date=2026-11-14", "date=2026-09-30", "date=2026-10-30&base=RUB"] {
        assert_eq!(
            get(&routes, &format!("/api/v1/history/rates?{path}")).await.status,
            404,
            "{path}"
        );
    }
    let csv = get(
        &routes,
        "/api/v1/history/rates?date=2026-10-31&symbols=USD,EUR&format=csv",
    )
    .await;
    assert_eq!(
        csv.text(),
        "date,currency_code,rate,unit,source,recorded_at\r\n\
         2026-10-30,EUR,1491.76,KRW per EUR,ecb,2026-10-30T13:15:00Z\r\n\
         2026-10-30,USD,1335.26673827425707,KRW per USD,ecb,2026-10-30T13:15:00Z\r\n"
    );
}

#[tokio::test]
async fn a_period_ends_at_the_newest_day_of_the_pair_and_says_when_that_is_old() {
    let (_stack, routes) = with_history("2025-06-01").await;
    for (path, from, to, points) in [
        ("target=USD", "2026-09-30", "2026-10-30", 23),
        ("target=USD&period=1d", "2026-10-29", "2026-10-30", 2),
        ("target=USD&period=1w", "2026-10-23", "2026-10-30", 6),
        (
            "target=USD&from=2026-10-24&to=2026-10-25",
            "2026-10-24",
            "2026-10-25",
            0,
        ),
        ("target=USD&from=2026-11-01", "2026-11-01", "2026-11-01", 0),
        // The lev ended with 2025; both of its pairs end there, the one with the dollar too.
        ("target=BGN&period=1w", "2025-12-24", "2025-12-31", 4),
        ("base=BGN&target=USD&period=1w", "2025-12-24", "2025-12-31", 4),
    ] {
        let series = data(&routes, &format!("/api/v1/history?{path}")).await;
        assert_eq!(
            (&series["from"], &series["to"], &series["data_points"]),
            (&json!(from), &json!(to), &json!(points)),
            "{path}"
        );
        assert_eq!(series["stale"], true, "October 2026 is past");
        assert_eq!(series["results"].as_array().unwrap().len(), points);
    }
    let empty = data(&routes, "/api/v1/history?target=USD&from=2026-10-24&to=2026-10-25").await;
    assert_eq!(
        (&empty["source"], &empty["recorded_at"], &empty["period"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(
        empty["statistics"],
        json!({"average": null, "min": null, "max": null, "volatility": null, "trend": "stable"})
    );
    let unit = data(&routes, "/api/v1/history?base=USD&target=EUR&inverse=true&period=1d").await;
    assert_eq!((&unit["unit"], &unit["inverse"]), (&json!("EUR per USD"), &json!(true)));
    assert_eq!(unit["results"][1]["rate"], 0.895_094_880_1);
    assert_eq!(
        (&unit["results"][0]["change"], &unit["results"][0]["change_percent"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn too_little_data_is_an_error_that_counts_it() {
    let (_stack, routes) = with_history("2026-09-01").await;
    for (path, available, required) in [
        ("stats?target=USD&from=2026-10-30", 1, 2),
        ("stats?target=USD&from=2026-10-24&to=2026-10-25", 0, 2),
        ("compare?targets=USD,EUR&period=1w", 5, 20),
        ("forecast/USD", 44, 60),
    ] {
        let reply = get(&routes, &format!("/api/v1/history/{path}")).await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.text());
        let error = reply.json()["error"].clone();
        assert_eq!(error["code"], "NOT_ENOUGH_DATA");
        assert_eq!(
            (&error["details"]["available"], &error["details"]["required"]),
            (&json!(available), &json!(required)),
            "{path}"
        );
    }
    for path in [
        "?target=RUB",
        "?base=RUB&target=USD",
        "/stats?target=RUB",
        "/compare?targets=USD,RUB",
        "/forecast/RUB",
    ] {
        let reply = get(&routes, &format!("/api/v1/history{path}")).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["error"]["code"]),
            (404, &json!("NOT_FOUND")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_by_name() {
    let (_stack, routes) = with_history("2026-09-01").await;
    for (path, code, parameter) in [
        ("", "MISSING_PARAMETER", "target"),
        ("?target=USD&to=2026-10-30", "MISSING_PARAMETER", "from"),
        ("/rates", "MISSING_PARAMETER", "date"),
        ("/compare", "MISSING_PARAMETER", "targets"),
        ("?target=usd", "INVALID_CURRENCY_CODE", "target"),
        ("?target=KRW", "INVALID_PARAMETER", "target"),
        ("?target=USD&base=USD", "INVALID_PARAMETER", "target"),
        ("?target=USD&symbol=1", "INVALID_PARAMETER", "parameter"),
        ("?target=USD&period=2w", "INVALID_PERIOD", "period"),
        ("?target=USD&period=1w&from=2026-10-01", "INVALID_PERIOD", "period"),
        ("?target=USD&interval=hourly", "INVALID_PERIOD", "interval"),
        (
            "?target=USD&interval=hourly&from=2026-10-22&to=2026-10-30",
            "INVALID_PERIOD",
            "interval",
        ),
        ("?target=USD&interval=yearly", "INVALID_PARAMETER", "interval"),
        ("?target=USD&from=2026-10-30&to=2026-10-29", "INVALID_PARAMETER", "from"),
        ("?target=USD&from=2016-10-29&to=2026-10-30", "INVALID_PARAMETER", "from"),
        ("?target=USD&from=2006-10-30", "INVALID_PARAMETER", "from"),
        ("?target=USD&from=0001-01-01", "INVALID_PARAMETER", "from"),
        ("?target=USD&format=xml", "INVALID_PARAMETER", "format"),
        ("/compare?targets=USD", "INVALID_PARAMETER", "targets"),
        ("/compare?targets=USD,KRW", "INVALID_PARAMETER", "targets"),
        (
            "/compare?targets=USD,EUR,JPY,GBP,CHF,CNY,THB,INR,IDR,SEK,NOK",
            "INVALID_PARAMETER",
            "targets",
        ),
        (
            "/compare?targets=USD,EUR&inverse=true",
            "INVALID_PARAMETER",
            "parameter",
        ),
        ("/forecast/KRW", "INVALID_PARAMETER", "code"),
        ("/forecast/usd", "INVALID_CURRENCY_CODE", "code"),
        ("/forecast/USD?days=31", "INVALID_PARAMETER", "days"),
        ("/forecast/USD?days=0", "INVALID_PARAMETER", "days"),
    ] {
        let reply = get(&routes, &format!("/api/v1/history{path}")).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text());
        let error = reply.json()["error"].clone();
        assert_eq!(
            (&error["code"], &error["details"]["parameter"]),
            (&json!(code), &json!(parameter)),
            "{path}: {error}"
        );
    }
    assert_eq!(
        get(
            &routes,
            "/api/v1/history?target=USD&interval=hourly&from=2026-10-23&to=2026-10-30"
        )
        .await
        .status,
        200
    );
}

#[tokio::test]
async fn a_cross_within_the_day_is_told_by_instants_that_both_have() {
    let services = Services::start().await;
    let at = |code: &str, time: &str, value: &str| {
        let recorded_at = format!("2026-10-30T{time}:00Z");
        rate(code, "koreaexim", &recorded_at, &recorded_at, value)
    };
    let events = [
        at("USD", "01:05", "1000"),
        at("USD", "01:40", "2000"),
        at("USD", "03:00", "1250"),
        at("USD", "05:00", "1000"),
        at("EUR", "01:05", "1500"),
        at("EUR", "01:40", "3000"),
        at("EUR", "02:30", "9000"),
        at("EUR", "03:00", "1500"),
        at("EUR", "05:00", "1600"),
        rate(
            "USD",
            "koreaexim",
            "2026-10-29T01:00:00Z",
            "2026-10-29T01:00:00Z",
            "1000",
        ),
        rate(
            "EUR",
            "koreaexim",
            "2026-10-29T01:00:00Z",
            "2026-10-29T01:00:00Z",
            "1600",
        ),
    ];
    services.history.rate_updated(&events).await.unwrap();
    let routes = routes(&services);
    let rows = |series: &Value| -> Vec<String> {
        let row = |row: &Value| {
            format!(
                "{} {} {} {} {}",
                row["date"].as_str().unwrap(),
                row["open"],
                row["high"],
                row["low"],
                row["close"]
            )
        };
        series["results"].as_array().unwrap().iter().map(row).collect()
    };
    // The first time from the store, the second from the cache.
    for served_from in ["store", "cache"] {
        for (path, expected) in [
            (
                "base=USD&target=EUR&period=1d",
                &["2026-10-29 1.6 1.6 1.6 1.6", "2026-10-30 1.5 1.6 1.2 1.6"][..],
            ),
            (
                "target=EUR&period=1d",
                &["2026-10-29 1600 1600 1600 1600", "2026-10-30 1500 9000 1500 1600"],
            ),
            (
                "target=USD&period=1d&inverse=true",
                &[
                    "2026-10-29 0.001 0.001 0.001 0.001",
                    "2026-10-30 0.001 0.001 0.0005 0.001",
                ],
            ),
            (
                "base=USD&target=EUR&period=1w&interval=hourly",
                &[
                    "2026-10-29T01:00:00Z 1.6 1.6 1.6 1.6",
                    "2026-10-30T01:00:00Z 1.5 1.5 1.5 1.5",
                    "2026-10-30T03:00:00Z 1.2 1.2 1.2 1.2",
                    "2026-10-30T05:00:00Z 1.6 1.6 1.6 1.6",
                ],
            ),
            (
                "target=USD&period=1d&interval=hourly",
                &[
                    "2026-10-29T01:00:00Z 1000 1000 1000 1000",
                    "2026-10-30T01:00:00Z 1000 2000 1000 2000",
                    "2026-10-30T03:00:00Z 1250 1250 1250 1250",
                    "2026-10-30T05:00:00Z 1000 1000 1000 1000",
                ],
            ),
        ] {
            let series = data(&routes, &format!("/api/v1/history?{path}")).await;
            assert_eq!(rows(&series), expected, "{path} from the {served_from}");
            if served_from == "cache" {
                assert_eq!(series["served_from"], "cache", "{path}");
            }
        }
    }
}

#[tokio::test]
async fn of_several_sources_a_day_is_of_the_first_alone() {
    let services = Services::start().await;
    let on = |source: &str, day: &str, value: &str| {
        rate(
            "USD",
            source,
            &format!("{day}T13:15:00Z"),
            &format!("{day}T15:00:00Z"),
            value,
        )
    };
    let events = [
        on("somebody", "2026-10-26", "1"),
        on("exchangerate_api", "2026-10-27", "2"),
        on("somebody", "2026-10-27", "99"),
        on("exchangerate_api", "2026-10-28", "99"),
        on("koreaexim", "2026-10-28", "3"),
        on("ecb", "2026-10-29", "4"),
        on("koreaexim", "2026-10-29", "99"),
        on("anybody", "2026-10-30", "5"),
        on("somebody", "2026-10-30", "99"),
    ];
    services.history.rate_updated(&events).await.unwrap();
    let routes = routes(&services);
    let series = data(&routes, "/api/v1/history?target=USD").await;
    let closes: Vec<&Value> = series["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["close"])
        .collect();
    assert_eq!(
        closes,
        [1, 2, 3, 4, 5].map(|close| json!(close)).iter().collect::<Vec<_>>()
    );
    assert_eq!(series["source"], "ecb,koreaexim,exchangerate_api,anybody,somebody");
    let hourly = data(&routes, "/api/v1/history?target=USD&interval=hourly&period=1w").await;
    assert_eq!(hourly["data_points"], 5);
    for (day, close, source) in [
        ("2026-10-27", 2, "exchangerate_api"),
        ("2026-10-29", 4, "ecb"),
        ("2026-10-30", 5, "anybody"),
    ] {
        let rates = shared::store::rates_on(&services.store, day.parse().unwrap(), &[CurrencyCode::USD])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (rates.rates[0].rate.krw.to_string(), rates.rates[0].source.as_str()),
            (close.to_string(), source)
        );
    }
    let none = shared::store::rates_on(&services.store, "2026-11-01".parse().unwrap(), &[CurrencyCode::EUR])
        .await
        .unwrap()
        .unwrap();
    assert_eq!((none.day.to_string().as_str(), none.rates.len()), ("2026-10-30", 0));
}

#[tokio::test]
async fn rows_come_as_csv_and_ndjson_and_an_answer_is_known_by_its_tag() {
    let (services, routes) = with_history("2026-10-01").await;
    let path = "/api/v1/history?base=USD&target=EUR&period=1d";
    let csv = get(&routes, &format!("{path}&format=csv")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    let lines: Vec<String> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "date,open,high,low,close,rate,change,change_percent");
    assert!(
        lines[2].starts_with("2026-10-30,1.1172,1.1172,1.1172,1.1172,1.1172,"),
        "{}",
        lines[2]
    );
    let ndjson = Ask::get(path)
        .header("accept", "application/x-ndjson")
        .send(&routes)
        .await;
    let rows: Vec<Value> = ndjson
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::from(rows), data(&routes, path).await["results"]);

    let first = get(&routes, path).await;
    let tag = first.header("etag").to_owned();
    let again = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!(
        (
            again.status.as_u16(),
            again.body.len(),
            again.header("access-control-allow-origin")
        ),
        (304, 0, "*")
    );
    let usd = rate("USD", "ecb", "2026-10-30T13:15:00Z", "2026-10-30T18:00:00Z", "1400.5");
    services.history.rate_updated(&[usd]).await.unwrap();
    let changed = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn a_forecast_says_how_it_was_chosen_and_ends_where_it_was_asked_to() {
    let (_stack, routes) = with_history("2025-06-01").await;
    let began = std::time::Instant::now();
    let all = data(&routes, "/api/v1/history/forecast/USD?days=30").await;
    println!("cold forecast in {:?}", began.elapsed());
    let week = data(&routes, "/api/v1/history/forecast/USD").await;
    assert_eq!(
        (&all["served_from"], &week["served_from"]),
        (&json!("store"), &json!("cache"))
    );
    assert_eq!(
        week["forecast"].as_array().unwrap()[..],
        all["forecast"].as_array().unwrap()[..7]
    );
    let dates: Vec<&str> = week["forecast"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["date"].as_str().unwrap())
        .collect();
    assert_eq!(
        dates,
        [
            "2026-11-02",
            "2026-11-03",
            "2026-11-04",
            "2026-11-05",
            "2026-11-06",
            "2026-11-09",
            "2026-11-10"
        ]
    );
    let backtest = &all["backtest"];
    assert_eq!((&backtest["horizon"], &backtest["origins"]), (&json!(30), &json!(39)));
    let error = backtest["mean_absolute_scaled_error"].as_f64().unwrap();
    assert!(
        error <= 1.0 && backtest["beats_no_change"] == json!(error < 1.0),
        "{backtest}"
    );
    for code in ["EUR", "JPY", "GBP", "CHF", "CNY", "INR", "IDR", "TRY", "BRL", "THB"] {
        let forecast = data(&routes, &format!("/api/v1/history/forecast/{code}?days=30")).await;
        let last = &forecast["forecast"][29];
        println!("{code} {} {} {last}", forecast["method"], forecast["backtest"]);
        assert!(last["lower"].as_f64().unwrap() > 0.0);
    }
}

#[tokio::test]
async fn health_is_degraded_while_the_newest_rate_is_old() {
    let (services, routes) = with_history("2026-10-01").await;
    let health = data(&routes, "/health/history").await;
    assert_eq!(
        (&health["status"], &health["stale"]),
        (&json!("degraded"), &json!(true))
    );
    assert_eq!(health["newest_recorded_at"], "2026-10-30T13:15:00Z");
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    services
        .history
        .rate_updated(&[rate("USD", "exchangerate_api", &now, &now, "1400")])
        .await
        .unwrap();
    let health = data(&routes, "/health/history").await;
    assert_eq!(
        (&health["status"], &health["stale"], &health["service"]),
        (&json!("ok"), &json!(false), &json!("history"))
    );
}
