//! `GET /health/ranking`.

use std::sync::Arc;

use axum::extract::State;
use shared::api::{Answer, ApiError, Envelope, ErrorEnvelope, Health, HealthStatus, Nothing, Query, ping};

use crate::Ranking;

/// Whether rankings can be answered
///
/// Asks MongoDB and Redis for a sign of life. Without MongoDB the service is down (503). Without Redis it is degraded: rankings are answered, and
/// clicks are not counted, because they could not be limited.
#[utoipa::path(get, path = "/health/ranking", operation_id = "rankingHealth", tag = "Ranking", params(Nothing), responses(
    (status = 200, description = "It can answer.", body = Envelope<Health>),
    (status = 400, description = "A parameter was given.", body = ErrorEnvelope),
    (status = 500, description = "The service failed.", body = ErrorEnvelope),
    (status = 503, description = "It cannot answer.", body = Envelope<Health>),
))]
pub(super) async fn health(State(service): State<Arc<Ranking>>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (mongodb, redis) = tokio::join!(ping(service.store.ping()), ping(service.cache.ping()));
    let status = match (mongodb.up, redis.up) {
        (true, true) => HealthStatus::Ok,
        (true, false) => HealthStatus::Degraded,
        (false, _) => HealthStatus::Down,
    };
    let health = Health {
        service: "ranking",
        status,
        dependencies: [("mongodb", mongodb), ("redis", redis)].into(),
        // Clicks are no rates.
        newest_recorded_at: None,
        stale: None,
    };
    health.answer()
}
