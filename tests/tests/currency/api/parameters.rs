//! Routes beside codes, and parameters that are refused.

use super::*;

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
