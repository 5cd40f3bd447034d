//! `GET /api/v1/history/rates`: all rates of a day of the past.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{NaiveDate, Utc};
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, FailureResponses, Format, Freshness, FromParams, Params, Query, Served, ServedFrom,
};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::provenance::Provenance;
use shared::schedule;
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::History;
use crate::day::ClosingRates;

/// Which day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DayQuery {
    /// The day (UTC), from 1970-01-01 to today.
    #[param(value_type = String, format = Date, example = "2026-10-31")]
    date: NaiveDate,
    /// The currency that rates are told in; KRW unless given.
    #[param(required = false, default = "KRW", value_type = String, pattern = "^[A-Z]{3}$", example = "KRW")]
    base: CurrencyCode,
    /// Currencies with commas between, each once; every currency that has a rate unless given.
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}(,[A-Z]{3})*$", example = "USD,EUR,JPY")]
    symbols: Option<Vec<CurrencyCode>>,
    /// `true` tells what one unit of `base` buys, instead of the price of one unit of each currency.
    #[param(required = false, default = false)]
    inverse: bool,
    /// JSON unless given; goes before the header `Accept`.
    #[param(inline)]
    format: Option<Format>,
}

impl FromParams for DayQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let date = params.date("date")?;
        Ok(Self {
            date: date.ok_or_else(|| ApiError::missing("date", "a day, as YYYY-MM-DD"))?,
            base: params.currency("base")?.unwrap_or(CurrencyCode::KRW),
            symbols: params.currencies("symbols", 1..=CurrencyCode::all().len())?,
            inverse: params.flag("inverse")?,
            format: params.format("format")?,
        })
    }
}

/// The rates of one day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RatesOfDay {
    /// The currency that rates are told in.
    pub base: CurrencyCode,
    /// Whether they tell what one unit of `base` buys.
    pub inverse: bool,
    /// What a rate is.
    #[schema(example = "KRW per unit of each currency")]
    pub unit: String,
    /// The day asked for.
    pub requested_date: NaiveDate,
    /// The day that the rates are of: the same, or the last before it with any rate.
    pub effective_date: NaiveDate,
    /// Closing rates by currency, by code.
    #[schema(value_type = BTreeMap<String, Number>)]
    pub rates: BTreeMap<CurrencyCode, Number>,
    /// Those of the currencies asked for that have no rate on that day, or none of an instant and source that `base` has.
    pub missing: Vec<CurrencyCode>,
    /// Whose rates these are, several with commas between. Null where all asked for is the base itself, in KRW.
    #[schema(example = "ecb")]
    pub source: Option<String>,
    /// When the oldest of them was set by its source.
    pub recorded_at: Option<Timestamp>,
    /// Whether they were older at the end of the day asked for (today: now) than their source's own schedule allows.
    pub stale: bool,
}

/// One rate, as a row.
#[derive(Debug, Serialize)]
struct DayRow {
    date: NaiveDate,
    currency_code: CurrencyCode,
    rate: Number,
    unit: String,
    source: Option<String>,
    recorded_at: Option<Timestamp>,
}

/// All rates of a day
///
/// The closing rates of the day, or of the last one before it (at most 14 days) with any rate: weekends and holidays have none. All are of that one day;
/// currencies without a rate on it are listed in `missing`. As CSV or NDJSON the rows are date, currency_code, rate, unit, source, recorded_at.
#[utoipa::path(get, path = "/api/v1/history/rates", operation_id = "historyRates", tag = "History", params(DayQuery), responses(
    (status = 200, description = "The rates.", content(
        (Envelope<Served<RatesOfDay>> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
    )),
    FailureResponses,
))]
pub(super) async fn rates(
    State(service): State<Arc<History>>,
    headers: HeaderMap,
    Query(query): Query<DayQuery>,
) -> Result<Answer, ApiError> {
    let asked = query.symbols.clone().unwrap_or_default();
    let closing = service.closing_rates(query.date, query.base, &asked).await?;
    let rows = rows(&query, &closing);
    let newest = rows
        .iter()
        .filter_map(|row| Some((row.source.as_deref()?, row.recorded_at?)));
    let provenance: Provenance = newest.collect();
    let freshness = provenance.next_update().map_or(Freshness::Revalidate, Freshness::Until);
    let format = Format::negotiate(query.format, &headers);
    if format != Format::Json {
        return Answer::rows(&rows, format, freshness);
    }
    let rates: BTreeMap<CurrencyCode, Number> = rows.iter().map(|row| (row.currency_code, row.rate)).collect();
    let body = RatesOfDay {
        base: query.base,
        inverse: query.inverse,
        unit: Pair::unit_of_each(query.base, query.inverse),
        requested_date: query.date,
        effective_date: closing.day(),
        missing: asked.into_iter().filter(|code| !rates.contains_key(code)).collect(),
        rates,
        source: provenance.source(),
        recorded_at: provenance.recorded_at(),
        stale: provenance
            .is_stale(Utc::now().min(schedule::end_of(query.date)))
            .unwrap_or(false),
    };
    Answer::served(body, ServedFrom::Store, freshness)
}

/// The rates asked for, by code.
fn rows(query: &DayQuery, closing: &ClosingRates) -> Vec<DayRow> {
    let all = || {
        let known = closing.codes().into_iter().chain([CurrencyCode::KRW]);
        // Of all currencies the base itself says nothing; asked for by name it is 1.
        known.filter(|code| *code != query.base).collect()
    };
    let mut codes = query.symbols.clone().unwrap_or_else(all);
    codes.sort_unstable();
    let row = |target: CurrencyCode| {
        let pair = Pair {
            base: query.base,
            target,
            inverse: query.inverse,
        };
        let legs = closing.legs(target)?;
        Some(DayRow {
            date: closing.day(),
            currency_code: target,
            rate: pair.rate(|code| legs.iter().find(|leg| leg.code == code).map(|leg| leg.rate))?,
            unit: pair.unit(),
            source: legs.first().map(|leg| leg.source.clone()),
            recorded_at: legs.first().map(|leg| leg.recorded_at),
        })
    };
    codes.into_iter().filter_map(row).collect()
}
