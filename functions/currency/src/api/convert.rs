//! `GET /api/v1/convert`: an amount of one currency in another, now or on a day.

use std::sync::Arc;

use axum::extract::State;
use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, ErrorCode, FailureResponses, Freshness, FromParams, Number, Params, Query, Served,
    ServedFrom,
};
use shared::currency::CurrencyCode;
use shared::pair::Pair;
use shared::rate::Rate;
use shared::store::{LOOK_BACK_DAYS, rates_on};
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::latest::no_rate;
use crate::Currency;

/// What can be converted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConvertQuery {
    /// The currency of `amount`.
    #[param(value_type = String, pattern = "^[A-Z]{3}$", example = "USD")]
    from: CurrencyCode,
    /// The currency of the result.
    #[param(value_type = String, pattern = "^[A-Z]{3}$", example = "KRW")]
    to: CurrencyCode,
    /// A decimal number above 0: at most 15 digits, and behind a point at most 10 more; without exponent.
    #[param(value_type = String, required = false, default = "1", pattern = "^[0-9]{1,15}(\\.[0-9]{1,10})?$", example = "100.50")]
    amount: Decimal,
    /// A day from 1970-01-01 to today: the rates of that day, or of the last day with rates before it (at most 14 days). The current rates unless given.
    #[param(value_type = Option<String>, format = Date, example = "2026-10-30")]
    date: Option<NaiveDate>,
}

impl FromParams for ConvertQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            from: params.required_currency("from")?,
            to: params.required_currency("to")?,
            amount: params.amount("amount")?.unwrap_or(Decimal::ONE),
            date: params.date("date")?,
        })
    }
}

/// An amount in another currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Conversion {
    /// The currency of `amount`.
    pub from: CurrencyCode,
    /// The currency of `result`.
    pub to: CurrencyCode,
    /// What was converted.
    pub amount: Number,
    /// `amount` times `rate`, every digit.
    pub result: Number,
    /// The same, rounded half to even to the digits that amounts of `to` have.
    pub result_rounded: Number,
    /// The price of one unit of `from`, in units of `to`.
    pub rate: Number,
    /// What `rate` is.
    #[schema(example = "KRW per USD")]
    pub unit: String,
    /// The stored rates that `rate` came from; empty for a currency in itself.
    pub path: Vec<PathLeg>,
    /// Whose rates these are; several with commas between, none for a currency in itself.
    #[schema(example = "ecb")]
    pub source: String,
    /// When the older of them was set by its source.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub recorded_at: Option<Timestamp>,
    /// The day asked for; null for the current rates.
    #[schema(value_type = Option<String>, format = Date)]
    pub requested_date: Option<NaiveDate>,
    /// The day whose rates these are.
    #[schema(value_type = Option<String>, format = Date)]
    pub effective_date: Option<NaiveDate>,
    /// Whether the current rates are older than their source's own schedule allows; never for a day of the past.
    pub stale: bool,
}

/// A stored rate on the way from one currency to another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PathLeg {
    /// The currency.
    pub currency_code: CurrencyCode,
    /// KRW for one unit of it.
    pub deal_base_rate: Number,
    /// Whose rate it is.
    pub source: String,
    /// When its source set it.
    pub recorded_at: Timestamp,
}

/// The rates that a conversion is made with.
struct Legs {
    legs: Vec<PathLeg>,
    rates: Vec<(CurrencyCode, Rate)>,
    effective_date: Option<NaiveDate>,
    stale: bool,
    served_from: ServedFrom,
    freshness: Freshness,
}

