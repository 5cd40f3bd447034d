//! Crosses within a day, and days of several sources.

use super::*;

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
