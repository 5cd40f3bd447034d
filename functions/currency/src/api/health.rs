//! `GET /health/currency`, and `/health` for those who look there first.

use std::sync::Arc;

use axum::extract::State;
use shared::api::{Answer, ApiError, Envelope, ErrorEnvelope, Health, Nothing, Query, ping};
use shared::currency::CurrencyCode;

use crate::Currency;
use crate::store;

/// Whether current rates can be answered
///
/// Asks PostgreSQL and Redis for a sign of life. One of them is enough to answer, so the service is down (503) only without both.
#[utoipa::path(get, path = "/health/currency", operation_id = "currencyHealth", tag = "Currency", params(Nothing), responses(
    (status = 200, description = "It can answer.", body = Envelope<Health>),
    (status = 400, description = "A parameter was given.", body = ErrorEnvelope),
    (status = 500, description = "The service failed.", body = ErrorEnvelope),
    (status = 503, description = "It cannot answer.", body = Envelope<Health>),
))]
pub(super) async fn health(State(service): State<Arc<Currency>>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let database = ping(async { store::known(&service.store).await.map(drop) });
    let (database, redis) = tokio::join!(database, ping(service.cache.ping()));
    let codes: Vec<CurrencyCode> = CurrencyCode::all().collect();
    let current = if database.up || redis.up {
        service.current(&codes).await.ok()
    } else {
        None
    };
    let newest = current
        .as_ref()
        .and_then(|current| current.rows.values().max_by_key(|row| row.recorded_at))
        .map(|row| (row.source.as_str(), row.recorded_at));
    Health::of_rates("currency", current.is_some(), newest, database, redis).answer()
}
