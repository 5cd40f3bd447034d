//! A provider's answer as the rest of the ingestor sees it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::currency::CurrencyCode;
use shared::rate::Rate;
use shared::time::Timestamp;

use super::error::{ProviderError, printable};
use super::key::ProviderKey;
use super::row::RowError;

/// KRW for one unit of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Whose.
    pub code: CurrencyCode,
    /// The base rate.
    pub deal_base_rate: Rate,
    /// At which a bank sells by wire, where the source says so.
    pub tts: Option<Rate>,
    /// At which a bank buys by wire, where the source says so.
    pub ttb: Option<Rate>,
    /// The source's own quotation: units of the currency for one unit of what the source quotes against.
    pub quotation: Rate,
}

/// What a row of a document says of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// KRW for one unit.
    pub deal_base_rate: Rate,
    /// At which a bank sells by wire.
    pub tts: Option<Rate>,
    /// At which a bank buys by wire.
    pub ttb: Option<Rate>,
    /// The source's own quotation.
    pub quotation: Rate,
}

/// A row of the document that is not published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OmittedRow {
    /// As the document spells it, at most 40 characters.
    pub code: String,
    /// Why.
    pub reason: String,
}

/// A provider's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotes {
    /// Whose answer.
    pub provider: ProviderKey,
    /// When the source set the rates.
    pub recorded_at: Timestamp,
    /// In the order of the document, each currency once.
    pub rates: Vec<Quote>,
    /// What else was in it.
    pub left_out: Vec<OmittedRow>,
    /// Before this the provider will have nothing new, by its own word.
    pub next_update: Option<DateTime<Utc>>,
}

impl Quotes {
    /// An answer without rates yet.
    pub(crate) fn new(provider: ProviderKey, recorded_at: Timestamp) -> Self {
        Self {
            provider,
            recorded_at,
            rates: Vec::new(),
            left_out: Vec::new(),
            next_update: None,
        }
    }

    /// Adds a row of the document, or the reason why it is none. KRW itself is not a rate and not worth a word.
    pub(crate) fn add(&mut self, code: &str, row: Result<Prices, RowError>) {
        if code == CurrencyCode::KRW.as_str() {
            return;
        }
        match code.parse::<CurrencyCode>() {
            Err(_) => self.leave_out(code, "unknown currency"),
            // Its rate is a fixed ratio or a leftover, not a market's.
            Ok(known) if known.is_withdrawn_on(self.recorded_at.utc().date_naive()) => {
                self.leave_out(code, "withdrawn currency")
            }
            Ok(known) => match row {
                Err(error) => self.leave_out(code, &error.to_string()),
                Ok(prices) => self.put(Quote {
                    code: known,
                    deal_base_rate: prices.deal_base_rate,
                    tts: prices.tts,
                    ttb: prices.ttb,
                    quotation: prices.quotation,
                }),
            },
        }
    }

    /// The answer, if it holds any rate at all.
    pub(crate) fn checked(self) -> Result<Self, ProviderError> {
        if self.rates.is_empty() {
            Err(ProviderError::NothingUsable(self.left_out.len()))
        } else {
            Ok(self)
        }
    }

    fn leave_out(&mut self, code: &str, reason: &str) {
        self.left_out.push(OmittedRow {
            code: printable(code, 40),
            reason: printable(reason, 200),
        });
    }

    fn put(&mut self, quote: Quote) {
        const TWICE: &str = "listed more than once, with different rates";
        if self
            .left_out
            .iter()
            .any(|left| left.code == quote.code.as_str() && left.reason == TWICE)
        {
            return;
        }
        match self.rates.iter().position(|there| there.code == quote.code) {
            None => self.rates.push(quote),
            Some(place) if self.rates[place] == quote => {}
            Some(place) => {
                // Nobody can say which of the two is right.
                self.rates.remove(place);
                self.leave_out(quote.code.as_str(), TWICE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes(rows: &[(&str, &str)]) -> Quotes {
        let recorded_at = "2026-10-30T13:15:00Z".parse().unwrap();
        let mut quotes = Quotes::new("ecb".parse().unwrap(), recorded_at);
        for (code, rate) in rows {
            let prices = rate.parse().map(|rate| Prices {
                deal_base_rate: rate,
                tts: None,
                ttb: None,
                quotation: rate,
            });
            quotes.add(code, prices.map_err(RowError::Rate));
        }
        quotes
    }

    #[test]
    fn only_known_currencies_in_use_are_kept() {
        let kept = quotes(&[
            ("USD", "1335.2"),
            ("KRW", "1"),
            ("ATS", "108.4"),
            ("XX1", "3"),
            ("JPY", "0"),
        ]);
        assert_eq!(kept.rates.len(), 1);
        let left: Vec<(&str, &str)> = kept
            .left_out
            .iter()
            .map(|left| (left.code.as_str(), left.reason.as_str()))
            .collect();
        assert_eq!(
            left,
            [
                ("ATS", "withdrawn currency"),
                ("XX1", "unknown currency"),
                ("JPY", "rate must be positive, got 0")
            ]
        );
    }

    #[test]
    fn two_rates_of_one_currency_are_no_rate() {
        let same = quotes(&[("USD", "1335.2"), ("USD", "1335.20")]);
        assert_eq!((same.rates.len(), same.left_out.len()), (1, 0));
        let different = quotes(&[("USD", "1335.2"), ("USD", "1335.3"), ("USD", "1335.2")]);
        assert_eq!((different.rates.len(), different.left_out.len()), (0, 1));
        assert!(different.checked().is_err());
    }

    #[test]
    fn a_withdrawn_currency_is_left_out_beside_its_successor_and_kept_while_it_lived() {
        let of = |recorded_at: &str| {
            let mut quotes = Quotes::new("exchangerate_api".parse().unwrap(), recorded_at.parse().unwrap());
            for code in ["ANG", "XCG"] {
                quotes.add(code, Err(RowError::NoRate));
            }
            quotes.left_out.into_iter().map(|left| left.reason).collect::<Vec<_>>()
        };
        assert_eq!(
            of("2026-10-30T00:02:31Z"),
            ["withdrawn currency", "the row has no rate"]
        );
        assert_eq!(of("2024-10-30T00:02:31Z"), ["the row has no rate"; 2]);
    }
}
