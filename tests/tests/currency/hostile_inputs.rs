//! What people and programs send who mean no good, or nothing at all: every parameter of every route gets it, and each answer is a clear 4xx.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::api::Ask;
use tests::{Services, openapi, rate, read_apis};

/// Values that no parameter of a fixed form may take, encoded.
fn hostile() -> Vec<String> {
    let thousand: Vec<String> = (0..1000_u32).map(|place| format!("A{:02}", place % 100)).collect();
    [
        "%00",
        "USD%00",
        "%27%3B%20DROP%20TABLE%20history.rate%3B--",
        "1%20OR%201%3D1",
        "%24%7Bjndi%3Aldap%3A%2F%2Fx%7D",
        "%7B%22%24ne%22%3Anull%7D",
        "USD%0D%0AFLUSHALL%0D%0A",
        "%7BUSD%7D%3A*",
        "*",
        "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd",
        "%FF%FE",
        "%",
        "%E0%80%80",
        "",
        "-1",
        "1000000000",
        "1e308",
        "0001-01-01",
        "9999-12-31",
        "2026-02-30",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["x".repeat(10_000), thousand.join(",")])
    .collect()
}

/// A value that is allowed, so that only the hostile one is at fault.
fn allowed(name: &str) -> &'static str {
    match name {
        "targets" => "EUR,JPY",
        "symbols" => "EUR,USD",
        "from" | "base" => "USD",
        "to" | "target" => "EUR",
        "date" => "2026-10-30",
        _ => "USD",
    }
}

#[tokio::test]
async fn every_parameter_of_every_route_refuses_what_it_is_not_for() {
    let services = Services::start().await;
    let rates =
        ["USD", "EUR", "JPY"].map(|code| rate(code, "ecb", "2026-10-30T13:15:00Z", "2026-10-30T15:05:00Z", "7"));
    services.currency.rate_updated(&rates).await.unwrap();
    services.history.rate_updated(&rates).await.unwrap();
    let routes = read_apis::all(&services, None);
    let document = openapi::document(&BTreeMap::new());
    let (mut asked, mut parameters_seen) = (0, 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let of =
                |place: &str| -> Vec<Value> { parameters.iter().filter(|one| one["in"] == place).cloned().collect() };
            let path_with = |value: &str| match path.split_once('{') {
                Some((head, _)) => format!("{head}{value}"),
                None => path.clone(),
            };
            let required: Vec<String> = of("query")
                .iter()
                .filter(|one| one["required"] == true)
                .map(|one| one["name"].as_str().unwrap().to_owned())
                .collect();
            let mut targets: Vec<(String, String)> = Vec::new();
            for value in hostile() {
                for parameter in of("query") {
                    let name = parameter["name"].as_str().unwrap();
                    let others = required
                        .iter()
                        .filter(|other| *other != name)
                        .map(|other| format!("{other}={}&", allowed(other)));
                    let default = if path.ends_with("{country}") { "US" } else { "USD" };
                    let query: String = others.collect();
                    targets.push((
                        format!("{name}={value}"),
                        format!("{}?{query}{name}={value}", path_with(default)),
                    ));
                }
                if path.contains('{') && !value.is_empty() {
                    targets.push((format!("path {value}"), path_with(&value)));
                }
                // An unknown parameter, whatever its value.
                targets.push((format!("zzz={value}"), format!("{}?zzz={value}", path_with("USD"))));
            }
            parameters_seen += parameters.len();
            for (what, target) in targets {
                // A whole number is a page to begin with, and a small amount is one.
                if is_allowed(&what) {
                    continue;
                }
                let mut ask = Ask::get(&target).method(&method.to_uppercase()).signed();
                if method == "post" {
                    let click = json!({"country": "US", "user_id": "u"}).to_string();
                    ask = ask.header("content-type", "application/json").body(&click);
                }
                let reply = ask.send(&routes).await;
                let shown: String = what.chars().take(60).collect();
                assert!(
                    reply.status.is_client_error(),
                    "{method} {path} {shown}: {} {}",
                    reply.status,
                    reply.text()
                );
                let error = &reply.json()["error"];
                assert!(
                    error["code"].is_string() && reply.json()["success"] == false,
                    "{method} {path} {shown}"
                );
                assert!(
                    error["message"].as_str().unwrap().len() < 600,
                    "{method} {path} {shown}: {error}"
                );
                assert_eq!(reply.header("access-control-allow-origin"), "*");
                asked += 1;
            }
        }
    }
    assert!(
        asked > 1000 && parameters_seen >= 30,
        "{asked} requests, {parameters_seen} parameters"
    );
    // Nothing of it did anything.
    assert_eq!(services.current_rates().await.len(), 3);
    assert_eq!(services.observations().await.len(), 3);
}

