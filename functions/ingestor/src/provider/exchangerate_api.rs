//! ExchangeRate-API: the open access of open.er-api.com, and v6 with a key. Its rates have at most six decimals, so USD is the base and KRW is
//! crossed: on a base of KRW two or three digits would be left. Format: <https://www.exchangerate-api.com/docs/free>.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use shared::currency::CurrencyCode;
use shared::rate::Rate;
use shared::time::Timestamp;

use super::error::{ProviderError, printable};
use super::http::ProviderRequest;
use super::key::ProviderKey;
use super::quotes::{Prices, Quotes};
use super::row::RowError;

const PROVIDER: ProviderKey = ProviderKey::of_adapter("exchangerate_api");

/// Gets and reads the newest rates.
///
/// # Errors
/// [`ProviderError`].
pub async fn fetch(request: &ProviderRequest<'_>) -> Result<Quotes, ProviderError> {
    let mut url = request.url();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty()
            .push("v6")
            .extend(request.api_key())
            .extend(["latest", CurrencyCode::USD.as_str()]);
    }
    let response = request.get(url).await?;
    // Errors come with 200, 403 and 404; what the document says counts.
    parse(response.formatted("JSON")?).map_err(|error| match error {
        ProviderError::Malformed { .. } if !response.is_success() => ProviderError::Status(response.status()),
        other => other,
    })
}

/// The document of both kinds of access. Numbers are kept as they were printed.
#[derive(Deserialize)]
struct Document {
    result: String,
    #[serde(rename = "error-type")]
    error_type: Option<String>,
    time_last_update_unix: Option<i64>,
    time_next_update_unix: Option<i64>,
    base_code: Option<String>,
    /// The open access calls them so.
    rates: Option<BTreeMap<String, Box<RawValue>>>,
    /// With a key they are called so.
    conversion_rates: Option<BTreeMap<String, Box<RawValue>>>,
}

/// Reads a document.
///
/// # Errors
/// [`ProviderError`] when it is cut, is something else, says that it is an error or lacks KRW.
pub fn parse(body: &[u8]) -> Result<Quotes, ProviderError> {
    let document: Document = serde_json::from_slice(body).map_err(|error| ProviderError::malformed("JSON", error))?;
    if document.result != "success" {
        let reason = document
            .error_type
            .unwrap_or_else(|| format!("result is {:?} without a reason", document.result));
        return Err(ProviderError::Refused(printable(&reason, 60)));
    }
    if document.base_code.as_deref() != Some(CurrencyCode::USD.as_str()) {
        return Err(ProviderError::malformed(
            "JSON",
            format!("base_code must be USD, got {:?}", document.base_code),
        ));
    }
    let recorded_at = instant(document.time_last_update_unix, "time_last_update_unix")?;
    let rates = document
        .rates
        .or(document.conversion_rates)
        .ok_or(ProviderError::Missing("rates"))?;
    let krw_per_usd = rates
        .get(CurrencyCode::KRW.as_str())
        .and_then(|rate| rate.get().parse::<Rate>().ok())
        .ok_or(ProviderError::Missing(
            "rate of KRW, without which nothing can be crossed",
        ))?;
    let recorded_at = Timestamp::new(recorded_at).map_err(|error| ProviderError::malformed("JSON", error))?;
    let mut quotes = Quotes::new(PROVIDER, recorded_at);
    for (code, rate) in &rates {
        let units_per_usd = rate.get().parse::<Rate>().map_err(RowError::Rate);
        quotes.add(
            code,
            units_per_usd.and_then(|units| cross(krw_per_usd.decimal(), units)),
        );
    }
    if !rates.contains_key(CurrencyCode::USD.as_str()) {
        // What everything is quoted against may be missing from the list, and is one all the same.
        let one = Rate::new(Decimal::ONE).map_err(RowError::Rate);
        let prices = one.and_then(|one| cross(krw_per_usd.decimal(), one));
        quotes.add(CurrencyCode::USD.as_str(), prices);
    }
    if document.time_next_update_unix.is_some() {
        quotes.next_update = Some(instant(document.time_next_update_unix, "time_next_update_unix")?);
    }
    quotes.checked()
}

fn cross(krw_per_usd: Decimal, units_per_usd: Rate) -> Result<Prices, RowError> {
    let quotient = krw_per_usd
        .checked_div(units_per_usd.decimal())
        .ok_or(RowError::NotCrossed)?;
    Ok(Prices {
        deal_base_rate: Rate::rounded(quotient)?,
        tts: None,
        ttb: None,
        quotation: units_per_usd,
    })
}

fn instant(seconds: Option<i64>, name: &'static str) -> Result<DateTime<Utc>, ProviderError> {
    let seconds = seconds.ok_or(ProviderError::Missing(name))?;
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| ProviderError::malformed("JSON", format!("{name} is {seconds}")))
}
