//! Rate sources: what is known of each before it is asked. The registry holds one entry a source, in the order in which sources count; whoever needs to
//! know when a source publishes, what it quotes against or whether others may be shown it looks it up there. Nothing here asks a source, or reads the
//! clock or the environment: the ingestor's `provider` has an adapter for each key.

mod registry;

use std::sync::LazyLock;

pub use self::registry::SOURCES;
use crate::currency::CurrencyCode;

/// A source of rates.
#[derive(Debug)]
pub struct Source {
    /// Its name in events, settings, stores and Redis keys: lower case with underscores. It never changes, because stored rates carry it.
    pub key: &'static str,
    /// What people call it, in English.
    pub name: &'static str,
    /// Where it describes its rates.
    pub home_page: &'static str,
    /// Under which terms its rates are used.
    pub terms: Terms,
    /// The currency that it quotes all others against.
    pub quotes_against: CurrencyCode,
    /// The days for which it publishes rates.
    pub calendar: Calendar,
    /// The hour at which it publishes; `None` of a source that is renewed a day after it was renewed last.
    pub publication_time: Option<PublicationTime>,
    /// Where it is asked, unless `PROVIDER_URLS` has another address; a key may have an address of its own ([`ApiKey::Optional`]).
    pub url: &'static str,
    /// Whether it wants a key.
    pub api_key: ApiKey,
    /// Whether it counts requests, so that it is left alone until it is due whatever there is to be asked again.
    pub counts_requests: bool,
    /// Whether `operations-backfill` can read its past.
    pub has_history: bool,
}

/// A source's terms of use.
#[derive(Debug)]
pub struct Terms {
    /// The words by which it wants to be named where its rates are shown.
    pub attribution: &'static str,
    /// Where the terms stand.
    pub page: &'static str,
    /// Whether they allow showing its rates to others.
    pub allow_redistribution: bool,
}

/// The days for which a source publishes rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calendar {
    /// Each day.
    Daily,
    /// Working days of the TARGET system of the Eurosystem.
    Target,
    /// Working days of Korean banks.
    KoreanBanks,
}

/// The hour at which a source publishes, on the clock of its own city.
#[derive(Debug, Clone, Copy)]
pub struct PublicationTime {
    /// The city's time zone.
    pub zone: chrono_tz::Tz,
    /// 0 to 23.
    pub hour: u32,
}

/// Whether a source wants a key, and the variable with it. Its name follows from the source's: `KOREAEXIM_API_KEY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKey {
    /// There are none.
    None,
    /// It can be asked without one; with one it is asked at another address.
    Optional {
        /// The environment variable.
        variable: &'static str,
        /// Where a request with a key goes.
        url: &'static str,
    },
    /// It answers nobody without one.
    Required {
        /// The environment variable.
        variable: &'static str,
    },
}

impl Source {
    /// The environment variable with the source's key, if it takes one.
    #[must_use]
    pub const fn api_key_variable(&self) -> Option<&'static str> {
        match self.api_key {
            ApiKey::None => None,
            ApiKey::Optional { variable, .. } | ApiKey::Required { variable } => Some(variable),
        }
    }
}

/// The source with this key; `None` of one that the registry does not have, whose rates may be stored all the same.
#[must_use]
pub fn find(key: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.key == key)
}

/// The place of a source in the order in which they count; one that is unknown comes after all others.
#[must_use]
pub fn priority(key: &str) -> usize {
    SOURCES
        .iter()
        .position(|source| source.key == key)
        .unwrap_or(SOURCES.len())
}

/// Every key, in the order in which sources count.
#[must_use]
pub fn keys() -> Vec<&'static str> {
    SOURCES.iter().map(|source| source.key).collect()
}

/// The keys that a setting may name, in words: `ecb, exchangerate_api and koreaexim`.
#[must_use]
pub fn allowed() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| in_words(SOURCES.iter()));
    &TEXT
}

/// The keys of the sources whose terms allow showing their rates to others, in words.
#[must_use]
pub fn allowed_in_public() -> &'static str {
    static TEXT: LazyLock<String> =
        LazyLock::new(|| in_words(SOURCES.iter().filter(|source| source.terms.allow_redistribution)));
    &TEXT
}

/// Keys by the alphabet, with commas and an `and` between.
fn in_words<'a>(sources: impl Iterator<Item = &'a Source>) -> String {
    let mut keys: Vec<&str> = sources.map(|source| source.key).collect();
    keys.sort_unstable();
    match keys.as_slice() {
        [] => "none".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_is_well_formed_and_no_key_is_there_twice() {
        let keys: BTreeSet<&str> = SOURCES.iter().map(|source| source.key).collect();
        assert_eq!(keys.len(), SOURCES.len());
        for source in SOURCES {
            let key = source.key;
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(key.starts_with(|first: char| first.is_ascii_lowercase()), "{key}");
            assert!(key.bytes().all(is_plain), "{key}");
            for url in [source.url, source.home_page, source.terms.page] {
                assert!(url.starts_with("https://"), "{key}: {url}");
            }
            assert!(!source.name.is_empty() && !source.terms.attribution.is_empty(), "{key}");
            assert!(source.publication_time.is_none_or(|time| time.hour < 24), "{key}");
            if let ApiKey::Optional { url, .. } = source.api_key {
                assert!(url.starts_with("https://"), "{key}: {url}");
            }
        }
    }

    #[test]
    fn a_keys_variable_is_called_as_its_source_is() {
        for source in SOURCES {
            // A key that ends with `_api` does not say so twice.
            let name = source.key.strip_suffix("_api").unwrap_or(source.key);
            let expected = format!("{}_API_KEY", name.to_uppercase());
            assert!(
                source.api_key_variable().is_none_or(|variable| variable == expected),
                "{}",
                source.key
            );
        }
    }

    #[test]
    fn the_sources_that_a_setting_may_name_are_listed_in_words() {
        let of = |keys: &[&str]| in_words(SOURCES.iter().filter(|source| keys.contains(&source.key)));
        assert_eq!(
            of(&["koreaexim", "exchangerate_api", "ecb"]),
            "ecb, exchangerate_api and koreaexim"
        );
        assert_eq!(of(&["koreaexim", "ecb"]), "ecb and koreaexim");
        assert_eq!(of(&["ecb"]), "ecb");
        assert!(allowed().contains("exchangerate_api") && !allowed_in_public().contains("exchangerate_api"));
    }

    #[test]
    fn sources_count_in_the_order_of_the_registry_and_unknown_ones_after_them() {
        assert!(priority("ecb") < priority("koreaexim") && priority("koreaexim") < priority("exchangerate_api"));
        assert!(keys().iter().all(|key| priority(key) < priority("somebody")));
        assert!(find("somebody").is_none());
        assert!(find(crate::ecb::SOURCE).is_some());
    }
}
