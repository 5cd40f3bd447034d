//! `GET /api/v1/currencies/latest`: all rates, or some, in units of one base.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, ErrorCode, FailureResponses, Format, FromParams, Number, Params, Query, Served,
};
use shared::currency::CurrencyCode;
use shared::pair::Pair;
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::Currency;

/// What `latest` can be asked.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LatestQuery {
    /// The currency that rates are told in; KRW unless given.
    #[param(required = false, default = "KRW", value_type = String, pattern = "^[A-Z]{3}$", example = "USD")]
    base: CurrencyCode,
    /// Currencies with commas between, each once; every currency that has a rate unless given.
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}(,[A-Z]{3})*$", example = "EUR,JPY,KRW")]
    symbols: Option<Vec<CurrencyCode>>,
    /// `true` tells what one unit of `base` buys, instead of the price of one unit of each currency.
    #[param(required = false, default = false)]
    inverse: bool,
    /// JSON unless given; goes before the header `Accept`.
    #[param(inline)]
    format: Option<Format>,
}

impl FromParams for LatestQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            base: params.currency("base")?.unwrap_or(CurrencyCode::KRW),
            symbols: params.currencies("symbols", 1..=CurrencyCode::all().len())?,
            inverse: params.flag("inverse")?,
            format: params.format("format")?,
        })
    }
}

/// Current rates in units of one base.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LatestRates {
    /// The currency that rates are told in.
    pub base: CurrencyCode,
    /// Whether they tell what one unit of `base` buys.
    pub inverse: bool,
    /// What a rate is.
    #[schema(example = "USD per unit of each currency")]
    pub unit: String,
    /// Rates by currency, by code.
    #[schema(value_type = BTreeMap<String, Number>)]
    pub rates: BTreeMap<CurrencyCode, Number>,
    /// Those of the currencies asked for that have no rate.
    pub missing: Vec<CurrencyCode>,
    /// Whose rates these are; several with commas between.
    #[schema(example = "ecb")]
    pub source: String,
    /// When the oldest of them was set by its source.
    pub recorded_at: Timestamp,
    /// Whether any of them is older than its source's own schedule allows.
    pub stale: bool,
}

/// One rate of `latest`, as a row.
#[derive(Debug, Serialize)]
struct LatestRow<'a> {
    currency_code: CurrencyCode,
    rate: Number,
    unit: String,
    source: &'a str,
    recorded_at: Timestamp,
}

/// Current rates in units of one base
///
/// A rate is the price of one unit of a currency in units of `base`, as Korean banks quote it: with base=KRW, USD is some 1335 (KRW for one dollar).
/// Currencies without a rate are listed in `missing`. As CSV or NDJSON the rows are currency_code, rate, unit, source, recorded_at.
#[utoipa::path(get, path = "/api/v1/currencies/latest", operation_id = "latestRates", tag = "Currency", params(LatestQuery), responses(
    (status = 200, description = "The rates.", content(
        (Envelope<Served<LatestRates>> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
    )),
    FailureResponses,
))]
pub(super) async fn latest(
    State(service): State<Arc<Currency>>,
    headers: HeaderMap,
    Query(query): Query<LatestQuery>,
) -> Result<Answer, ApiError> {
    let all: Vec<CurrencyCode> = CurrencyCode::all().collect();
    let asked = query.symbols.as_deref();
    let mut needed = asked.unwrap_or(&all).to_vec();
    if !needed.contains(&query.base) {
        needed.push(query.base);
    }
    let mut current = service.current(&needed).await?;
    if query.base != CurrencyCode::KRW && current.deal(query.base).is_none() {
        return Err(no_rate(query.base));
    }
    let rate = |target: CurrencyCode| {
        let pair = Pair {
            base: query.base,
            target,
            inverse: query.inverse,
        };
        Some((target, pair.rate(|code| current.deal(code))?))
    };
    // Of all currencies the base itself says nothing; asked for by name it is 1.
    let targets = asked
        .unwrap_or(&all)
        .iter()
        .filter(|code| asked.is_some() || **code != query.base);
    let rates: BTreeMap<CurrencyCode, Number> = targets.filter_map(|code| rate(*code)).collect();
    let missing = asked
        .unwrap_or_default()
        .iter()
        .filter(|code| !rates.contains_key(code))
        .copied()
        .collect();
    let Some(recorded_at) = current.recorded_at() else {
        return Err(ApiError::new(
            ErrorCode::NotFound,
            "there are no rates for these currencies yet",
        ));
    };
    let freshness = current.freshness();
    match Format::negotiate(query.format, &headers) {
        Format::Json => {
            let unit = if query.inverse {
                format!("units of each currency per {}", query.base)
            } else {
                format!("{} per unit of each currency", query.base)
            };
            let body = LatestRates {
                base: query.base,
                inverse: query.inverse,
                unit,
                rates,
                missing,
                source: current.source(),
                recorded_at,
                stale: current.is_stale(),
            };
            Answer::served(body, current.served_from, freshness)
        }
        format => {
            let base_row = current.rows.remove(&query.base);
            let row = |(code, rate): (CurrencyCode, Number)| {
                let legs = [current.rows.get(&code), base_row.as_ref()];
                let legs = || legs.iter().flatten();
                LatestRow {
                    currency_code: code,
                    rate,
                    unit: Pair {
                        base: query.base,
                        target: code,
                        inverse: query.inverse,
                    }
                    .unit(),
                    source: legs().map(|row| row.source.as_str()).next().unwrap_or_default(),
                    recorded_at: legs().map(|row| row.recorded_at).min().unwrap_or(recorded_at),
                }
            };
            Answer::rows(&rates.into_iter().map(row).collect::<Vec<_>>(), format, freshness)
        }
    }
}

/// The error for a known currency that no source has a rate of.
pub(super) fn no_rate(code: CurrencyCode) -> ApiError {
    let english = code.currency().english;
    ApiError::new(
        ErrorCode::NotFound,
        format!("there is no rate for {code} ({english}): no source in use gives one"),
    )
}
