//! `docs/openapi.yaml` says what the handlers do, with real answers, and `docs/stack.yaml` what the local stack tells its console. To make them again: `HWANYUL_WRITE_DOCS=1 ./tests/run openapi`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};
use tests::api::Ask;
use tests::checkout::project;
use tests::openapi::{EXAMPLES, TIMESTAMP, document, yaml};
use tests::{Services, ecb, read_apis};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_document_is_what_the_handlers_say_and_its_examples_are_what_they_answer() {
    let services = Services::start().await;
    let observations = ecb::observations(day("2025-10-01")..=day("2026-10-30"));
    services.history.rate_updated(&observations).await.unwrap();
    services.currency.rate_updated(&observations).await.unwrap();
    // Noon in Korea.
    let routes = read_apis::all(&services, Some("2026-10-30T03:00:00Z".parse().unwrap()));
    for (country, clicks) in [("US", 3), ("JP", 2), ("VN", 2)] {
        for _ in 0..clicks {
            let click = json!({"country": country, "user_id": "the-test"});
            assert_eq!(
                Ask::post("/api/v1/rankings/click", &click).send(&routes).await.status,
                201
            );
        }
    }
    let mut examples = BTreeMap::new();
    for (operation, path) in EXAMPLES {
        // The first fills the cache.
        Ask::get(path).send(&routes).await;
        let reply = Ask::get(path).send(&routes).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let mut answer = reply.json();
        // No digit may get lost between the answer and the document.
        let plain: String = serde_json::to_string(&answer).unwrap();
        assert_eq!(digits(&plain), digits(&reply.text()), "{path}");
        answer["timestamp"] = TIMESTAMP.into();
        examples.insert((*operation).to_owned(), answer);
    }
    let document = document(&examples);
    let operations: Vec<&Value> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .collect();
    assert!(operations.len() >= 18, "{} operations", operations.len());
    for operation in &operations {
        assert!(
            operation["summary"].is_string() && operation["operationId"].is_string(),
            "{operation}"
        );
    }
    let dangling = dangling(&document, &document);
    assert!(dangling.is_empty(), "nothing is there: {dangling:?}");
    let path = project().join("docs/openapi.yaml");
    if std::env::var_os("HWANYUL_WRITE_DOCS").is_some() {
        std::fs::write(&path, yaml(&document)).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(
        kept == yaml(&document),
        "docs/openapi.yaml is out of date: see the head of this test"
    );
    // What is served is what is kept, as this was built.
    let served = Ask::get("/openapi.json").send(&routes).await.json();
    assert!(
        served == serde_yaml_ng::from_str::<Value>(&kept).unwrap() || std::env::var_os("HWANYUL_WRITE_DOCS").is_some()
    );
}

#[test]
fn the_local_stacks_document_is_what_its_console_is_told() {
    let document = serde_json::to_value(localstack::stack::document()).unwrap();
    let dangling = dangling(&document, &document);
    assert!(dangling.is_empty(), "nothing is there: {dangling:?}");
    let text = "# Made from the local stack's own types. To make it again: HWANYUL_WRITE_DOCS=1 ./tests/run openapi\n"
        .to_owned()
        + &serde_yaml_ng::to_string(&document).unwrap();
    let path = project().join("docs/stack.yaml");
    if std::env::var_os("HWANYUL_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(
        kept == text,
        "docs/stack.yaml is out of date: see the head of this test"
    );
}

/// The numbers of a JSON text, sorted, so that the order of fields does not matter.
fn digits(json: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '+' | ':' | '"' | '_');
    let mut numbers: Vec<String> = json
        .split(|letter| !is_part(letter))
        .map(|word| word.rsplit(':').next().unwrap_or(word).to_owned())
        .filter(|word| word.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-') && !word.contains('"'))
        .collect();
    numbers.sort_unstable();
    numbers
}

/// References to what the document does not have; whoever makes a client of it would fail there.
fn dangling(document: &Value, part: &Value) -> Vec<String> {
    let own = part["$ref"].as_str().filter(|reference| {
        let place = reference.strip_prefix('#');
        place.and_then(|place| document.pointer(place)).is_none()
    });
    let below: Vec<&Value> = match part {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let below = below.into_iter().flat_map(|part| self::dangling(document, part));
    own.map(str::to_owned).into_iter().chain(below).collect()
}
