//! `GET /api/v1/history/rates`: all rates of a day of the past.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{NaiveDate, Utc};
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, ErrorCode, FailureResponses, Format, FromParams, Params, Query, Served, ServedFrom,
};
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::pair::Pair;
use shared::schedule;
use shared::store::{DayRate, DayRates, LOOK_BACK_DAYS, newest_common, rates_on};
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::History;
use crate::origin::Origin;

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
    let mut needed = query.symbols.clone().unwrap_or_default();
    if !needed.is_empty() && !needed.contains(&query.base) {
        needed.push(query.base);
    }
    let day = rates_on(&service.store, query.date, &needed).await?;
    let day = day.ok_or_else(|| {
        let what = format!(
            "there are no rates on {} or in the {LOOK_BACK_DAYS} days before it",
            query.date
        );
        ApiError::new(ErrorCode::NotFound, what)
    })?;
    if query.base != CurrencyCode::KRW && day.of(query.base).is_none() {
        let what = format!(
            "there is no rate of {} on {}, the last day with rates",
            query.base, day.day
        );
        return Err(ApiError::new(ErrorCode::NotFound, what));
    }
    let common = service.common(query.base, &day).await?;
    let rows = rows(&query, &day, &common);
    let mut origin = Origin::default();
    for row in &rows {
        for (source, recorded_at) in row.source.iter().zip(row.recorded_at) {
            origin.add_newest(source, recorded_at);
        }
    }
    let freshness = origin.freshness();
    let format = Format::negotiate(query.format, &headers);
    if format != Format::Json {
        return Answer::rows(&rows, format, freshness);
    }
    let rates: BTreeMap<CurrencyCode, Number> = rows.iter().map(|row| (row.currency_code, row.rate)).collect();
    let asked = query.symbols.unwrap_or_default();
    let body = RatesOfDay {
        base: query.base,
        inverse: query.inverse,
        unit: if query.inverse {
            format!("units of each currency per {}", query.base)
        } else {
            format!("{} per unit of each currency", query.base)
        },
        requested_date: query.date,
        effective_date: day.day,
        missing: asked.into_iter().filter(|code| !rates.contains_key(code)).collect(),
        rates,
        source: origin.source(),
        recorded_at: origin.recorded_at(),
        stale: origin.recorded_at().is_some() && origin.is_stale(Utc::now().min(schedule::end_of(query.date))),
    };
    Answer::served(body, ServedFrom::Store, freshness)
}

impl History {
    /// The rates of the currencies that no source has at the instant of the closing rate of `base`, and of `base` beside each: of the newest instant of the day
    /// that one source has for both.
    async fn common(
        &self,
        base: CurrencyCode,
        day: &DayRates,
    ) -> Result<BTreeMap<CurrencyCode, [DayRate; 2]>, ApiError> {
        let is_apart = |code: &CurrencyCode| {
            let legs = day.legs(*code, base).unwrap_or_default();
            legs.windows(2).any(|pair| pair[0].recorded_at != pair[1].recorded_at)
        };
        let apart: Vec<(CurrencyCode, NaiveDate)> = day
            .codes()
            .into_iter()
            .filter(is_apart)
            .map(|code| (code, day.day))
            .collect();
        if apart.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = newest_common(&self.store, base, &apart, Some(0)).await?;
        Ok(found
            .into_iter()
            .map(|(rate, of_base)| (rate.code, [rate, of_base]))
            .collect())
    }
}

/// The stored rates that the price of `target` in `base` is made of, all of one instant. `common` has those of currencies whose closing rates are of two.
fn legs<'a>(
    target: CurrencyCode,
    base: CurrencyCode,
    day: &'a DayRates,
    common: &'a BTreeMap<CurrencyCode, [DayRate; 2]>,
) -> Option<Vec<&'a DayRate>> {
    let closing = day.legs(target, base)?;
    if closing
        .windows(2)
        .all(|pair| pair[0].recorded_at == pair[1].recorded_at)
    {
        return Some(closing);
    }
    common.get(&target).map(|pair| pair.iter().collect())
}

/// The rates asked for, by code.
fn rows(query: &DayQuery, day: &DayRates, common: &BTreeMap<CurrencyCode, [DayRate; 2]>) -> Vec<DayRow> {
    let all = || {
        let known = day.codes().into_iter().chain([CurrencyCode::KRW]);
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
        let legs = legs(target, query.base, day, common)?;
        Some(DayRow {
            date: day.day,
            currency_code: target,
            rate: pair.rate(|code| legs.iter().find(|leg| leg.code == code).map(|leg| leg.rate))?,
            unit: pair.unit(),
            source: legs.first().map(|leg| leg.source.clone()),
            recorded_at: legs.first().map(|leg| leg.recorded_at),
        })
    };
    codes.into_iter().filter_map(row).collect()
}
