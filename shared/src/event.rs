//! The four payloads and their topics: names, partitions and keys stand here and nowhere else. No Redis, Kafka, Lambda or clock.

mod envelope;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDate};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::envelope::{BACKFILL, Event, Header, Run, Traceparent, header};
use crate::currency::{CurrencyCode, UnknownCurrency};
use crate::rate::{Rate, StoredRate};
use crate::time::{NotYet, Timestamp};

/// One of the four Kafka topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A provider answered.
    NewDataReceived,
    /// One currency's rate is new.
    ExchangeRateUpdated,
    /// A run is over and all its events are acknowledged.
    DataProcessingCompleted,
    /// Caches of the named currencies are out of date.
    CacheInvalidation,
}

impl Topic {
    /// All four, in the order in which a run publishes them.
    pub const ALL: [Self; 4] = [
        Self::NewDataReceived,
        Self::ExchangeRateUpdated,
        Self::CacheInvalidation,
        Self::DataProcessingCompleted,
    ];

    /// The topic's name in Kafka.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewDataReceived => "new_data_received",
            Self::ExchangeRateUpdated => "exchange_rate_updated",
            Self::DataProcessingCompleted => "data_processing_completed",
            Self::CacheInvalidation => "cache_invalidation",
        }
    }

    /// How many partitions the topic is created with. Rates are keyed by currency, so three keep the order of each currency.
    #[must_use]
    pub const fn partitions(self) -> i32 {
        match self {
            Self::ExchangeRateUpdated => 3,
            Self::NewDataReceived | Self::DataProcessingCompleted | Self::CacheInvalidation => 1,
        }
    }

    /// What a log says when such events are acknowledged.
    #[must_use]
    pub const fn sent_message(self) -> &'static str {
        match self {
            Self::NewDataReceived => "New data received event sent",
            Self::ExchangeRateUpdated => "Exchange rate updated event sent",
            Self::DataProcessingCompleted => "Data processing completed event sent",
            Self::CacheInvalidation => "Cache invalidation event sent",
        }
    }

    /// What a log says when such events are applied.
    #[must_use]
    pub const fn processed_message(self) -> &'static str {
        match self {
            Self::NewDataReceived => "New data received event processed",
            Self::ExchangeRateUpdated => "Exchange rate updated event processed",
            Self::DataProcessingCompleted => "Data processing completed event processed",
            Self::CacheInvalidation => "Cache invalidation event processed",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A payload of one topic.
pub trait Payload: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Where it is published.
    const TOPIC: Topic;
    /// The record's key: events with one key keep their order.
    fn key(&self) -> String;
    /// The instant that the payload's rate is of.
    fn rate_instant(&self) -> Option<Timestamp> {
        None
    }
    /// Refuses a payload that says what cannot be.
    ///
    /// # Errors
    /// [`Impossible`] says what.
    fn check(&self) -> Result<(), Impossible> {
        Ok(())
    }
    /// Refuses a payload whose instants decide which of two stands and have not come yet at `now`.
    ///
    /// # Errors
    /// [`NotYet`] names the field.
    fn check_time(&self, _now: Timestamp) -> Result<(), NotYet> {
        Ok(())
    }
}

/// How many days after its last one a withdrawn currency may still have a rate: sources go on quoting some of them for a while, converted at the fixed rate. None
/// of the ECB's history is later than its last day.
pub const WITHDRAWN_TOLERANCE_DAYS: u64 = 31;

/// Why a rate cannot be one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Impossible {
    /// Of the currency that rates are told in.
    #[error("currency_code must not be KRW: every rate is a price in it, so it has none of its own")]
    HomeCurrency,
    /// Of a time at which there was no such currency any more.
    #[error(
        "recorded_at is {recorded_at}, and {code} was withdrawn: {last_day} was its last day, and at most {WITHDRAWN_TOLERANCE_DAYS} days after it are allowed"
    )]
    Withdrawn {
        /// The currency.
        code: CurrencyCode,
        /// Its last day.
        last_day: NaiveDate,
        /// When its rate would have been set.
        recorded_at: Timestamp,
    },
}

/// A provider answered with `data_count` rates; a run begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NewDataReceived {
    /// Key of the provider, `ecb`.
    pub source: String,
    /// How many usable rates the answer held.
    pub data_count: u32,
    /// When the answer was complete.
    pub collection_time: Timestamp,
    /// Milliseconds from the request to the checked rates.
    pub processing_time_ms: u64,
    /// One per run.
    pub correlation_id: Uuid,
}

/// The rate of one currency as its source set it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeRateUpdated {
    /// Whose rate it is.
    pub currency_code: CurrencyCode,
    /// The currency's Korean name.
    pub currency_name: String,
    /// KRW for one unit of the currency.
    pub deal_base_rate: Rate,
    /// KRW at which a bank sells one unit by wire; null unless the source gives it or a spread is set.
    pub tts: Option<Rate>,
    /// KRW at which a bank buys one unit by wire; null unless the source gives it or a spread is set.
    pub ttb: Option<Rate>,
    /// The number as the source printed it: units of the currency for one unit of what the source quotes against, which is EUR of `ecb` and USD of
    /// `exchangerate_api`. Absent where it quotes against KRW, and in events of builds before it. Of two currencies of one source and `recorded_at` the
    /// quotient of their quotations is the source's own cross, whatever won either was priced with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotation: Option<Rate>,
    /// Key of the provider, `ecb`.
    pub source: String,
    /// When the source set the rate.
    pub recorded_at: Timestamp,
    /// When the ingestor had first seen it; a correction of the same `recorded_at` has a later one. Of a backfilled rate when the file of the history that it is
    /// from was last modified, but not before `recorded_at`.
    pub updated_at: Timestamp,
}

