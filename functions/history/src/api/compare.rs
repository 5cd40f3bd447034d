//! `GET /api/v1/history/compare`: several currencies beside each other.

use std::sync::Arc;

use axum::extract::State;
use chrono::Utc;
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, ErrorEnvelope, FailureResponses, Freshness, FromParams, Params, Query, Served,
};
use shared::currency::CurrencyCode;
use shared::period::Period;
use shared::provenance::Provenance;
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::query;
use crate::History;
use crate::comparison::{self, Compared, Correlation};

/// What is compared.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CompareQuery {
    /// Two to ten currencies with commas between, each once, `base` not among them.
    #[param(value_type = String, pattern = "^[A-Z]{3}(,[A-Z]{3}){1,9}$", example = "USD,EUR,JPY")]
    targets: Vec<CurrencyCode>,
    /// The currency that prices are told in; KRW unless given.
    #[param(required = false, default = "KRW", value_type = String, pattern = "^[A-Z]{3}$", example = "KRW")]
    base: CurrencyCode,
    /// A span that ends at the newest day on which all of them have a close; 3m unless given. A correlation takes 20 days with returns, which 1d and 1w never
    /// have.
    #[param(inline, required = false, default = "3m")]
    period: Period,
}

impl FromParams for CompareQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let base = params.currency("base")?.unwrap_or(CurrencyCode::KRW);
        let allowed = "2 to 10 currencies with commas between";
        let targets = params
            .currencies("targets", 2..=10)?
            .ok_or_else(|| ApiError::missing("targets", allowed))?;
        if targets.contains(&base) {
            let allowed = format!("currencies other than base, which is {base}");
            return Err(ApiError::invalid(
                "targets",
                params.text("targets").unwrap_or_default(),
                &allowed,
            ));
        }
        Ok(Self {
            targets,
            base,
            period: query::period(params)?.unwrap_or(Period::Quarter),
        })
    }
}

/// Several currencies beside each other.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Comparison {
    /// The currency that prices are told in.
    pub base: CurrencyCode,
    /// The period.
    pub period: Period,
    /// Whose rates these are, several with commas between.
    #[schema(example = "ecb")]
    pub source: Option<String>,
    /// The newest instant that all of them have reached.
    pub recorded_at: Option<Timestamp>,
    /// Whether that of any of them is older than its source's own schedule allows today.
    pub stale: bool,
    /// The currencies by performance_rank, those that share one by code.
    pub currencies: Vec<Compared>,
    /// The correlation of every two of them.
    pub correlation_matrix: Vec<Correlation>,
    /// The one whose price rose most; of equal ones the first by code.
    pub best: CurrencyCode,
    /// The one whose price rose least or fell most; of equal ones the last by code.
    pub worst: CurrencyCode,
}

/// Several currencies beside each other
///
/// All from the daily closes of a period, as `/api/v1/history` prints them, from the first day that all of them have to the last. A return is
/// ln(close / close before); a correlation is over the returns that both have from the same day to the same day.
#[utoipa::path(get, path = "/api/v1/history/compare", operation_id = "historyCompare", tag = "History", params(CompareQuery), responses(
    (status = 200, description = "The comparison.", body = Envelope<Served<Comparison>>),
    (status = 422, description = "Fewer than two days on which all have a close, or fewer than 20 returns in common.", body = ErrorEnvelope),
    FailureResponses,
))]
pub(super) async fn compare(
    State(service): State<Arc<History>>,
    Query(query): Query<CompareQuery>,
) -> Result<Answer, ApiError> {
    let (closes, served_from) = service.common_closes(query.base, &query.targets, query.period).await?;
    let (currencies, correlation_matrix) = comparison::compare(query.base, &closes)?;
    let mut provenance = Provenance::default();
    for (_, closes) in &closes {
        provenance.add(&closes.provenance);
    }
    let code = |compared: Option<&Compared>| compared.map_or(query.base, |compared| compared.currency_code);
    let body = Comparison {
        base: query.base,
        period: query.period,
        source: provenance.source(),
        recorded_at: provenance.recorded_at(),
        stale: provenance.is_stale(Utc::now()).unwrap_or(true),
        best: code(currencies.first()),
        worst: code(currencies.last()),
        currencies,
        correlation_matrix,
    };
    Answer::served(
        body,
        served_from,
        provenance.next_update().map_or(Freshness::Revalidate, Freshness::Until),
    )
}
