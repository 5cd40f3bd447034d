//! The read API's part Currency on real servers: directions, codes beside routes, parameters, formats, tags, and what it does while a server is away.

mod caches;
mod crosses;
mod ended;
mod formats;
mod parameters;
mod rates;

use std::sync::Arc;

use axum::Router;
use chrono::{SecondsFormat, Utc};
use currency::Currency;
use serde_json::json;
use shared::cache::Cache;
use shared::config::RedisConfig;
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use tests::api::{Ask, Reply};
use tests::ecb::observations;
use tests::{Services, rate};

/// The ECB's rates of 2026-10-30, as the ingestor publishes them: KRW for one unit.
fn october_30() -> Vec<ExchangeRateUpdated> {
    [
        ("EUR", "1491.76"),
        ("USD", "1335.26673827425707"),
        ("JPY", "8.49134790528233151"),
    ]
    .map(|(code, deal)| rate(code, "ecb", "2026-10-30T13:15:00Z", "2026-10-30T15:05:00Z", deal))
    .into()
}

/// The same rates as of this moment: of a source that is as fresh as can be.
fn of_now() -> Vec<ExchangeRateUpdated> {
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let fresh = |event: ExchangeRateUpdated| ExchangeRateUpdated {
        recorded_at: now.parse().unwrap(),
        updated_at: now.parse().unwrap(),
        ..event
    };
    october_30().into_iter().map(fresh).collect()
}

fn routes(services: &Services) -> Router {
    let service = Currency::new(services.store.clone(), services.cache.clone());
    shared::api::with_middleware(currency::api::routes(Arc::new(service)))
}

async fn with_rates() -> (Services, Router) {
    let services = Services::start().await;
    services.currency.rate_updated(&october_30()).await.unwrap();
    let routes = routes(&services);
    (services, routes)
}

async fn get(routes: &Router, path: &str) -> Reply {
    Ask::get(path).send(routes).await
}

/// The text of a number in an answer, digit for digit.
fn number(reply: &Reply, name: &str) -> String {
    let text = reply.text();
    let after = text
        .split(&format!("\"{name}\":"))
        .nth(1)
        .unwrap_or_else(|| panic!("no {name} in {text}"));
    after.split([',', '}']).next().unwrap().to_owned()
}
