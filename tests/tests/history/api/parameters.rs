//! Parameters that are refused.

use super::*;

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
