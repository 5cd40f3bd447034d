//! Crosses, a currency in itself, and every digit of a result.

use super::*;

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
