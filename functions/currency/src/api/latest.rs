//! `GET /api/v1/currencies/latest`: all rates, or some, in units of one base.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::Utc;
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, ErrorCode, FailureResponses, Format, Freshness, FromParams, Params, Query, Served,
};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::provenance::Provenance;
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::Currency;
use crate::ended::{Ended, no_rate, pair_ended};
use crate::quote::{Quote, Quotes, provenance};

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
    /// Those of the currencies asked for that have no rate, or none of an instant and source that `base` has.
    pub missing: Vec<CurrencyCode>,
    /// Those that have no current rate in `base` any more, by code, with the day of their last one: of the currencies asked for, or of all. One that goes on is
    /// among them as interrupted where no source publishes it together with `base` any more.
    pub ended: Vec<Ended>,
    /// Whose rates these are; several with commas between, empty where all that is told is 1 for `base` itself.
    #[schema(example = "ecb")]
    pub source: String,
    /// When the newest of them were set by their source; null where all that is told is 1 for `base` itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub recorded_at: Option<Timestamp>,
    /// When the others were set, by currency: each rate that is not in it is of `recorded_at`.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"ISK": "2026-10-29T13:15:00Z"}))]
    pub other_days: BTreeMap<CurrencyCode, Timestamp>,
    /// Whether any of them is older than its source's own schedule allows.
    pub stale: bool,
}

/// One rate of `latest`, as a row.
#[derive(Debug, Serialize)]
struct LatestRow {
    currency_code: CurrencyCode,
    rate: Number,
    unit: String,
    source: String,
    recorded_at: Option<Timestamp>,
}

/// Current rates in units of one base
///
/// A rate is the price of one unit of a currency in units of `base`, as Korean banks quote it: with base=KRW, USD is some 1335 (KRW for one dollar).
/// Every rate is made of stored rates of one source and instant; where the newest of a currency and of `base` are of different ones, of the newest that both
/// have. Currencies without a rate are listed in `missing`, those that were withdrawn or that their source does not publish any more, or not together with
/// `base`, in `ended`. As CSV or NDJSON the rows are currency_code, rate, unit, source, recorded_at, each of its own instant.
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
    // Of all currencies the base itself says nothing; asked for by name it is 1.
    let all = || CurrencyCode::all().filter(|code| *code != query.base).collect();
    let targets: Vec<CurrencyCode> = query.symbols.clone().unwrap_or_else(all);
    let mut found = service.quotes(query.base, &targets, query.inverse).await?;
    refuse_without_rates(&service, query.base, &found).await?;
    let ended_pairs = found.ended_pairs.iter();
    found
        .ended
        .extend(ended_pairs.map(|(code, last_date)| (*code, Ended::in_this_base(*code, *last_date))));
    let of_all = provenance(found.quotes.values().flat_map(|quote| &quote.legs));
    let freshness = freshness(&found, &targets, &of_all);
    let format = Format::negotiate(query.format, &headers);
    if format == Format::Json {
        Answer::served(document(query, &found, &of_all), found.served_from, freshness)
    } else {
        Answer::rows(&rows(&query, &found), format, freshness)
    }
}

/// Refuses where `base` has no current rate, or none of the currencies asked for has one.
async fn refuse_without_rates(service: &Currency, base: CurrencyCode, found: &Quotes) -> Result<(), ApiError> {
    if let Some(ended) = found.ended.get(&base) {
        return Err(service.no_current_rate(*ended, base, CurrencyCode::KRW).await);
    }
    if found.missing.contains(&base) {
        return Err(no_rate(base));
    }
    if !found.quotes.is_empty() {
        return Ok(());
    }
    Err(
        match (found.ended.values().next(), found.ended_pairs.first_key_value()) {
            (Some(ended), _) => service.no_current_rate(*ended, ended.currency_code, base).await,
            (None, Some((code, last_date))) => pair_ended(*code, base, *last_date),
            (None, None) => ApiError::new(ErrorCode::NotFound, "there are no rates for these currencies yet"),
        },
    )
}

/// Whether a currency has neither a rate in the base nor one that ended.
fn is_absent(found: &Quotes, code: CurrencyCode) -> bool {
    !found.quotes.contains_key(&code) && !found.ended.contains_key(&code)
}

/// How long the answer stands.
fn freshness(found: &Quotes, targets: &[CurrencyCode], of_all: &Provenance) -> Freshness {
    // A rate that waits for its other half may be there at any time, and so may the first of all.
    let waits = |code: &CurrencyCode| is_absent(found, *code) && !found.missing.contains(code);
    if targets.iter().any(waits) {
        return Freshness::Revalidate;
    }
    let nothing = if targets.len() > found.quotes.len() {
        Freshness::Revalidate
    } else {
        Freshness::Release
    };
    of_all.next_update().map_or(nothing, Freshness::Until)
}

/// The rates as rows, each of its own instant.
fn rows(query: &LatestQuery, found: &Quotes) -> Vec<LatestRow> {
    let row = |(code, quote): (&CurrencyCode, &Quote)| LatestRow {
        currency_code: *code,
        rate: quote.rate,
        unit: Pair {
            base: query.base,
            target: *code,
            inverse: query.inverse,
        }
        .unit(),
        source: provenance(&quote.legs).source_by_name(),
        recorded_at: quote.recorded_at(),
    };
    found.quotes.iter().map(row).collect()
}

/// The rates as one document, with what has none.
fn document(query: LatestQuery, found: &Quotes, of_all: &Provenance) -> LatestRates {
    let times = || {
        found
            .quotes
            .iter()
            .filter_map(|(code, quote)| Some((*code, quote.recorded_at()?)))
    };
    let recorded_at = times().map(|(_, at)| at).max();
    let asked = query.symbols.unwrap_or_default();
    LatestRates {
        base: query.base,
        inverse: query.inverse,
        unit: Pair::unit_of_each(query.base, query.inverse),
        rates: found.quotes.iter().map(|(code, quote)| (*code, quote.rate)).collect(),
        missing: asked.into_iter().filter(|code| is_absent(found, *code)).collect(),
        ended: found.ended.values().copied().collect(),
        source: of_all.source_by_name(),
        recorded_at,
        other_days: times().filter(|(_, at)| Some(*at) != recorded_at).collect(),
        stale: of_all.is_stale(Utc::now()).unwrap_or(false),
    }
}
