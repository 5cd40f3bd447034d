//! Whether a service can answer: its servers asked for a sign of life, and how fresh its rates are.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use chrono::Utc;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::error::ApiError;
use crate::error_chain::error_chain;
use crate::schedule;
use crate::time::Timestamp;

/// How long a server may take for a sign of life.
const PING_DEADLINE: Duration = Duration::from_secs(2);

/// What a service can do at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Everything.
    Ok,
    /// It answers, but slower or with old rates.
    Degraded,
    /// Nothing: answered with 503.
    Down,
}

/// One server that a service needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dependency {
    /// Whether it gave a sign of life in two seconds.
    pub up: bool,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// A service's health.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// The service.
    pub service: &'static str,
    /// What it can do.
    pub status: HealthStatus,
    /// Its servers, by name.
    pub dependencies: BTreeMap<&'static str, Dependency>,
    /// When the newest rate was set by its source; null when there is none or it cannot be asked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub newest_recorded_at: Option<Timestamp>,
    /// Whether that is older than the source's own schedule allows.
    pub stale: Option<bool>,
}

impl Health {
    /// The health of a service that answers rates from PostgreSQL and Redis: down when it cannot answer, and degraded while one of the two is away or the
    /// newest rate is stale. `newest` is that rate's source, and when it was set.
    #[must_use]
    pub fn of_rates(
        service: &'static str,
        can_answer: bool,
        newest: Option<(&str, Timestamp)>,
        postgresql: Dependency,
        redis: Dependency,
    ) -> Self {
        let stale = newest.map(|(source, recorded_at)| schedule::is_stale(source, recorded_at, Utc::now()));
        let status = match (can_answer, postgresql.up && redis.up && stale == Some(false)) {
            (false, _) => HealthStatus::Down,
            (true, true) => HealthStatus::Ok,
            (true, false) => HealthStatus::Degraded,
        };
        Self {
            service,
            status,
            newest_recorded_at: newest.map(|(_, recorded_at)| recorded_at),
            stale,
            dependencies: [("postgresql", postgresql), ("redis", redis)].into(),
        }
    }

    /// The answer: 503 when the service is down.
    ///
    /// # Errors
    /// [`ApiError`] when it has no JSON.
    pub fn answer(self) -> Result<Answer, ApiError> {
        let status = if self.status == HealthStatus::Down {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        };
        Ok(Answer::once(&self)?.with_status(status))
    }
}

/// Asks one server for a sign of life, for two seconds at most.
pub async fn ping<E: std::error::Error + 'static>(asking: impl Future<Output = Result<(), E>>) -> Dependency {
    let started = Instant::now();
    let up = match tokio::time::timeout(PING_DEADLINE, asking).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(error = %error_chain(&error), "A server gave no sign of life");
            false
        }
        Err(_) => false,
    };
    Dependency {
        up,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}
