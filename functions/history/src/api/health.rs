//! `GET /health/history`.

use std::sync::Arc;

use axum::extract::State;
use shared::api::{Answer, ApiError, Envelope, ErrorEnvelope, Health, Nothing, Query, ping};
use shared::store::{DayRate, rates_on};

use crate::History;
use crate::store;

/// Whether the history can be answered
///
/// Asks PostgreSQL and Redis for a sign of life. Without PostgreSQL the service is down (503); without Redis it is slower.
#[utoipa::path(get, path = "/health/history", operation_id = "historyHealth", tag = "History", params(Nothing), responses(
    (status = 200, description = "It can answer.", body = Envelope<Health>),
    (status = 400, description = "A parameter was given.", body = ErrorEnvelope),
    (status = 500, description = "The service failed.", body = ErrorEnvelope),
    (status = 503, description = "It cannot answer.", body = Envelope<Health>),
))]
pub(super) async fn health(State(service): State<Arc<History>>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (database, redis) = tokio::join!(ping(store::ping(&service.store)), ping(service.cache.ping()));
    let newest = if database.up {
        newest(&service).await.ok().flatten()
    } else {
        None
    };
    let newest = newest.as_ref().map(|rate| (rate.source.as_str(), rate.recorded_at));
    Health::of_rates("history", database.up, newest, database, redis).answer()
}

/// The newest rate of all.
async fn newest(service: &History) -> Result<Option<DayRate>, sqlx::Error> {
    let Some(day) = store::newest_day(&service.store).await? else {
        return Ok(None);
    };
    let rates = rates_on(&service.store, day, &[])
        .await?
        .map(|day| day.rates)
        .unwrap_or_default();
    Ok(rates.into_iter().max_by_key(|rate| rate.recorded_at))
}
