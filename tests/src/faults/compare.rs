//! What must be equal after a schedule: stores, what the caches hold, what the APIs answer, and which records are dead letters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::currency::CurrencyCode;

use super::schedule::Schedule;
use crate::pipeline::Pipeline;

/// What readers ask meanwhile, and what is compared at the end: each family of caches is among them.
pub const READS: [&str; 10] = [
    "/api/v1/currencies/latest",
    "/api/v1/currencies/USD",
    "/api/v1/currencies/JPY",
    "/api/v1/history?target=USD&period=1m",
    "/api/v1/history?base=JPY&target=EUR&period=3m",
    "/api/v1/history?target=GBP&period=1y&interval=weekly",
    "/api/v1/history/stats?target=USD&period=6m",
    "/api/v1/history/compare?targets=USD,EUR,JPY",
    "/api/v1/history/forecast/USD",
    "/api/v1/convert?from=USD&to=JPY&amount=100",
];
/// What tells when and from where an answer came; two right answers differ in these.
const INCIDENTAL: [&str; 8] = [
    "served_from",
    "updated_at",
    "meta",
    "timestamp",
    "as_of",
    "generated_at",
    "request_id",
    "converted_at",
];

/// Compares the two.
///
/// # Panics
/// With what differs.
pub async fn equal(calm: &Pipeline, rough: &Pipeline, schedule: &Schedule) {
    let (expected, found) = (calm.stores().await, rough.stores().await);
    for (table, rows) in &expected {
        let (expected, found): (BTreeSet<_>, BTreeSet<_>) = (rows.iter().collect(), found[table].iter().collect());
        let missing: Vec<_> = expected.difference(&found).take(5).collect();
        let surplus: Vec<_> = found.difference(&expected).take(5).collect();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "seed {}: {table} lacks {missing:?} and has {surplus:?} instead",
            schedule.seed
        );
    }
    for code in CurrencyCode::all() {
        let (expected, found) = (
            calm.cached_rate(code.as_str()).await,
            rough.cached_rate(code.as_str()).await,
        );
        // Redis may have lost an entry, and a reader may have found that there is no rate; an entry that is there says the same.
        if !found.is_empty() && !expected.is_empty() {
            let essential = |mut entry: BTreeMap<String, String>| {
                entry.remove("updated_at");
                entry
            };
            assert_eq!(
                essential(found),
                essential(expected),
                "seed {}: rate:{code} is stale",
                schedule.seed
            );
        }
    }
    for path in READS {
        let (expected, found) = (answer(&calm.api, path).await, answer(&rough.api, path).await);
        assert_eq!(found, expected, "seed {}: {path} is stale", schedule.seed);
    }
    let (expected, found) = (calm.take_dead_letters().await, rough.take_dead_letters().await);
    assert_eq!(found, expected, "seed {}: dead letters", schedule.seed);
}

async fn answer(api: &str, path: &str) -> (u16, Value) {
    let response = reqwest::get(format!("{api}{path}")).await.unwrap();
    let status = response.status().as_u16();
    let mut body: Value = response.json().await.unwrap();
    strip(&mut body);
    (status, body)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !INCIDENTAL.contains(&name.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
