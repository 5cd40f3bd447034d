//! A row as the hash of its entry: its fields as texts, written here and read back.

use std::collections::BTreeMap;

use crate::event::ExchangeRateUpdated;
use crate::rate::Rate;

/// Why a hash in Redis is no payload.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error("it has no field {0}")]
    Missing(&'static str),
    #[error(transparent)]
    Invalid(Box<dyn std::error::Error + Send + Sync>),
}

/// The payload that [`fields`] wrote.
pub(super) fn row(hash: &BTreeMap<String, String>) -> Result<ExchangeRateUpdated, RowError> {
    let text = |name: &'static str| hash.get(name).map(String::as_str).ok_or(RowError::Missing(name));
    fn parsed<T>(text: &str) -> Result<T, RowError>
    where
        T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        text.parse().map_err(|error: T::Err| RowError::Invalid(Box::new(error)))
    }
    let optional = |name: &'static str| match text(name)? {
        "" => Ok(None),
        text => parsed(text).map(Some),
    };
    Ok(ExchangeRateUpdated {
        currency_code: parsed(text("currency_code")?)?,
        currency_name: text("currency_name")?.to_owned(),
        deal_base_rate: parsed(text("deal_base_rate")?)?,
        tts: optional("tts")?,
        ttb: optional("ttb")?,
        // Entries of builds before it have no such field.
        quotation: match hash.get("quotation").map_or("", String::as_str) {
            "" => None,
            text => Some(parsed(text)?),
        },
        source: text("source")?.to_owned(),
        recorded_at: parsed(text("recorded_at")?)?,
        updated_at: parsed(text("updated_at")?)?,
    })
}

/// The payload's nine fields as names and texts, in turn; a null is an empty text.
pub(super) fn fields(row: &ExchangeRateUpdated) -> [String; 18] {
    let optional = |rate: Option<Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
    [
        "currency_code".to_owned(),
        row.currency_code.to_string(),
        "currency_name".to_owned(),
        row.currency_name.clone(),
        "deal_base_rate".to_owned(),
        row.deal_base_rate.to_string(),
        "tts".to_owned(),
        optional(row.tts),
        "ttb".to_owned(),
        optional(row.ttb),
        "quotation".to_owned(),
        optional(row.quotation),
        "source".to_owned(),
        row.source.clone(),
        "recorded_at".to_owned(),
        row.recorded_at.to_string(),
        "updated_at".to_owned(),
        row.updated_at.to_string(),
    ]
}
