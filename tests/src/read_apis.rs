//! The three read APIs together, on a test's own servers, as the gateway puts them together.

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use currency::Currency;
use history::History;
use ranking::Ranking;

use crate::{Services, server};

/// All routes of all three behind the edge. Clicks are counted at `now`, where it is given.
///
/// # Panics
/// When a setting is refused.
pub fn all(services: &Services, now: Option<DateTime<Utc>>) -> Router {
    let mut environment = services.environment.clone();
    let database = services.environment["DATABASE_URL"]
        .rsplit('/')
        .next()
        .unwrap_or("test")
        .to_owned();
    let mongodb = format!("{}/{database}", server("HWANYUL_TEST_MONGODB").trim_end_matches('/'));
    environment.insert("MONGODB_URI".to_owned(), mongodb);
    environment.insert("CLICK_LIMIT_PER_MINUTE".to_owned(), "100000".to_owned());
    let get = |name: &str| environment.get(name).cloned();
    let mut ranking = Ranking::read(&get).unwrap();
    if let Some(now) = now {
        ranking = ranking.with_clock(move || now);
    }
    let currency = Currency::new(services.store.clone(), services.cache.clone());
    let history = History::new(services.store.clone(), services.cache.clone());
    shared::api::with_middleware(
        currency::api::routes(Arc::new(currency))
            .merge(history::api::routes(Arc::new(history)))
            .merge(ranking::api::routes(Arc::new(ranking))),
    )
}
