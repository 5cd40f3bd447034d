//! Observations: a rate of an instant, as it was published or is about to be. What Redis remembers of one, and what outliers are measured from, is made of
//! these; nothing here decides anything.

use std::fmt;
use std::str::FromStr;

use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::rate::Rate;
use shared::time::Timestamp;

use crate::provider::quotes::Quote;

/// An observation that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// When the source had set it.
    pub recorded_at: Timestamp,
    /// KRW for one unit.
    pub deal_base_rate: Rate,
    /// As published.
    pub tts: Option<Rate>,
    /// As published.
    pub ttb: Option<Rate>,
    /// The source's own quotation; `None` where it was published before that was remembered.
    pub quotation: Option<Rate>,
}

/// A quotation that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Units of the currency for one unit of what the source quotes against.
    pub quotation: Rate,
    /// When the source had set it.
    pub recorded_at: Timestamp,
}

/// An observation that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update {
    /// The rate.
    pub quote: Quote,
    /// When the source had set it.
    pub recorded_at: Timestamp,
    /// When an earlier run held it back, if one did. It is dated by that: what was seen of that instant since, such as a corrected history, is the later account.
    pub held_since: Option<Timestamp>,
}

impl Level {
    /// That of a rate which is held back.
    pub(crate) fn of(rate: &HeldRate) -> Self {
        Self {
            quotation: rate.quotation,
            recorded_at: rate.recorded_at,
        }
    }

    /// What a rate which is held back was compared with.
    pub(crate) fn before(rate: &HeldRate) -> Self {
        Self {
            quotation: rate.previous,
            recorded_at: rate.previous_at,
        }
    }
}

/// A rate that was held back, as the document had it.
#[must_use]
pub fn quote_of(code: CurrencyCode, rate: &HeldRate) -> Quote {
    Quote {
        code,
        deal_base_rate: rate.deal_base_rate,
        tts: rate.tts,
        ttb: rate.ttb,
        quotation: rate.quotation,
    }
}

impl Observation {
    /// A rate of a document, as it is remembered once it is published.
    pub(crate) fn of(quote: &Quote, recorded_at: Timestamp) -> Self {
        Self {
            recorded_at,
            deal_base_rate: quote.deal_base_rate,
            tts: quote.tts,
            ttb: quote.ttb,
            quotation: Some(quote.quotation),
        }
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |rate: Option<Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        write!(
            f,
            "{}|{}|{}|{}|{}",
            self.recorded_at,
            self.deal_base_rate,
            side(self.tts),
            side(self.ttb),
            side(self.quotation)
        )
    }
}

/// A field that is no observation.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

impl FromStr for Observation {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let parts: Vec<&str> = text.split('|').collect();
        let (recorded_at, base, tts, ttb, quotation) = match parts[..] {
            [recorded_at, base, tts, ttb] => (recorded_at, base, tts, ttb, ""),
            [recorded_at, base, tts, ttb, quotation] => (recorded_at, base, tts, ttb, quotation),
            _ => return Err(Unreadable),
        };
        let rate = |text: &str| text.parse::<Rate>().map_err(|_| Unreadable);
        let side = |text: &str| {
            if text.is_empty() {
                Ok(None)
            } else {
                rate(text).map(Some)
            }
        };
        let recorded_at = recorded_at.parse().map_err(|_| Unreadable)?;
        Ok(Self {
            recorded_at,
            deal_base_rate: rate(base)?,
            tts: side(tts)?,
            ttb: side(ttb)?,
            quotation: side(quotation)?,
        })
    }
}
