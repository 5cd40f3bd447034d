//! Inputs that get a clear 4xx and nothing else.

use serde_json::json;
use tests::api::Ask;

use crate::{NOON, Servers, click, click_with, error, get};

#[tokio::test]
async fn a_body_that_is_not_documented_is_refused_and_nothing_is_counted() {
    let servers = Servers::start().await;
    let routes = servers.routes(NOON);
    let huge = format!(r#"{{"country":"US","user_id":"{}"}}"#, "x".repeat(7 << 20));
    let long = format!(r#"{{"country":"US","user_id":"{}"}}"#, "x".repeat(129));
    for (body, code) in [
        ("", "INVALID_PARAMETER"),
        ("country=US", "INVALID_PARAMETER"),
        ("null", "INVALID_PARAMETER"),
        ("[]", "MISSING_PARAMETER"),
        (r#"["US","USD","u"]"#, "INVALID_PARAMETER"),
        ("{}", "MISSING_PARAMETER"),
        (r#"{"country":"US"}"#, "MISSING_PARAMETER"),
        (r#"{"user_id":"u"}"#, "MISSING_PARAMETER"),
        (r#"{"country":"US","user_id":"u"#, "INVALID_PARAMETER"),
        (r#"{"country":"US","user_id":"u"} {}"#, "INVALID_PARAMETER"),
        (r#"{"country":"US","user_id":""}"#, "INVALID_PARAMETER"),
        (r#"{"country":"US","user_id":"a\u0000b"}"#, "INVALID_PARAMETER"),
        (r#"{"country":"US","user_id":"\ud800"}"#, "INVALID_PARAMETER"),
        (r#"{"country":"US","user_id":7}"#, "INVALID_PARAMETER"),
        (r#"{"country":"US","user_id":{"$gt":""}}"#, "INVALID_PARAMETER"),
        (r#"{"country":{"$ne":null},"user_id":"u"}"#, "INVALID_PARAMETER"),
        (r#"{"country":["US"],"user_id":"u"}"#, "INVALID_PARAMETER"),
        (
            r#"{"country":null,"currency_code":"USD","user_id":"u"}"#,
            "INVALID_PARAMETER",
        ),
        (
            r#"{"country":"US","currency_code":"USD","user_id":"u"}"#,
            "INVALID_PARAMETER",
        ),
        (r#"{"country":"US","user_id":"u","clicks":9}"#, "INVALID_PARAMETER"),
        (r#"{"country":"US","user_id":"u","$where":"1"}"#, "INVALID_PARAMETER"),
        (r#"{"country":"$ne","user_id":"u"}"#, "INVALID_COUNTRY_CODE"),
        (r#"{"country":"us","user_id":"u"}"#, "INVALID_COUNTRY_CODE"),
        (r#"{"country":"ZZ","user_id":"u"}"#, "INVALID_COUNTRY_CODE"),
        (r#"{"country":"","user_id":"u"}"#, "INVALID_COUNTRY_CODE"),
        (r#"{"currency_code":"US","user_id":"u"}"#, "INVALID_CURRENCY_CODE"),
        (r#"{"currency_code":"EUR","user_id":"u"}"#, "INVALID_PARAMETER"),
        (&long, "INVALID_PARAMETER"),
        (&huge, "INVALID_PARAMETER"),
    ] {
        let shown: String = body.chars().take(80).collect();
        let reply = click_with(&json!(null)).body(body).send(&routes).await;
        assert_eq!(reply.status, 400, "{shown}: {}", reply.text());
        error(&reply, 400, code);
        assert!(reply.body.len() < 1000, "{shown}: {}", reply.text());
    }
    let plain = Ask::get("/api/v1/rankings/click")
        .method("POST")
        .header("content-type", "text/plain");
    error(
        &plain.body(r#"{"country":"US","user_id":"u"}"#).send(&routes).await,
        400,
        "INVALID_PARAMETER",
    );
    let with_query = Ask::post(
        "/api/v1/rankings/click?country=US",
        &json!({ "country": "US", "user_id": "u" }),
    );
    error(&with_query.send(&routes).await, 400, "INVALID_PARAMETER");
    assert_eq!(servers.stored().await, 0);
}

#[tokio::test]
async fn a_currency_of_several_countries_asks_for_the_country() {
    let routes = Servers::start().await.routes(NOON);
    let reply = click_with(&json!({ "currency_code": "EUR", "user_id": "u" }))
        .send(&routes)
        .await;
    let error = error(&reply, 400, "INVALID_PARAMETER");
    assert_eq!(error["details"]["parameter"], "currency_code");
    assert!(
        error["details"]["allowed"]
            .as_str()
            .unwrap()
            .contains(r#"name one, such as {"country": "#),
        "{error}"
    );
}

#[tokio::test]
async fn a_key_is_one_to_128_printable_characters() {
    let servers = Servers::start().await;
    let routes = servers.routes(NOON);
    for key in ["", " ", &"k".repeat(129), "a\tb", "열쇠"] {
        let reply = click("US").header("idempotency-key", key).send(&routes).await;
        error(&reply, 400, "INVALID_PARAMETER");
        assert!(reply.text().contains("Idempotency-Key"), "{}", reply.text());
    }
    assert_eq!(servers.stored().await, 0);
    for key in [&"k".repeat(128), "{\"$ne\": null}", "a b"] {
        let reply = click("US").header("idempotency-key", key).send(&routes).await;
        assert_eq!(reply.status, 201, "{key}: {}", reply.text());
    }
}

#[tokio::test]
async fn an_odd_parameter_is_refused_by_name() {
    let routes = Servers::start().await.routes(NOON);
    for (query, code) in [
        ("period=yearly", "INVALID_PERIOD"),
        ("period=Daily", "INVALID_PERIOD"),
        ("period=%7B%22%24ne%22%3A1%7D", "INVALID_PERIOD"),
        ("period=", "INVALID_PARAMETER"),
        ("limit=0", "INVALID_PARAMETER"),
        ("limit=51", "INVALID_PARAMETER"),
        ("limit=-1", "INVALID_PARAMETER"),
        ("limit=1000000000", "INVALID_PARAMETER"),
        ("offset=10001", "INVALID_PARAMETER"),
        ("date=2026-02-30", "INVALID_PARAMETER"),
        ("date=2026-03-02", "INVALID_PARAMETER"),
        ("date=0001-01-01", "INVALID_PARAMETER"),
        ("date=9999-12-31", "INVALID_PARAMETER"),
        ("date=%00", "INVALID_PARAMETER"),
        ("format=xml", "INVALID_PARAMETER"),
        ("days=7", "INVALID_PARAMETER"),
        ("limit=1&limit=2", "INVALID_PARAMETER"),
    ] {
        let reply = get(&routes, &format!("/api/v1/rankings?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text());
        error(&reply, 400, code);
    }
    for (path, code) in [
        ("us", "INVALID_COUNTRY_CODE"),
        ("USA", "INVALID_COUNTRY_CODE"),
        ("%24ne", "INVALID_COUNTRY_CODE"),
        ("%00", "INVALID_COUNTRY_CODE"),
        ("%FF", "INVALID_PARAMETER"),
        (&"x".repeat(10_000), "INVALID_COUNTRY_CODE"),
        ("US?days=0", "INVALID_PARAMETER"),
        ("US?days=31", "INVALID_PARAMETER"),
        ("US?day=7", "INVALID_PARAMETER"),
    ] {
        let reply = get(&routes, &format!("/api/v1/rankings/stats/{path}")).await;
        error(&reply, 400, code);
        assert!(reply.body.len() < 1000);
    }
    assert_eq!(get(&routes, "/health/ranking?verbose=1").await.status, 400);
    assert_eq!(get(&routes, "/api/v1/rankings/click").await.status, 405);
    assert_eq!(get(&routes, "/api/v1/rankings/stats").await.status, 404);
}

#[tokio::test]
async fn the_first_day_has_a_week_and_a_month() {
    let routes = Servers::start().await.routes(NOON);
    for period in ["daily", "weekly", "monthly"] {
        let reply = get(&routes, &format!("/api/v1/rankings?date=1970-01-01&period={period}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

#[tokio::test]
async fn what_is_described_is_what_is_served() {
    let described = serde_json::to_value(ranking::api::openapi()).unwrap();
    let paths: Vec<&String> = described["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/api/v1/rankings",
            "/api/v1/rankings/click",
            "/api/v1/rankings/stats/{country}",
            "/health/ranking"
        ]
    );
    let country = &described["paths"]["/api/v1/rankings/stats/{country}"]["get"]["parameters"][0];
    assert_eq!(
        country["schema"]["enum"].as_array().unwrap().len(),
        shared::country::CountryCode::all().len()
    );
    assert_eq!(country["required"], true);
    let key = &described["paths"]["/api/v1/rankings/click"]["post"]["parameters"][0];
    assert_eq!(
        (&key["required"], &key["schema"]["type"]),
        (&false.into(), &"string".into())
    );
    let body = &described["components"]["schemas"]["ClickRequest"]["oneOf"];
    assert_eq!(body.as_array().unwrap().len(), 2);
    for schema in ["CountryClick", "CurrencyClick"] {
        let schema = &described["components"]["schemas"][schema];
        assert_eq!(schema["additionalProperties"], false, "{schema}");
        assert_eq!(schema["required"].as_array().unwrap().len(), 2, "{schema}");
    }
}
