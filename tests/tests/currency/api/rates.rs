//! Rates and conversions: what a number means, and of which day it is.

use super::*;

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
