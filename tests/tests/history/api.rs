//! The read API's part History on real servers: directions, days, sources, hours, parameters and formats.

mod crosses;
mod days;
mod formats;
mod parameters;

use std::sync::Arc;

use axum::Router;
use history::History;
use serde_json::{Value, json};
use shared::currency::CurrencyCode;
use tests::api::{Ask, Reply};
use tests::ecb::observations;
use tests::{Services, rate};

fn routes(services: &Services) -> Router {
    let service = History::new(services.store.clone(), services.cache.clone());
    shared::api::with_middleware(history::api::routes(Arc::new(service)))
}

async fn with_history(from: &str) -> (Services, Router) {
    let services = Services::start().await;
    let events = observations(from.parse().unwrap()..="2026-10-30".parse().unwrap());
    services.history.rate_updated(&events).await.unwrap();
    let routes = routes(&services);
    (services, routes)
}

async fn get(routes: &Router, path: &str) -> Reply {
    Ask::get(path).send(routes).await
}

async fn data(routes: &Router, path: &str) -> Value {
    let reply = get(routes, path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()["data"].clone()
}