/// The few of the values that are good ones for these parameters.
fn is_allowed(what: &str) -> bool {
    matches!(what, "amount=1000000000")
}

#[tokio::test]
async fn spans_that_end_before_they_begin_or_are_too_long_are_refused() {
    let services = Services::start().await;
    let routes = read_apis::all(&services, None);
    let series = "/api/v1/history?target=USD";
    for (query, code, named) in [
        ("&from=2026-10-30&to=2026-10-01", "INVALID_PARAMETER", "2026-10-30"),
        ("&from=2010-01-01&to=2026-10-01", "INVALID_PARAMETER", "ten years"),
        ("&from=0001-01-01&to=2026-10-01", "INVALID_PARAMETER", "0001-01-01"),
        ("&from=2026-10-01&to=9999-10-01", "INVALID_PARAMETER", "9999-10-01"),
        ("&period=2w", "INVALID_PERIOD", "2w"),
        ("&period=1y&interval=hourly", "INVALID_PERIOD", "hourly"),
        (
            "&period=1m&from=2026-10-01",
            "INVALID_PERIOD",
            "either period, or from and to",
        ),
        ("&base=USD", "INVALID_PARAMETER", "USD"),
    ] {
        let reply = Ask::get(&format!("{series}{query}")).send(&routes).await;
        let error = &reply.json()["error"];
        assert_eq!(
            (reply.status.as_u16(), error["code"].as_str().unwrap()),
            (400, code),
            "{query}: {error}"
        );
        assert!(error["message"].as_str().unwrap().contains(named), "{query}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_click_is_refused() {
    let services = Services::start().await;
    let routes = read_apis::all(&services, None);
    let json_type = "application/json";
    let large = format!(r#"{{"country":"US","user_id":"{}"}}"#, "x".repeat(5_000_000));
    for (content_type, body) in [
        (json_type, "not JSON"),
        (json_type, ""),
        (json_type, "[]"),
        (json_type, "null"),
        (json_type, r#"{"country":"US"}"#),
        (json_type, r#"{"country":"US","user_id":""}"#),
        (json_type, r#"{"country":"US","user_id":"u","admin":true}"#),
        (json_type, r#"{"country":{"$ne":null},"user_id":"u"}"#),
        (json_type, r#"{"country":"US","user_id":{"$gt":""}}"#),
        (json_type, r#"{"country":"us","user_id":"u"}"#),
        (json_type, r#"{"currency_code":"EUR","user_id":"u"}"#),
        (json_type, r#"{"country":"US","currency_code":"USD","user_id":"u"}"#),
        (json_type, "{\"country\":\"US\",\"user_id\":\"a\\u0000b\"}"),
        (json_type, &large),
        ("text/plain", r#"{"country":"US","user_id":"u"}"#),
        ("application/x-www-form-urlencoded", "country=US&user_id=u"),
    ] {
        let ask = Ask::get("/api/v1/rankings/click")
            .method("POST")
            .header("content-type", content_type)
            .body(body);
        let reply = ask.send(&routes).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!(reply.status, 400, "{content_type} {shown}: {}", reply.text());
        assert!(
            reply.json()["error"]["message"].as_str().unwrap().len() < 600,
            "{shown}"
        );
    }
    let ranking = Ask::get("/api/v1/rankings").send(&routes).await.json();
    assert_eq!(ranking["data"]["totals"]["total_clicks"], 0, "{ranking}");
}