/// A run is over: every earlier event of it is acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DataProcessingCompleted {
    /// Key of the provider, `ecb`.
    pub source: String,
    /// How many rates the run published.
    pub total_processed: u32,
    /// Milliseconds from the run's start to its last acknowledgement.
    pub processing_time_ms: u64,
    /// When that was.
    pub completed_at: Timestamp,
    /// One per run.
    pub correlation_id: Uuid,
}

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

impl Payload for NewDataReceived {
    const TOPIC: Topic = Topic::NewDataReceived;
    fn key(&self) -> String {
        self.source.clone()
    }
}

impl Payload for ExchangeRateUpdated {
    const TOPIC: Topic = Topic::ExchangeRateUpdated;
    fn key(&self) -> String {
        self.currency_code.as_str().to_owned()
    }
    fn rate_instant(&self) -> Option<Timestamp> {
        Some(self.recorded_at)
    }
    fn check(&self) -> Result<(), Impossible> {
        let (code, recorded_at) = (self.currency_code, self.recorded_at);
        if code == CurrencyCode::KRW {
            return Err(Impossible::HomeCurrency);
        }
        let day = recorded_at.utc().date_naive();
        match code.currency().last_day {
            Some(last_day) if day > last_day + Days::new(WITHDRAWN_TOLERANCE_DAYS) => Err(Impossible::Withdrawn {
                code,
                last_day,
                recorded_at,
            }),
            _ => Ok(()),
        }
    }
    fn check_time(&self, now: Timestamp) -> Result<(), NotYet> {
        self.recorded_at.must_have_come("recorded_at", now)?;
        self.updated_at.must_have_come("updated_at", now)
    }
}

impl Payload for DataProcessingCompleted {
    const TOPIC: Topic = Topic::DataProcessingCompleted;
    fn key(&self) -> String {
        self.source.clone()
    }
}

impl Payload for CacheInvalidation {
    const TOPIC: Topic = Topic::CacheInvalidation;
    fn key(&self) -> String {
        self.source.clone()
    }
}

impl ExchangeRateUpdated {
    /// What crosses are made of.
    #[must_use]
    pub fn stored_rate(&self) -> StoredRate {
        StoredRate {
            krw: self.deal_base_rate,
            quotation: self.quotation,
        }
    }

    /// Which of two observations of one currency stands: the later `recorded_at`, then the later `updated_at`; of two that agree in both, the one with the
    /// greater values (a null is the least), the quotation last of them, and at last the greater digest. What comes behind the instants says nothing about the
    /// world, but every store and cache follows it, so any order of arrival ends the same in all of them.
    #[must_use]
    pub fn cmp_version(&self, other: &Self) -> Ordering {
        let order = |event: &Self| {
            (
                event.recorded_at,
                event.updated_at,
                event.deal_base_rate,
                event.tts,
                event.ttb,
            )
        };
        order(self).cmp(&order(other)).then_with(|| {
            if self == other {
                Ordering::Equal
            } else {
                self.last_digits().cmp(&other.last_digits())
            }
        })
    }

    /// The same order as a text of 200 digits, for PostgreSQL (`COLLATE "C"`) and for Redis scripts, whose `<` on digits is the same in every locale:
    /// `recorded_at` and `updated_at` in microseconds (18 each), a 1, the three values in KRW (13 digits before the point and 28 behind it, 0 for null), and
    /// 40 digits of quotation and digest. Former texts had the digest in place of the 1, and it began with 0: of one observation they are less.
    #[must_use]
    pub fn version(&self) -> String {
        format!(
            "{:018}{:018}1{}{}{}{}",
            self.recorded_at.micros(),
            self.updated_at.micros(),
            fixed(Some(self.deal_base_rate)),
            fixed(self.tts),
            fixed(self.ttb),
            self.last_digits()
        )
    }

    /// The last 40 digits of a version: without a quotation the digest, which has 39 and so begins with a 0; with one a 1, the quotation (where its first
    /// digit stands, two, and its 18 digits) and 19 digits of the digest. So what has a quotation stands before the same without it, and builds that know of
    /// none write what they always wrote.
    fn last_digits(&self) -> String {
        const KEPT: u128 = 10_u128.pow(19);
        match self.quotation {
            None => format!("{:040}", self.digest()),
            Some(quotation) => format!("1{}{:019}", floating(quotation), self.digest() % KEPT),
        }
    }

    fn digest(&self) -> u128 {
        let shown = |rate: Option<Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        let values = format!(
            "{}\n{}\n{}\n{}\n{}\n{}",
            self.currency_code,
            self.currency_name,
            self.deal_base_rate,
            shown(self.tts),
            shown(self.ttb),
            self.source
        );
        // SHA-1 by way of a name-based UUID: any digest that is the same in every build does.
        Uuid::new_v5(&Uuid::NAMESPACE_OID, values.as_bytes()).as_u128()
    }
}

/// A rate in 20 digits, whose order as texts is that of rates: how far its first digit stands before the last place of [`fixed`], and from it on the 18 that
/// any has.
fn floating(rate: Rate) -> String {
    let all = fixed(Some(rate));
    let digits = all.trim_start_matches('0');
    format!("{:02}{digits:0<18.18}", digits.len())
}

/// A rate with all the digits that any has: 13 before the point and 28 behind it, without the point.
fn fixed(rate: Option<Rate>) -> String {
    let text = rate.map_or_else(|| "0".to_owned(), |rate| rate.to_string());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole:0>13}{fraction:0<28}")
}

#[cfg(test)]
mod tests;
