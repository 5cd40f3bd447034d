//! `GET /api/v1/history/forecast/{code}`: the next days of a currency in KRW.

use std::sync::Arc;

use axum::extract::State;
use chrono::Utc;
use rust_decimal::Decimal;
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, ErrorCode, ErrorEnvelope, FailureResponses, Freshness, FromParams, Params, PathCode,
    Query, Served,
};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::History;
use crate::forecast::{Backtest, ForecastDay, LEVEL_PERCENT, MOST_DAYS, Method};

/// How far ahead.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ForecastQuery {
    /// How many of the days ahead on which the source publishes.
    #[param(required = false, default = 7, minimum = 1, maximum = 30)]
    days: u32,
}

impl FromParams for ForecastQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let days = params.number("days", 1..=u32::try_from(MOST_DAYS).unwrap_or(u32::MAX))?;
        Ok(Self {
            days: days.unwrap_or(7),
        })
    }
}

/// The next days of a currency in KRW.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Forecast {
    /// The currency.
    pub currency_code: CurrencyCode,
    /// The currency that prices are told in: KRW.
    pub base: CurrencyCode,
    /// What a rate is.
    #[schema(example = "KRW per USD")]
    pub unit: String,
    /// The last close, from which the forecast goes on.
    pub current_rate: Number,
    /// Whose rates these are, several with commas between.
    #[schema(example = "ecb")]
    pub source: Option<String>,
    /// When the last close was set.
    pub recorded_at: Option<Timestamp>,
    /// Whether that is older than the source's own schedule allows today.
    pub stale: bool,
    /// The days ahead.
    pub forecast: Vec<ForecastDay>,
    /// The method: the one with the smallest error in the back-test, "no change" where none is better by one percent.
    pub method: Method,
    /// Which part of the closes comes to lie between lower and upper, at each day ahead for itself.
    pub confidence_level: Number,
    /// How well it did over the last year.
    pub backtest: Backtest,
}

/// The next days of a currency in KRW
///
/// Made from the daily closes of the last year on which the source publishes, after any interruption of more than 14 days. Every method forecast from days of
/// that year with nothing but what was known then; the one with the smallest error forecasts here. The interval of a day ahead is that of a random walk with the
/// deviation of the year's returns (Student's t), or what the method missed there where that was more. Exchange rates hardly ever beat "no change":
/// `beats_no_change` and `coverage` say how far this forecast can be trusted. Of a currency that was withdrawn, or that its source does not publish any more,
/// there is none: a 404 with the day of its last rate.
#[utoipa::path(get, path = "/api/v1/history/forecast/{code}", operation_id = "historyForecast", tag = "History",
    params(("code" = String, Path, description = "The currency; not KRW.", pattern = "^[A-Z]{3}$", example = "USD"), ForecastQuery),
    responses(
        (status = 200, description = "The forecast.", body = Envelope<Served<Forecast>>),
        (status = 422, description = "Fewer than 60 daily closes in the last year.", body = ErrorEnvelope),
        FailureResponses,
    )
)]
pub(super) async fn forecast(
    State(service): State<Arc<History>>,
    PathCode(code): PathCode,
    Query(query): Query<ForecastQuery>,
) -> Result<Answer, ApiError> {
    if code == CurrencyCode::KRW {
        let allowed = "a currency other than KRW, in which prices are told";
        return Err(ApiError::refused(ErrorCode::InvalidParameter, "code", "KRW", allowed));
    }
    let pair = Pair {
        base: CurrencyCode::KRW,
        target: code,
        inverse: false,
    };
    let (mut found, served_from) = service.forecast(code).await?;
    found.steps.truncate(query.days as usize);
    let body = Forecast {
        currency_code: code,
        base: pair.base,
        unit: pair.unit(),
        current_rate: found.current_rate,
        source: found.provenance.source(),
        recorded_at: found.provenance.recorded_at(),
        stale: found.provenance.is_stale(Utc::now()).unwrap_or(true),
        forecast: found.steps,
        method: found.method,
        confidence_level: Number::exact(Decimal::new(LEVEL_PERCENT.into(), 2)),
        backtest: found.backtest,
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
