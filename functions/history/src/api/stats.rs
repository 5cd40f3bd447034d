//! `GET /api/v1/history/stats`: statistics of a pair.

use std::sync::Arc;

use axum::extract::State;
use chrono::{NaiveDate, Utc};
use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, ErrorEnvelope, FailureResponses, Freshness, Query, Served};
use shared::currency::CurrencyCode;
use shared::period::Period;
use shared::time::Timestamp;
use utoipa::ToSchema;

use super::query::PairQuery;
use crate::History;
use crate::statistics::Measures;

/// Statistics of a pair.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Statistics {
    /// The currency that prices are told in.
    pub base: CurrencyCode,
    /// The currency that is priced.
    pub target: CurrencyCode,
    /// What a rate is.
    #[schema(example = "KRW per USD")]
    pub unit: String,
    /// Whether it is told the other way round.
    pub inverse: bool,
    /// The period; null where `from` was given.
    pub period: Option<Period>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Whose rates these are, several with commas between.
    #[schema(example = "ecb")]
    pub source: Option<String>,
    /// The newest instant that both currencies have reached.
    pub recorded_at: Option<Timestamp>,
    /// Whether that is older than the source's own schedule allows today.
    pub stale: bool,
    /// The statistics.
    #[serde(flatten)]
    pub measures: Measures,
}

/// Statistics of a pair
///
/// Of the daily closes of a period, or between two days. Changes are against the first close.
#[utoipa::path(get, path = "/api/v1/history/stats", operation_id = "historyStats", tag = "History", params(PairQuery), responses(
    (status = 200, description = "The statistics.", body = Envelope<Served<Statistics>>),
    (status = 422, description = "Fewer than two daily closes.", body = ErrorEnvelope),
    FailureResponses,
))]
pub(super) async fn stats(
    State(service): State<Arc<History>>,
    Query(query): Query<PairQuery>,
) -> Result<Answer, ApiError> {
    let (pair, range) = (query.pair(), query.range());
    let (found, served_from) = service.statistics(pair, range).await?;
    let body = Statistics {
        base: pair.base,
        target: pair.target,
        unit: pair.unit(),
        inverse: pair.inverse,
        period: range.period(),
        from: found.from,
        to: found.to,
        source: found.provenance.source(),
        recorded_at: found.provenance.recorded_at(),
        stale: found.provenance.is_stale(Utc::now()).unwrap_or(true),
        measures: found.measures,
    };
    Answer::served(
        body,
        served_from,
        found
            .provenance
            .next_update()
            .map_or(Freshness::Revalidate, Freshness::Until),
    )
}
