//! `GET /api/v1/convert`: an amount of one currency in another, now or on a day.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, ErrorCode, FailureResponses, Freshness, FromParams, Params, Query, Served, ServedFrom,
};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::schedule;
use shared::store::{LOOK_BACK_DAYS, newest, newest_common};
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::Currency;
use crate::ended::{no_rate, pair_ended};
use crate::exact_product::Product;
use crate::quote::{Leg, Quote, provenance};

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
    /// A day from 1970-01-01 to today: the rates of that day, or of the last before it (at most 14 days) on which their source has any. The current rates
    /// unless given.
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
    /// `amount` times `rate`, every digit: as many as 43.
    #[schema(value_type = Number)]
    pub result: Product,
    /// The same, rounded half to even to the digits that amounts of `to` have; null where ISO 4217 gives `to` no minor unit, as XDR.
    #[schema(value_type = Option<Number>)]
    pub result_rounded: Option<Product>,
    /// The price of one unit of `from`, in units of `to`.
    pub rate: Number,
    /// What `rate` is.
    #[schema(example = "KRW per USD")]
    pub unit: String,
    /// The stored rates that `rate` came from: one for a pair with KRW, else two of one source and instant; empty for a currency in itself. Of two, `rate` is
    /// the source's own: it is not the quotient of their prices in KRW where the source has corrected the won for one of them alone.
    pub path: Vec<PathLeg>,
    /// Whose rates these are; empty for a currency in itself.
    #[schema(example = "ecb")]
    pub source: String,
    /// When they were set by their source; null for a currency in itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub recorded_at: Option<Timestamp>,
    /// The day asked for; null for the current rates.
    #[schema(value_type = Option<String>, format = Date)]
    pub requested_date: Option<NaiveDate>,
    /// The day (UTC) whose rates these are; null for a currency in itself.
    #[schema(value_type = Option<String>, format = Date)]
    pub effective_date: Option<NaiveDate>,
    /// Whether they are older than their source's own schedule allows; where a day was asked for, whether they were at its end (today: now).
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

/// The rate that a conversion is made with.
struct ConversionRate {
    quote: Quote,
    /// The instant at which the rate's age is measured.
    as_of: DateTime<Utc>,
    served_from: ServedFrom,
    freshness: Freshness,
}

/// An amount of one currency in another
///
/// With the current rates, or with those of a day. `result` is `amount` times the printed `rate`, so anyone can recompute it. A rate of two currencies is
/// made of two stored rates of one source and instant; where their newest are of different ones, of the newest that both have. A currency that was
/// withdrawn, or that its source does not publish any more, has no current rate, and so has a pair that no source publishes any more: a 404 with the day of the
/// last one.
#[utoipa::path(get, path = "/api/v1/convert", operation_id = "convert", tag = "Currency", params(ConvertQuery), responses(
    (status = 200, description = "The converted amount.", body = Envelope<Served<Conversion>>),
    FailureResponses,
))]
pub(super) async fn convert(
    State(service): State<Arc<Currency>>,
    Query(query): Query<ConvertQuery>,
) -> Result<Answer, ApiError> {
    let pair = Pair {
        base: query.to,
        target: query.from,
        inverse: false,
    };
    let found = match query.date {
        _ if query.from == query.to => itself(),
        None => now(&service, pair).await?,
        Some(day) => on(&service, pair, day).await?,
    };
    let Quote { rate, legs } = found.quote;
    let Some(result) = Product::of(query.amount, rate.decimal()) else {
        let allowed = "an amount whose product with the rate can be told with every digit";
        return Err(ApiError::invalid("amount", &query.amount.to_string(), allowed));
    };
    let minor_units = query.to.currency().minor_units;
    let provenance = provenance(&legs);
    let recorded_at = provenance.recorded_at();
    let body = Conversion {
        from: query.from,
        to: query.to,
        amount: Number::exact(query.amount),
        result_rounded: minor_units.map(|places| result.rounded(usize::from(places))),
        result,
        rate,
        unit: pair.unit(),
        source: provenance.source_by_name(),
        recorded_at,
        requested_date: query.date,
        effective_date: recorded_at.map(|time| time.utc().date_naive()),
        stale: provenance.is_stale(found.as_of).unwrap_or(false),
        path: legs.into_iter().map(PathLeg::from).collect(),
    };
    Answer::served(body, found.served_from, found.freshness)
}

