//! What each source last published, by currency, in Redis (hash `published:{source}`). Lost, it costs one repeated publication, which changes nothing.
//!
//! Field `USD` is the newest observation, `2026-10-30T13:15:00Z|1335.26|1348.5|1322`. A source may go back to an older day (a stale copy behind its
//! address); that is kept beside it in `USD:older`, so that neither is sent again and again. Field `clock` is the latest version that events were given
//! (see [`crate::version`]).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use shared::cache::key;
use shared::cache::{Cache, CacheError};
use shared::currency::CurrencyCode;
use shared::rate::Rate;
use shared::time::Timestamp;

use crate::provider::{ProviderKey, Quote, Quotes};

const OLDER: &str = ":older";
const CLOCK: &str = "clock";

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
}

/// What one source last published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    newest: BTreeMap<CurrencyCode, Observation>,
    older: BTreeMap<CurrencyCode, Observation>,
    clock: Option<Timestamp>,
}

impl Published {
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

    /// Every newest observation of the latest time, as the provider's answer would have it.
    #[must_use]
    pub fn as_quotes(&self, provider: ProviderKey) -> Option<Quotes> {
        let recorded_at = self.newest.values().map(|observation| observation.recorded_at).max()?;
        let of_that_time = self
            .newest
            .iter()
            .filter(|(_, observation)| observation.recorded_at == recorded_at);
        let rates = of_that_time.map(|(code, observation)| Quote {
            code: *code,
            deal_base_rate: observation.deal_base_rate,
            tts: observation.tts,
            ttb: observation.ttb,
        });
        Some(Quotes {
            provider,
            recorded_at,
            rates: rates.collect(),
            left_out: Vec::new(),
            next_update: None,
        })
    }

    /// Whether exactly this was published.
    #[must_use]
    pub fn contains(&self, quote: &Quote, recorded_at: Timestamp) -> bool {
        let observation = Observation::of(quote, recorded_at);
        [&self.newest, &self.older]
            .iter()
            .any(|map| map.get(&quote.code) == Some(&observation))
    }

    /// All fields that may remember `quotes`.
    #[must_use]
    pub fn every_field(quotes: &[Quote]) -> Vec<String> {
        let both = |quote: &Quote| [quote.code.as_str().to_owned(), format!("{}{OLDER}", quote.code)];
        quotes.iter().flat_map(both).collect()
    }

    /// The remembered fields that `quotes` will replace.
    #[must_use]
    pub fn replaced(&self, quotes: &[Quote], recorded_at: Timestamp) -> Vec<String> {
        let is_there = |name: &String| match name.strip_suffix(OLDER) {
            Some(code) => code.parse().is_ok_and(|code| self.older.contains_key(&code)),
            None => name.parse().is_ok_and(|code| self.newest.contains_key(&code)),
        };
        let fields = self.fields(quotes, recorded_at).into_iter();
        fields.map(|(name, _)| name).filter(is_there).collect()
    }

    /// The fields that remember `quotes` as published.
    #[must_use]
    pub fn fields(&self, quotes: &[Quote], recorded_at: Timestamp) -> Vec<(String, String)> {
        let field = |quote: &Quote| {
            let went_back = self
                .newest(quote.code)
                .is_some_and(|newest| newest.recorded_at > recorded_at);
            let name = if went_back {
                format!("{}{OLDER}", quote.code)
            } else {
                quote.code.as_str().to_owned()
            };
            (name, Observation::of(quote, recorded_at).to_string())
        };
        quotes.iter().map(field).collect()
    }
}

impl Observation {
    fn of(quote: &Quote, recorded_at: Timestamp) -> Self {
        Self {
            recorded_at,
            deal_base_rate: quote.deal_base_rate,
            tts: quote.tts,
            ttb: quote.ttb,
        }
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |rate: Option<Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        write!(
            f,
            "{}|{}|{}|{}",
            self.recorded_at,
            self.deal_base_rate,
            side(self.tts),
            side(self.ttb)
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
        let [recorded_at, base, tts, ttb] = parts[..] else {
            return Err(Unreadable);
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
        })
    }
}

#[cfg(test)]
impl Published {
    /// As if `quotes` had been published.
    pub(crate) fn remember(&mut self, quotes: &Quotes) {
        self.newest.extend(
            quotes
                .rates
                .iter()
                .map(|quote| (quote.code, Observation::of(quote, quotes.recorded_at))),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(rate: &str, tts: Option<&str>) -> Quote {
        let tts = tts.map(|text| text.parse().unwrap());
        Quote {
            code: CurrencyCode::USD,
            deal_base_rate: rate.parse().unwrap(),
            tts,
            ttb: None,
        }
    }

    #[test]
    fn an_observation_survives_its_field() {
        let observation = Observation::of(
            &quote("1335.26", Some("1348.5")),
            "2026-10-30T13:15:00Z".parse().unwrap(),
        );
        assert_eq!(observation.to_string(), "2026-10-30T13:15:00Z|1335.26|1348.5|");
        assert_eq!(observation.to_string().parse(), Ok(observation));
        for text in ["", "2026-10-30T13:15:00Z|1335.26", "2026-10-30T13:15:00Z|0||", "x|1||"] {
            assert_eq!(text.parse::<Observation>(), Err(Unreadable));
        }
    }

    #[test]
    fn an_older_day_is_kept_beside_the_newest() {
        let [older, newer] = ["2026-10-29T13:15:00Z", "2026-10-30T13:15:00Z"].map(|text| text.parse().unwrap());
        let newest = quote("1335.26", None);
        let mut published = Published::default();
        published.newest.insert(newest.code, Observation::of(&newest, newer));
        assert!(published.contains(&newest, newer));
        assert!(!published.contains(&newest, older));
        assert!(!published.contains(&quote("1335.26", Some("1340")), newer));
        assert_eq!(published.fields(&[newest], older)[0].0, "USD:older");
        assert_eq!(published.fields(&[newest], newer)[0].0, "USD");
        assert_eq!(published.replaced(&[newest], newer), ["USD"]);
        assert_eq!(published.replaced(&[newest], older), Vec::<String>::new());
    }
}
