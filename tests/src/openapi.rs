//! `docs/openapi.yaml`: the descriptions of the three services, made from their handlers, in one document, with real answers as examples.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// One request per operation whose answer becomes its example. The rates are chosen so that every number of the answer survives a reader of floats.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "latestRates",
        "/api/v1/currencies/latest?base=USD&symbols=EUR,JPY,KRW,XAF",
    ),
    ("currentRates", "/api/v1/currencies/multiple?symbols=EUR,XAF"),
    (
        "searchCurrencies",
        "/api/v1/currencies/search?country=%EB%AF%B8%EA%B5%AD",
    ),
    ("currentRate", "/api/v1/currencies/EUR"),
    (
        "convert",
        "/api/v1/convert?from=EUR&to=KRW&amount=100.50&date=2026-11-01",
    ),
    (
        "history",
        "/api/v1/history?base=USD&target=EUR&from=2026-10-26&to=2026-10-30",
    ),
    (
        "historyRates",
        "/api/v1/history/rates?date=2026-11-01&base=USD&symbols=EUR,JPY",
    ),
    ("historyStats", "/api/v1/history/stats?base=USD&target=EUR&period=3m"),
    (
        "historyCompare",
        "/api/v1/history/compare?base=USD&targets=EUR,JPY&period=3m",
    ),
    ("historyForecast", "/api/v1/history/forecast/EUR?days=3"),
    ("ranking", "/api/v1/rankings?period=daily&limit=3"),
    ("countryStats", "/api/v1/rankings/stats/US?days=3"),
];

/// What the answers' own time becomes, so that the document is the same each time it is made.
pub const TIMESTAMP: &str = "2026-10-30T15:10:00.000Z";

/// The document, with `examples` by operation.
///
/// # Panics
/// When a description is no JSON.
#[must_use]
pub fn document(examples: &BTreeMap<String, Value>) -> Value {
    let parts = [
        currency::api::openapi(),
        history::api::openapi(),
        ranking::api::openapi(),
    ];
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hwanyul (환율)",
            "version": "1",
            "description": "Exchange rates with their history, statistics, forecasts and rankings. A rate is the price of one unit of the target in units of the base, and every answer names its `unit`. Numbers are decimals; read them as decimals.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}
        },
        "servers": [{"url": "/"}],
        "tags": [], "paths": {},
        "components": {
            "schemas": {},
            "securitySchemes": {"iam": {"type": "apiKey", "in": "header", "name": "Authorization",
                "description": "AWS Signature Version 4 for the service `execute-api`, made with IAM credentials that may call the route.",
                "x-amazon-apigateway-authtype": "awsSigv4"}}
        }
    });
    for part in parts {
        let part = serde_json::to_value(part).unwrap();
        for (path, item) in part["paths"].as_object().into_iter().flatten() {
            let taken = object(&mut document["paths"]).insert(path.clone(), item.clone());
            assert!(taken.is_none(), "two services have {path}");
        }
        for (name, schema) in part["components"]["schemas"].as_object().into_iter().flatten() {
            let before = object(&mut document["components"]["schemas"]).insert(name.clone(), schema.clone());
            assert!(
                before.is_none_or(|before| before == *schema),
                "two services have another {name}"
            );
        }
        let tags = part["tags"].as_array().cloned().unwrap_or_default();
        document["tags"].as_array_mut().unwrap().extend(tags);
    }
    join(&mut document);
    let described = document["paths"].to_string();
    for operation in examples.keys() {
        assert!(
            described.contains(&format!("\"operationId\":\"{operation}\"")),
            "no service has an operation {operation}"
        );
    }
    for item in object(&mut document["paths"]).values_mut() {
        for operation in object(item).values_mut().filter(|operation| operation.is_object()) {
            finish(operation, examples);
        }
    }
    document
}

/// utoipa 6.0 writes an inlined enum that has a default or a description of its own as that enum *and* an object, which nothing can be: makes one schema of
/// the two.
fn join(value: &mut Value) {
    if let Some([first, second]) = value.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && first["type"] == "string"
        && second["type"] == "object"
    {
        let mut joined = first.clone();
        let added = second
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "type");
        object(&mut joined).extend(added.map(|(name, value)| (name.clone(), value.clone())));
        *value = joined;
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(join),
        Value::Array(items) => items.iter_mut().for_each(join),
        _ => {}
    }
}

/// What the middleware adds to every operation, and the example.
fn finish(operation: &mut Value, examples: &BTreeMap<String, Value>) {
    let correlation = json!({"description": "Echoed from the request, or made.", "schema": {"type": "string"}});
    for (status, response) in object(&mut operation["responses"]) {
        let mut headers = json!({"X-Correlation-ID": correlation});
        if status == "200" {
            headers["ETag"] = json!({"description": "Weak; changes when and only when the data or their format do. Send it as `If-None-Match` to be answered 304.", "schema": {"type": "string"}});
        }
        if status == "429" || status == "503" {
            headers["Retry-After"] = json!({"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}});
        }
        response["headers"] = headers;
    }
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    if let Some(example) = examples.get(&id) {
        operation["responses"]["200"]["content"]["application/json"]["example"] = example.clone();
    }
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().unwrap()
}

/// The document as it is kept.
///
/// # Panics
/// When it has no YAML.
#[must_use]
pub fn yaml(document: &Value) -> String {
    let head =
        "# Made from the handlers' own types and answers. To make it again: HWANYUL_WRITE_DOCS=1 ./tests/run openapi\n";
    // In the order in which people read it; the map itself is sorted by name.
    let parts = ["openapi", "info", "servers", "tags", "paths", "components"];
    assert_eq!(document.as_object().map(Map::len), Some(parts.len()));
    let part = |name: &&str| serde_yaml_ng::to_string(&BTreeMap::from([(*name, &document[*name])])).unwrap();
    head.to_owned() + &parts.iter().map(part).collect::<String>()
}