/// An amount of one currency in another
///
/// With the current rates, or with those of a day. `result` is `amount` times the printed `rate`, so anyone can recompute it.
#[utoipa::path(get, path = "/api/v1/convert", operation_id = "convert", tag = "Currency", params(ConvertQuery), responses(
    (status = 200, description = "The converted amount.", body = Envelope<Served<Conversion>>),
    FailureResponses,
))]
pub(super) async fn convert(
    State(service): State<Arc<Currency>>,
    Query(query): Query<ConvertQuery>,
) -> Result<Answer, ApiError> {
    let mut needed = vec![query.from, query.to];
    needed.retain(|code| *code != CurrencyCode::KRW);
    needed.dedup();
    let found = match query.date {
        None => now(&service, &needed).await?,
        Some(day) => on(&service, &needed, day).await?,
    };
    let pair = Pair {
        base: query.to,
        target: query.from,
        inverse: false,
    };
    let deal = |wanted: CurrencyCode| {
        found
            .rates
            .iter()
            .find(|(code, _)| *code == wanted)
            .map(|(_, rate)| *rate)
    };
    let absent = needed.iter().find(|code| deal(**code).is_none());
    let Some(rate) = pair.rate(deal) else {
        return Err(absent.map_or_else(
            || ApiError::new(ErrorCode::NotFound, "there is no such rate"),
            |code| no_rate(*code),
        ));
    };
    let Some(result) = query.amount.checked_mul(rate.decimal()) else {
        let allowed = format!("an amount whose value in {} has at most 28 digits", query.to);
        return Err(ApiError::invalid("amount", &query.amount.to_string(), &allowed));
    };
    let minor_units = u32::from(query.to.currency().minor_units);
    let mut sources: Vec<&str> = found.legs.iter().map(|leg| leg.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let body = Conversion {
        from: query.from,
        to: query.to,
        amount: Number::exact(query.amount),
        result: Number::exact(result),
        result_rounded: Number::exact(
            result.round_dp_with_strategy(minor_units, RoundingStrategy::MidpointNearestEven),
        ),
        rate,
        unit: pair.unit(),
        source: sources.join(","),
        recorded_at: found.legs.iter().map(|leg| leg.recorded_at).min(),
        requested_date: query.date,
        effective_date: found.effective_date,
        stale: found.stale,
        path: found.legs,
    };
    Answer::served(body, found.served_from, found.freshness)
}

/// The current rates of `codes`.
async fn now(service: &Currency, codes: &[CurrencyCode]) -> Result<Legs, ApiError> {
    let current = service.current(codes).await?;
    let row = |code: &CurrencyCode| current.rows.get(code);
    let leg = |code: &CurrencyCode| {
        row(code).map(|row| PathLeg {
            currency_code: *code,
            deal_base_rate: row.deal_base_rate.into(),
            source: row.source.clone(),
            recorded_at: row.recorded_at,
        })
    };
    Ok(Legs {
        legs: codes.iter().filter_map(leg).collect(),
        rates: current
            .rows
            .values()
            .map(|row| (row.currency_code, row.deal_base_rate))
            .collect(),
        effective_date: current.recorded_at().map(|time| time.utc().date_naive()),
        stale: current.is_stale(),
        served_from: current.served_from,
        freshness: current.freshness(),
    })
}

/// The rates of `codes` on `day`, or on the last day with rates before it.
async fn on(service: &Currency, codes: &[CurrencyCode], day: NaiveDate) -> Result<Legs, ApiError> {
    let Some(found) = rates_on(&service.store, day, codes).await? else {
        let message = format!("there are no rates of {day} or of the {LOOK_BACK_DAYS} days before it");
        return Err(ApiError::new(ErrorCode::NotFound, message));
    };
    if let Some(code) = codes.iter().find(|code| found.of(**code).is_none()) {
        let message = format!("there is no rate for {code} on {}", found.day);
        return Err(ApiError::new(ErrorCode::NotFound, message));
    }
    Ok(Legs {
        rates: found.rates.iter().map(|rate| (rate.code, rate.rate)).collect(),
        effective_date: Some(found.day),
        legs: codes
            .iter()
            .filter_map(|code| found.of(*code))
            .map(|rate| PathLeg {
                currency_code: rate.code,
                deal_base_rate: rate.rate.into(),
                source: rate.source.clone(),
                recorded_at: rate.recorded_at,
            })
            .collect(),
        stale: false,
        served_from: ServedFrom::Store,
        // A past day may still be corrected, or filled by a backfill.
        freshness: Freshness::Revalidate,
    })
}
