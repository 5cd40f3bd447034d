//! What each source last published, by currency, in Redis (hash `published:{source}`). Lost, it costs one repeated publication, which changes nothing.
//!
//! Field `USD` is the newest observation, `2026-10-30T13:15:00Z|1335.26|1348.5|1322|1.1172`: time, base rate, tts, ttb, and the source's own quotation, by
//! which jumps are found (before that was kept the form ended after ttb, and is still read). A source may go back to an older day (a stale copy behind its
//! address); that is kept beside it in `USD:older`, so that neither is sent again and again. Field `clock` is the latest version that events were given
//! (see [`crate::version`]).

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use shared::cache::key;
use shared::cache::{Cache, CacheError};
use shared::currency::CurrencyCode;
use shared::rate::Rate;
use shared::time::Timestamp;

use crate::observation::{Level, Observation, Update};
use crate::provider::key::ProviderKey;
use crate::provider::quotes::{Quote, Quotes};

const OLDER: &str = ":older";
const CLOCK: &str = "clock";

/// What one source last published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishedRates {
    newest: BTreeMap<CurrencyCode, Observation>,
    older: BTreeMap<CurrencyCode, Observation>,
    clock: Option<Timestamp>,
}

impl PublishedRates {
    /// Reads what `provider` last published. A field that cannot be read counts as not published: it is sent again and written anew.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn read(cache: &Cache, provider: ProviderKey) -> Result<Self, CacheError> {
        let mut published = Self::default();
        for (field, text) in cache.hash(&key::published(provider.as_str())).await? {
            if field == CLOCK {
                // Unreadable, it counts as lost.
                published.clock = text.parse().ok();
                continue;
            }
            let (code, map) = match field.strip_suffix(OLDER) {
                Some(code) => (code, &mut published.older),
                None => (field.as_str(), &mut published.newest),
            };
            match (code.parse(), text.parse()) {
                (Ok(code), Ok(observation)) => {
                    map.insert(code, observation);
                }
                _ => {
                    tracing::warn!(provider.key = %provider, field, "Cannot read what was published; it will be sent again")
                }
            }
        }
        Ok(published)
    }

    /// The latest version that events of this source were given, as far as it is remembered.
    #[must_use]
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    /// The field that remembers `version` as given.
    #[must_use]
    pub fn clock_field(version: Timestamp) -> (String, String) {
        (CLOCK.to_owned(), version.to_string())
    }

    /// The newest observation of a currency.
    #[must_use]
    pub fn newest(&self, code: CurrencyCode) -> Option<&Observation> {
        self.newest.get(&code)
    }

    /// The newest quotation of a currency, by a source that quotes against `base`. One that was not remembered is computed from the rates in KRW, where
    /// the base's may be of another day: it serves for one comparison, after which it is.
    #[must_use]
    pub fn level(&self, code: CurrencyCode, base: CurrencyCode) -> Option<Level> {
        let newest = self.newest(code)?;
        let computed = || {
            let krw_per_base = if base == CurrencyCode::KRW {
                Decimal::ONE
            } else {
                self.newest(base)?.deal_base_rate.decimal()
            };
            Rate::rounded(krw_per_base.checked_div(newest.deal_base_rate.decimal())?).ok()
        };
        Some(Level {
            quotation: newest.quotation.or_else(computed)?,
            recorded_at: newest.recorded_at,
        })
    }

    /// The time of the newest observation of all.
    #[must_use]
    pub fn latest(&self) -> Option<Timestamp> {
        self.newest.values().map(|observation| observation.recorded_at).max()
    }

    /// Every newest observation of the latest time, as the provider's answer would have it.
    #[must_use]
    pub fn as_quotes(&self, provider: ProviderKey) -> Option<Quotes> {
        let recorded_at = self.latest()?;
        let of_that_time = self
            .newest
            .iter()
            .filter(|(_, observation)| observation.recorded_at == recorded_at);
        let rates = of_that_time.filter_map(|(code, observation)| {
            Some(Quote {
                code: *code,
                deal_base_rate: observation.deal_base_rate,
                tts: observation.tts,
                ttb: observation.ttb,
                quotation: self.level(*code, provider.source().quotes_against)?.quotation,
            })
        });
        Some(Quotes {
            provider,
            recorded_at,
            rates: rates.collect(),
            left_out: Vec::new(),
            next_update: None,
        })
    }

    /// Takes `updates` as published, which are in the order of their time and none of them older than what is known: as if their fields had been read.
    pub fn remember(&mut self, updates: &[Update]) {
        let observation = |update: &Update| (update.quote.code, Observation::of(&update.quote, update.recorded_at));
        self.newest.extend(updates.iter().map(observation));
    }

    /// Whether exactly this was published. A quotation that was not remembered counts as the same.
    #[must_use]
    pub fn contains(&self, quote: &Quote, recorded_at: Timestamp) -> bool {
        let observation = Observation::of(quote, recorded_at);
        let is_same = |published: &Observation| {
            let quotation = published.quotation.or(observation.quotation);
            Observation {
                quotation,
                ..*published
            } == observation
        };
        [&self.newest, &self.older]
            .iter()
            .any(|map| map.get(&quote.code).is_some_and(is_same))
    }

    /// All fields that may remember `updates`.
    #[must_use]
    pub fn every_field(updates: &[Update]) -> Vec<String> {
        let codes: BTreeSet<CurrencyCode> = updates.iter().map(|update| update.quote.code).collect();
        let both = |code: CurrencyCode| [code.as_str().to_owned(), format!("{code}{OLDER}")];
        codes.into_iter().flat_map(both).collect()
    }

    /// The remembered fields that `updates` will replace.
    #[must_use]
    pub fn replaced(&self, updates: &[Update]) -> Vec<String> {
        let is_there = |name: &String| match name.strip_suffix(OLDER) {
            Some(code) => code.parse().is_ok_and(|code| self.older.contains_key(&code)),
            None => name.parse().is_ok_and(|code| self.newest.contains_key(&code)),
        };
        let fields = self.fields(updates).into_iter();
        fields.map(|(name, _)| name).filter(is_there).collect()
    }

    /// The fields that remember `updates` as published, which are in the order of their time: of several of one currency the last.
    #[must_use]
    pub fn fields(&self, updates: &[Update]) -> Vec<(String, String)> {
        let mut fields = BTreeMap::new();
        for Update { quote, recorded_at, .. } in updates {
            let went_back = self
                .newest(quote.code)
                .is_some_and(|newest| newest.recorded_at > *recorded_at);
            let name = if went_back {
                format!("{}{OLDER}", quote.code)
            } else {
                quote.code.as_str().to_owned()
            };
            fields.insert(name, Observation::of(quote, *recorded_at).to_string());
        }
        fields.into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
