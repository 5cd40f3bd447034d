//! The payload of `exchange_rate_updated`, and which rates can be none.

use chrono::{Days, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Payload, Topic};
use crate::currency::CurrencyCode;
use crate::rate::{Rate, StoredRate};
use crate::time::{NotYet, Timestamp};

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

impl ExchangeRateUpdated {
    /// What crosses are made of.
    #[must_use]
    pub fn stored_rate(&self) -> StoredRate {
        StoredRate {
            krw: self.deal_base_rate,
            quotation: self.quotation,
        }
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
