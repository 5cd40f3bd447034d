//! `GET /api/v1/history/stats`: statistics of a pair.

use std::sync::Arc;

use axum::extract::State;
use chrono::{NaiveDate, Utc};
use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, ErrorEnvelope, FailureResponses, FromParams, Params, Query, Served};
use shared::currency::CurrencyCode;
use shared::pair::Pair;
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::query;
use crate::History;
use crate::period::{PeriodName, Span};
use crate::statistics::Measures;

/// Whose statistics.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatsQuery {
    /// The currency that is priced; another one than `base`.
    #[param(value_type = String, pattern = "^[A-Z]{3}$", example = "USD")]
    target: CurrencyCode,
    /// The currency that prices are told in; KRW unless given.
    #[param(required = false, default = "KRW", value_type = String, pattern = "^[A-Z]{3}$", example = "KRW")]
    base: CurrencyCode,
    /// `true` tells what one unit of `base` buys, instead of the price of one unit of `target`.
    #[param(required = false, default = false)]
    inverse: bool,
    /// A span that ends at the pair's newest day; 1m unless given. Not together with `from` and `to`.
    #[param(inline, default = "1m")]
    period: Option<PeriodName>,
    /// The first day (UTC), from 1970-01-01 to today and not after `to`; at most ten years before it.
    #[param(value_type = Option<String>, format = Date, example = "2026-10-01")]
    from: Option<NaiveDate>,
    /// The last day (UTC); the pair's newest unless given. Needs `from`.
    #[param(value_type = Option<String>, format = Date, example = "2026-10-30")]
    to: Option<NaiveDate>,
}

impl FromParams for StatsQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let (pair, span) = (query::pair(params)?, query::span(params)?);
        let (from, to) = match span {
            Span::Period(_) => (None, None),
            Span::Range(from, to) => (Some(from), to),
        };
        Ok(Self {
            target: pair.target,
            base: pair.base,
            inverse: pair.inverse,
            period: span.period(),
            from,
            to,
        })
    }
}

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
    pub period: Option<PeriodName>,
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
#[utoipa::path(get, path = "/api/v1/history/stats", operation_id = "historyStats", tag = "History", params(StatsQuery), responses(
    (status = 200, description = "The statistics.", body = Envelope<Served<Statistics>>),
    (status = 422, description = "Fewer than two daily closes.", body = ErrorEnvelope),
    FailureResponses,
))]
pub(super) async fn stats(
    State(service): State<Arc<History>>,
    Query(query): Query<StatsQuery>,
) -> Result<Answer, ApiError> {
    let pair = Pair {
        base: query.base,
        target: query.target,
        inverse: query.inverse,
    };
    let span = match (query.from, query.period) {
        (Some(from), _) => Span::Range(from, query.to),
        (None, period) => Span::Period(period.unwrap_or(PeriodName::Month)),
    };
    let (kept, served_from) = service.statistics(pair, span).await?;
    let body = Statistics {
        base: pair.base,
        target: pair.target,
        unit: pair.unit(),
        inverse: pair.inverse,
        period: span.period(),
        from: kept.from,
        to: kept.to,
        source: kept.origin.source(),
        recorded_at: kept.origin.recorded_at(),
        stale: kept.origin.is_stale(Utc::now()),
        measures: kept.measures,
    };
    Answer::served(body, served_from, kept.origin.freshness())
}
