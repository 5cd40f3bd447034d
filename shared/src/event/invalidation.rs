//! The payload of `cache_invalidation`, and what it names.

use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Payload, Topic};
use crate::currency::{CurrencyCode, UnknownCurrency};
use crate::time::Timestamp;

/// The `invalidation_type` of an operator: caches forget even which row was the newest, so what was repaired in the store by hand is cached.
pub const MANUAL: &str = "manual";

/// Caches of these currencies are out of date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CacheInvalidation {
    /// `exchange_rate:USD` for one currency, `exchange_rate:*` for all.
    pub cache_keys: Vec<CacheKey>,
    /// Why: `rate_update` after a run, `manual` by an operator.
    pub invalidation_type: String,
    /// When it was asked for.
    pub invalidated_at: Timestamp,
    /// Whose run asked; the record's key. Not part of the payload.
    #[serde(skip)]
    pub source: String,
}

/// What a [`CacheInvalidation`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CacheKey {
    /// `exchange_rate:USD`.
    One(CurrencyCode),
    /// `exchange_rate:*`.
    All,
}

/// Why a text is not a cache key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CacheKeyError {
    /// Not of the form.
    #[error("cache key must be exchange_rate:CODE or exchange_rate:*, got {0:?}")]
    Form(String),
    /// Of the form, but of no currency.
    #[error(transparent)]
    Currency(#[from] UnknownCurrency),
}

impl FromStr for CacheKey {
    type Err = CacheKeyError;

    fn from_str(text: &str) -> Result<Self, CacheKeyError> {
        match text.strip_prefix("exchange_rate:") {
            Some("*") => Ok(Self::All),
            Some(code) => Ok(Self::One(code.parse()?)),
            None => Err(CacheKeyError::Form(text.chars().take(60).collect())),
        }
    }
}

impl TryFrom<String> for CacheKey {
    type Error = CacheKeyError;

    fn try_from(text: String) -> Result<Self, CacheKeyError> {
        text.parse()
    }
}

impl From<CacheKey> for String {
    fn from(key: CacheKey) -> Self {
        match key {
            CacheKey::All => "exchange_rate:*".to_owned(),
            CacheKey::One(code) => format!("exchange_rate:{code}"),
        }
    }
}

impl JsonSchema for CacheKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CacheKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"^exchange_rate:([A-Z]{3}|\*)$", "examples": ["exchange_rate:USD"]})
    }
}

impl Payload for CacheInvalidation {
    const TOPIC: Topic = Topic::CacheInvalidation;
    fn key(&self) -> String {
        self.source.clone()
    }
}
