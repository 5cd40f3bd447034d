//! Days without rates, periods, and too few closes.

use super::*;

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
