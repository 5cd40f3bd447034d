//! Currencies that ended, and rates of two days.

use super::*;

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
