//! Countries and the currency that each uses. Every module may use them; nothing here touches Redis, Kafka or the clock.

mod alias;
mod table;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::currency::CurrencyCode;

/// What is known of one country or territory. Codes follow ISO 3166-1 alpha-2 (and XK for Kosovo, as CLDR has it).
#[derive(Debug, PartialEq, Eq)]
pub struct Country {
    /// Two capital letters, `US`.
    pub code: &'static str,
    /// English name, `United States`.
    pub english: &'static str,
    /// Korean name, `미국`.
    pub korean: &'static str,
    currency: &'static str,
}

/// A country that the table knows. Holds its place in the table, so it is always valid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CountryCode(u16);

/// Why a text is not a country code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown country {0:?}: allowed are two capital letters of ISO 3166 such as US")]
pub struct UnknownCountry(pub String);

impl CountryCode {
    /// Every known country, by code.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..table::COUNTRIES.len()).map(|place| Self(u16::try_from(place).unwrap_or(u16::MAX)))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.country().code
    }

    /// Other names by which people know it: `USA`, `한국`. Its own names and code are not among them.
    #[must_use]
    pub fn aliases(self) -> &'static [&'static str] {
        alias::of(self.as_str())
    }

    /// The table's row.
    #[must_use]
    pub fn country(self) -> &'static Country {
        &table::COUNTRIES[usize::from(self.0)]
    }

    /// The currency that is legal tender there; where there are several, the country's own.
    #[must_use]
    pub fn currency(self) -> CurrencyCode {
        // Every code of the table is in the currencies' table; a test says so.
        self.country().currency.parse().unwrap_or(CurrencyCode::USD)
    }

    /// The countries that use a currency, by code.
    pub fn of(currency: CurrencyCode) -> impl Iterator<Item = Self> {
        Self::all().filter(move |country| country.country().currency == currency.as_str())
    }

    /// The country whose clicks a click on a currency counts for: the one the code begins with (`USD` is `US`), else the only one that uses it. The euro
    /// is `EU` to nobody's table, so it and other shared currencies without a country of their own have none.
    #[must_use]
    pub fn home_of(currency: CurrencyCode) -> Option<Self> {
        let mut users = Self::of(currency);
        let own = users.find(|country| currency.as_str().starts_with(country.as_str()));
        own.or_else(|| {
            let mut users = Self::of(currency);
            users.next().filter(|_| users.next().is_none())
        })
    }
}

impl FromStr for CountryCode {
    type Err = UnknownCountry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        table::COUNTRIES
            .binary_search_by(|country| country.code.cmp(text))
            .ok()
            .and_then(|place| u16::try_from(place).ok())
            .map(Self)
            .ok_or_else(|| UnknownCountry(text.chars().take(40).collect()))
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_currency_is_known() {
        assert!(table::COUNTRIES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for country in CountryCode::all() {
            assert_eq!(country.as_str().parse(), Ok(country));
            assert_eq!(country.currency().as_str(), country.country().currency);
        }
    }

    #[test]
    fn a_currency_has_at_most_one_home() {
        let home = |code: &str| CountryCode::home_of(code.parse().unwrap()).map(CountryCode::as_str);
        assert_eq!(home("USD"), Some("US"));
        assert_eq!(home("KRW"), Some("KR"));
        assert_eq!(home("CHF"), Some("CH"));
        assert_eq!(home("EUR"), None);
        assert_eq!(home("XOF"), None);
        assert_eq!(home("DEM"), None);
    }
}