/// A currency in itself is 1, whatever the day, and no rate is looked for.
fn itself() -> ConversionRate {
    let rate = Number::exact(Decimal::ONE);
    ConversionRate {
        quote: Quote { rate, legs: Vec::new() },
        as_of: Utc::now(),
        served_from: ServedFrom::Cache,
        freshness: Freshness::Release,
    }
}

/// The current rate of a pair.
async fn now(service: &Currency, pair: Pair) -> Result<ConversionRate, ApiError> {
    let mut found = service.quotes(pair.base, &[pair.target], pair.inverse).await?;
    let ended = [pair.target, pair.base].iter().find_map(|code| found.ended.get(code));
    if let Some(ended) = ended {
        // As it was asked, the first of the two.
        return Err(service.no_current_rate(*ended, pair.target, pair.base).await);
    }
    if let Some(last_date) = found.ended_pairs.get(&pair.target) {
        return Err(pair_ended(pair.target, pair.base, *last_date));
    }
    let Some(quote) = found.quotes.remove(&pair.target) else {
        return Err(match found.missing.first() {
            Some(code) => no_rate(*code),
            None => ApiError::new(
                ErrorCode::NotFound,
                format!(
                    "there is no day on which one source has a rate for both {} and {}",
                    pair.target, pair.base
                ),
            ),
        });
    };
    Ok(ConversionRate {
        as_of: Utc::now(),
        freshness: provenance(&quote.legs)
            .next_update()
            .map_or(Freshness::Release, Freshness::Until),
        served_from: found.served_from,
        quote,
    })
}

/// The rate of a pair on `day`, or on the last day before it of a source that has all of it: weekends and holidays of one are not those of another.
async fn on(service: &Currency, pair: Pair, day: NaiveDate) -> Result<ConversionRate, ApiError> {
    let legs = match (pair.target, pair.base) {
        (CurrencyCode::KRW, code) | (code, CurrencyCode::KRW) => {
            let rate = newest(&service.store, code, day, LOOK_BACK_DAYS).await?;
            let rate = rate.as_ref().ok_or_else(|| {
                let what = format!(
                    "there is no rate for {code} on {day}, or on the last of the {LOOK_BACK_DAYS} days before it on which its source has any"
                );
                ApiError::new(ErrorCode::NotFound, what)
            })?;
            vec![Leg::from(rate)]
        }
        (target, base) => {
            let common = newest_common(&service.store, base, &[(target, day)], Some(LOOK_BACK_DAYS)).await?;
            let rates = common.first().ok_or_else(|| {
                let what = format!(
                    "no source has a rate for both {target} and {base} on {day}, or on the last of the {LOOK_BACK_DAYS} days before it on which it has any"
                );
                ApiError::new(ErrorCode::NotFound, what)
            })?;
            vec![Leg::from(&rates.target), Leg::from(&rates.base)]
        }
    };
    let quote = Quote::new(pair, legs)
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "the rates of this day cannot be told as one"))?;
    Ok(ConversionRate {
        quote,
        as_of: schedule::end_of(day).min(Utc::now()),
        served_from: ServedFrom::Store,
        // A past day may still be corrected, or filled by a backfill.
        freshness: Freshness::Revalidate,
    })
}

impl From<Leg> for PathLeg {
    fn from(leg: Leg) -> Self {
        Self {
            currency_code: leg.code,
            deal_base_rate: leg.rate.krw.into(),
            source: leg.source,
            recorded_at: leg.recorded_at,
        }
    }
}
