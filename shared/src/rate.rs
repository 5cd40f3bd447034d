//! Exact rates. Decimals from the provider's digits to the answer's; nothing here touches Redis, Kafka or the clock.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// How many significant digits a rate keeps.
pub const SIGNIFICANT_DIGITS: u32 = 18;
/// The smallest rate, 10^-10: with 18 digits behind it a decimal still holds every one of them (its scale ends at 28).
const SMALLEST: Decimal = Decimal::from_parts(1, 0, 0, false, 10);
/// The largest rate, 10^12.
const LARGEST: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

/// Price of one unit of a currency, in units of the quote currency (KRW in every event); positive, at most 18 significant digits.
///
/// A source that quotes per 100 units is divided down in its adapter, before this type is built. In JSON it is a number, printed from the
/// decimal without exponent and without trailing zeros, and read from the number's own text: an `f64` is never in between.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(Decimal);

/// A rate as it is stored: the price in KRW, and beside it what the source printed, where that is no price in KRW.
///
/// A source that quotes against EUR or USD says nothing of the won but one number a day, and may correct that one alone. Then the prices in KRW of two
/// currencies can be made with two different wons, and their quotient is a number that nobody printed; the quotient of the quotations is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredRate {
    /// KRW for one unit of the currency.
    pub krw: Rate,
    /// Units of the currency for one unit of what the source quotes against; `None` where that is KRW, and where it was not kept.
    pub quotation: Option<Rate>,
}

/// Why a number is not a rate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RateError {
    /// Zero or less.
    #[error("rate must be positive, got {0}")]
    NotPositive(String),
    /// Too small or too large.
    #[error("rate must be between 0.0000000001 and 1000000000000, got {0}")]
    OutOfRange(String),
    /// More digits than are kept; rounding silently would change somebody's number.
    #[error("rate may have at most 18 significant digits, got {digits} in {text}")]
    TooPrecise {
        /// Significant digits found.
        digits: usize,
        /// The number as it came, cut to 60 characters.
        text: String,
    },
    /// Not a decimal number at all.
    #[error("rate must be a decimal number, got {0}")]
    NotANumber(String),
}

impl Rate {
    /// The rate, if `value` is one as it stands.
    ///
    /// # Errors
    /// [`RateError`] names the value and what is allowed.
    pub fn new(value: Decimal) -> Result<Self, RateError> {
        let value = value.normalize();
        if value <= Decimal::ZERO {
            return Err(RateError::NotPositive(value.to_string()));
        }
        if !(SMALLEST..=LARGEST).contains(&value) {
            return Err(RateError::OutOfRange(value.to_string()));
        }
        // Ten to the eighteenth is the first number of nineteen digits.
        if value.mantissa().unsigned_abs() >= 10_u128.pow(SIGNIFICANT_DIGITS) {
            let digits = value.mantissa().unsigned_abs().to_string().len();
            return Err(RateError::TooPrecise {
                digits,
                text: value.to_string(),
            });
        }
        Ok(Self(value))
    }

    /// The rate nearest to `value` that has 18 significant digits (half to even): what a cross of two quotes needs.
    ///
    /// # Errors
    /// [`RateError`] when it is not positive or out of range.
    pub fn rounded(value: Decimal) -> Result<Self, RateError> {
        let rounded = value.round_sf_with_strategy(SIGNIFICANT_DIGITS, RoundingStrategy::MidpointNearestEven);
        Self::new(rounded.ok_or_else(|| RateError::OutOfRange(value.to_string()))?)
    }

    /// The decimal itself, without trailing zeros.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl FromStr for Rate {
    type Err = RateError;

    /// Reads a JSON number's text (`-`, digits, point, exponent); anything else is [`RateError::NotANumber`].
    fn from_str(text: &str) -> Result<Self, RateError> {
        let shown = || text.chars().take(60).collect::<String>();
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || mantissa.ends_with('.') {
            return Err(RateError::NotANumber(shown()));
        }
        if text.len() != unsigned.len() || mantissa.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
            return Err(RateError::NotPositive(shown()));
        }
        let fraction = fraction.trim_end_matches('0');
        // Leading zeros carry nothing, and trailing zeros do so only before the point.
        let whole = whole.trim_start_matches('0');
        let digits = match (whole.is_empty(), fraction.is_empty()) {
            (_, true) => whole.trim_end_matches('0').len(),
            (true, false) => fraction.trim_start_matches('0').len(),
            (false, false) => whole.len() + fraction.len(),
        };
        if digits > SIGNIFICANT_DIGITS as usize {
            return Err(RateError::TooPrecise { digits, text: shown() });
        }
        let exponent: i32 = exponent.parse().map_err(|_| RateError::OutOfRange(shown()))?;
        // More places than a decimal has, before or behind the point, are out of range whatever the digits.
        let scale = i32::try_from(fraction.len())
            .unwrap_or(i32::MAX)
            .saturating_sub(exponent);
        if whole.len() + fraction.len() > 28 || !(-13..=28).contains(&scale) {
            return Err(RateError::OutOfRange(shown()));
        }
        let mantissa = whole
            .bytes()
            .chain(fraction.bytes())
            .fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        let shift = |power: i32| 10_i128.pow(power.unsigned_abs());
        let value = if scale < 0 {
            mantissa
                .checked_mul(shift(scale))
                .map(|mantissa| Decimal::try_from_i128_with_scale(mantissa, 0))
        } else {
            Some(Decimal::try_from_i128_with_scale(mantissa, scale.unsigned_abs()))
        };
        let value = value
            .and_then(Result::ok)
            .ok_or_else(|| RateError::OutOfRange(shown()))?;
        Self::new(value)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rate({})", self.0)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer)?
            .get()
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000_000_000_u64,
            "description": "KRW for one unit of the currency, unless the field says otherwise: a decimal of at most 18 significant digits. Read it as a decimal, not as a float."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Rate, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn every_digit_survives_json() {
        for text in [
            "1335.27",
            "0.0735610241",
            "8.48945811702",
            "1",
            "1000000000000",
            "0.0000000001",
            "123456789.012345678",
            "0.1",
        ] {
            assert_eq!(serde_json::to_string(&read(text).unwrap()).unwrap(), text);
        }
        assert_eq!(read("1335.2700").unwrap().to_string(), "1335.27");
        assert_eq!(read("13.3527e2").unwrap().to_string(), "1335.27");
        assert_eq!(read("1000000000.000000000000000000").unwrap().to_string(), "1000000000");
    }

    #[test]
    fn what_is_no_rate_is_refused_with_its_value() {
        for (json, reason) in [
            ("0", "rate must be positive, got 0"),
            ("-1", "rate must be positive, got -1"),
            ("1e400", "rate must be between"),
            ("1e99999999999", "rate must be between"),
            ("0.00000000009", "rate must be between"),
            ("1000000000000.1", "rate must be between"),
            ("1.234567890123456789", "at most 18 significant digits, got 19"),
            (
                "1234567890123456789012345678901234567891",
                "at most 18 significant digits, got 40",
            ),
            ("\"1.5\"", "rate must be a decimal number, got \"1.5\""),
            ("null", "rate must be a decimal number, got null"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }

    #[test]
    fn a_cross_keeps_eighteen_digits() {
        let krw_per_usd = Decimal::from_str_exact("1491.76").unwrap() / Decimal::from_str_exact("1.1172").unwrap();
        assert_eq!(Rate::rounded(krw_per_usd).unwrap().to_string(), "1335.26673827425707");
    }
}
