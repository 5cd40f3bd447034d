//! Currency codes and their table. Every module may use them; nothing here touches Redis, Kafka or the clock.

mod alias;
mod symbol;
mod table;

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::serde_text;

/// What is known of one currency. Codes and minor units follow ISO 4217 (withdrawn codes included, because the ECB's history holds them).
#[derive(Debug, PartialEq, Eq)]
pub struct Currency {
    /// ISO 4217 alphabetic code, `USD`.
    pub code: &'static str,
    /// English name, `US dollar`.
    pub english: &'static str,
    /// Korean name, `미국 달러`.
    pub korean: &'static str,
    /// Digits after the decimal point in amounts: 2 for USD, 0 for JPY, 3 for KWD; `None` where ISO has "N.A.", as for XDR.
    pub minor_units: Option<u8>,
    /// How many units Korean banks quote at a time: 100 for JPY, IDR and VND, else 1.
    pub customary_unit: u16,
    /// The last day of a currency that ISO's list three has as withdrawn; `None` of one in use.
    pub last_day: Option<NaiveDate>,
}

/// A currency that the table knows. Holds its place in the table, so it is two bytes and always valid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CurrencyCode(u16);

/// Why a text is not a currency code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown currency {0:?}: allowed are three capital letters of ISO 4217 such as USD")]
pub struct UnknownCurrency(pub String);

impl CurrencyCode {
    /// The home currency: every published rate is its price.
    pub const KRW: Self = Self::listed("KRW");
    /// The base of the ECB's reference rates.
    pub const EUR: Self = Self::listed("EUR");
    /// The base of open.er-api.com's rates.
    pub const USD: Self = Self::listed("USD");

    /// A constant for a code of the table; with another the constant does not compile.
    pub(crate) const fn listed(code: &str) -> Self {
        Self(table::position(code))
    }

    /// Every known currency, by code.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..table::CURRENCIES.len()).map(|place| Self(u16::try_from(place).unwrap_or(u16::MAX)))
    }

    /// The three letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.currency().code
    }

    /// The place in the table, below the length of [`CurrencyCode::all`]: for arrays with one element a currency.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The symbol that people write, `$`; the code where there is none.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        symbol::of(self.as_str())
    }

    /// Whether the currency was withdrawn before `day`: on such a day nobody can have a rate of it.
    #[must_use]
    pub fn is_withdrawn_on(self, day: NaiveDate) -> bool {
        self.currency().last_day.is_some_and(|last| day > last)
    }

    /// Other names by which people and providers know it: `옌`, `RMB`, `CNH`. Its own names and code are not among them.
    #[must_use]
    pub fn aliases(self) -> &'static [&'static str] {
        alias::of(self.as_str())
    }

    /// The table's row.
    #[must_use]
    pub fn currency(self) -> &'static Currency {
        &table::CURRENCIES[usize::from(self.0)]
    }
}

impl FromStr for CurrencyCode {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        table::CURRENCIES
            .binary_search_by(|currency| currency.code.cmp(text))
            .ok()
            .and_then(|place| u16::try_from(place).ok())
            .map(Self)
            // A long text is cut in the message: it may be megabytes of somebody's mistake.
            .ok_or_else(|| UnknownCurrency(text.chars().take(40).collect()))
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CurrencyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CurrencyCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "a currency code of three capital letters")
    }
}

impl JsonSchema for CurrencyCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CurrencyCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217 currency code.", "examples": ["USD"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_code_finds_itself() {
        assert!(table::CURRENCIES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for code in CurrencyCode::all() {
            assert_eq!(code.as_str().parse(), Ok(code));
        }
    }

    #[test]
    fn minor_units_agree_with_iso_4217() {
        // `iso_currency` carries ISO's own list; it is the cross-check of ours.
        for code in CurrencyCode::all() {
            if let Some(iso) = iso_currency::Currency::from_code(code.as_str())
                && let Some(exponent) = iso.exponent()
            {
                assert_eq!(code.currency().minor_units.map(u16::from), Some(exponent), "{code}");
            }
        }
        // ISO has "N.A." for it, where `iso_currency` has no exponent.
        let without = CurrencyCode::all().filter(|code| code.currency().minor_units.is_none());
        assert_eq!(without.map(CurrencyCode::as_str).collect::<Vec<_>>(), ["XDR"]);
    }

    #[test]
    fn withdrawn_currencies_have_their_last_day() {
        let of = |code: &str| code.parse::<CurrencyCode>().unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let withdrawn = CurrencyCode::all().filter(|code| code.currency().last_day.is_some());
        let withdrawn: Vec<&str> = withdrawn.map(CurrencyCode::as_str).collect();
        assert_eq!(
            withdrawn.join(" "),
            "ANG ATS BEF BGN CYP DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LUF LVL MTL NLG PTE ROL SIT SKK SLL TRL ZWL"
        );
        for (code, last) in [
            ("ANG", "2025-06-30"),
            ("BGN", "2025-12-31"),
            ("HRK", "2022-12-31"),
            ("LVL", "2013-12-31"),
            ("DEM", "2002-02-28"),
        ] {
            assert!(!of(code).is_withdrawn_on(day(last)), "{code}");
            assert!(of(code).is_withdrawn_on(day(last).succ_opt().unwrap()), "{code}");
        }
        // List one of 2026-01-01 has these.
        for code in ["XCG", "ZWG", "SLE", "VED", "XAD", "RUB", "USD"] {
            assert!(!of(code).is_withdrawn_on(day("2026-01-01")), "{code}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused_by_name() {
        for text in ["", "usd", "US", "USDD", "USD:*", "*", "ZZZ", "달러"] {
            assert_eq!(text.parse::<CurrencyCode>(), Err(UnknownCurrency(text.to_owned())));
        }
    }
}
