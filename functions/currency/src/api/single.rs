//! `GET /api/v1/currencies/{code}` and `/multiple`: a currency's rate in KRW with all that its source says.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use chrono::Utc;
use rust_decimal::Decimal;
use serde::Serialize;
use shared::api::{
    Answer, ApiError, Envelope, ErrorCode, FailureResponses, Freshness, FromParams, Nothing, Params, PathCode, Query,
    Served,
};
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use shared::number::Number;
use shared::provenance::Provenance;
use shared::schedule;
use shared::time::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::Currency;
use crate::ended::{Ended, no_rate};

/// One currency's current rate in KRW.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CurrentRate {
    /// ISO 4217 code.
    pub currency_code: CurrencyCode,
    /// Korean name.
    #[schema(example = "미국 달러")]
    pub currency_name: &'static str,
    /// English name.
    #[schema(example = "US dollar")]
    pub currency_name_en: &'static str,
    /// The symbol that people write; the code where there is none.
    #[schema(example = "$")]
    pub symbol: &'static str,
    /// KRW for one unit.
    pub deal_base_rate: Number,
    /// What `deal_base_rate` is.
    #[schema(example = "KRW per USD")]
    pub unit: String,
    /// How many units Korean banks quote at a time: 100 for JPY, IDR and VND, else 1.
    #[schema(minimum = 1)]
    pub customary_unit: u16,
    /// KRW for that many units.
    pub unit_rate: Number,
    /// KRW that a bank takes for one unit it transfers (전신환매도율); null unless the source gives it or a spread is configured.
    pub tts: Option<Number>,
    /// KRW that a bank gives for one unit it receives (전신환매입율); null unless the source gives it or a spread is configured.
    pub ttb: Option<Number>,
    /// Whose rate this is.
    #[schema(example = "ecb")]
    pub source: String,
    /// When its source set it.
    pub recorded_at: Timestamp,
    /// When this service received it.
    pub updated_at: Timestamp,
    /// Whether it is older than its source's own schedule allows.
    pub stale: bool,
}

impl From<&ExchangeRateUpdated> for CurrentRate {
    fn from(row: &ExchangeRateUpdated) -> Self {
        let code = row.currency_code;
        let currency = code.currency();
        let rate = row.deal_base_rate;
        Self {
            currency_code: code,
            currency_name: currency.korean,
            currency_name_en: currency.english,
            symbol: code.symbol(),
            deal_base_rate: rate.into(),
            unit: format!("KRW per {code}"),
            customary_unit: currency.customary_unit,
            unit_rate: Number::exact(rate.decimal() * Decimal::from(currency.customary_unit)),
            tts: row.tts.map(Number::from),
            ttb: row.ttb.map(Number::from),
            source: row.source.clone(),
            recorded_at: row.recorded_at,
            updated_at: row.updated_at,
            stale: schedule::is_stale(&row.source, row.recorded_at, Utc::now()),
        }
    }
}

/// Some currencies' current rates in KRW.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CurrentRates {
    /// In the order asked for.
    pub rates: Vec<CurrentRate>,
    /// Those of the currencies asked for that have no rate.
    pub missing: Vec<CurrencyCode>,
    /// Those of the currencies asked for that have no current rate any more, by code, with the day of their last one.
    pub ended: Vec<Ended>,
    /// When those of `rates` were set, by currency, that were not set when the newest of them were.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"ISK": "2026-10-29T13:15:00Z"}))]
    pub other_days: BTreeMap<CurrencyCode, Timestamp>,
}

/// What `multiple` can be asked.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MultipleQuery {
    /// Currencies with commas between, each once.
    #[param(value_type = String, pattern = "^[A-Z]{3}(,[A-Z]{3})*$", example = "USD,EUR,JPY")]
    symbols: Vec<CurrencyCode>,
}

impl FromParams for MultipleQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let symbols = params.currencies("symbols", 1..=CurrencyCode::all().len())?;
        Ok(Self {
            symbols: symbols
                .ok_or_else(|| ApiError::missing("symbols", "currency codes with commas between, such as USD,EUR"))?,
        })
    }
}

/// One currency's current rate in KRW
///
/// With the market's customary unit beside it: Korean banks quote JPY, IDR and VND for 100 units. A currency that was withdrawn, or that its source does
/// not publish any more, is a 404 with the day of its last rate.
#[utoipa::path(get, path = "/api/v1/currencies/{code}", operation_id = "currentRate", tag = "Currency",
    params(("code" = String, Path, description = "A currency other than KRW, in which all of these are told.", pattern = "^[A-Z]{3}$", example = "USD"), Nothing),
    responses(
        (status = 200, description = "The rate.", body = Envelope<Served<CurrentRate>>),
        FailureResponses,
    ))]
pub(super) async fn single(
    State(service): State<Arc<Currency>>,
    PathCode(code): PathCode,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    if code == CurrencyCode::KRW {
        let message = "KRW is the currency that these rates are told in; ask /api/v1/currencies/latest?base=…&symbols=KRW for its price";
        return Err(ApiError::new(ErrorCode::NotFound, message));
    }
    let current = service.current(&[code]).await?;
    if let Some(ended) = current.ended.get(&code) {
        return Err(service.no_current_rate(*ended, code, CurrencyCode::KRW).await);
    }
    let row = current.rows.get(&code).ok_or_else(|| no_rate(code))?;
    let provenance: Provenance = [(row.source.as_str(), row.recorded_at)].into_iter().collect();
    let freshness = provenance.next_update().map_or(Freshness::Release, Freshness::Until);
    Answer::served(CurrentRate::from(row), current.served_from, freshness)
}

/// Some currencies' current rates in KRW
///
/// The same as for one currency, for several at once. Those without a rate are listed in `missing`, those that have none any more in `ended`.
#[utoipa::path(get, path = "/api/v1/currencies/multiple", operation_id = "currentRates", tag = "Currency", params(MultipleQuery), responses(
    (status = 200, description = "The rates.", body = Envelope<Served<CurrentRates>>),
    FailureResponses,
))]
pub(super) async fn multiple(
    State(service): State<Arc<Currency>>,
    Query(query): Query<MultipleQuery>,
) -> Result<Answer, ApiError> {
    let current = service.current(&query.symbols).await?;
    let rows: Vec<&ExchangeRateUpdated> = query.symbols.iter().filter_map(|code| current.rows.get(code)).collect();
    let has_none = |code: &&CurrencyCode| !current.rows.contains_key(code) && !current.ended.contains_key(code);
    let provenance: Provenance = rows.iter().map(|row| (row.source.as_str(), row.recorded_at)).collect();
    // Of none at all nothing is known for long: the first of them may come at any time.
    let freshness = provenance.next_update().map_or(Freshness::Revalidate, Freshness::Until);
    let newest = rows.iter().map(|row| row.recorded_at).max();
    let others = rows.iter().filter(|row| Some(row.recorded_at) != newest);
    let body = CurrentRates {
        other_days: others.map(|row| (row.currency_code, row.recorded_at)).collect(),
        rates: rows.into_iter().map(CurrentRate::from).collect(),
        missing: query.symbols.iter().filter(has_none).copied().collect(),
        ended: current.ended.into_values().collect(),
    };
    Answer::served(body, current.served_from, freshness)
}
