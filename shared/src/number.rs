//! Decimals as answers and events print them. Every module may use them; nothing here touches Redis, Kafka or the clock.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use crate::rate::Rate;

/// How many significant digits a number has that was computed from stored rates.
pub const CROSS_DIGITS: u32 = 10;

/// A decimal, printed as a JSON number without exponent and without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(Decimal);

impl Number {
    /// The decimal as it stands, with every digit.
    #[must_use]
    pub fn exact(value: Decimal) -> Self {
        Self(value.normalize())
    }

    /// The decimal rounded to ten significant digits (half to even).
    #[must_use]
    pub fn computed(value: Decimal) -> Self {
        let rounded = value.round_sf_with_strategy(CROSS_DIGITS, RoundingStrategy::MidpointNearestEven);
        // `None` stands for a number too large to be rounded up; it has more digits than a rate can have and stays as it is.
        Self::exact(rounded.unwrap_or(value))
    }

    /// A float such as a volatility, which is no money, to ten significant digits; `None` when it is not finite or too large for a decimal.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        // Nine places behind the first digit are ten significant digits; what is smaller than a decimal's 28 places is cut there.
        let read = Decimal::from_scientific(&format!("{value:.9e}"));
        read.or_else(|_| Decimal::from_str_exact(&format!("{value:.28}")))
            .ok()
            .map(Self::exact)
    }

    /// The decimal itself, without trailing zeros.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        self.0
    }
}

impl From<Rate> for Number {
    fn from(rate: Rate) -> Self {
        Self(rate.decimal())
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let read = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        read.map(Self::exact).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn a_computed_number_has_ten_digits_and_no_trailing_zeros() {
        for (value, printed) in [
            ("1335.26673827425707", "1335.266738"),
            ("0.00074891", "0.00074891"),
            ("12345678901.5", "12345678900"),
            ("1.11720000000000000001", "1.1172"),
            ("100", "100"),
            ("0", "0"),
            ("-0.5000", "-0.5"),
        ] {
            assert_eq!(
                serde_json::to_string(&Number::computed(decimal(value))).unwrap(),
                printed
            );
        }
    }

    #[test]
    fn a_float_keeps_ten_digits_when_it_is_finite() {
        let printed = |value| Number::from_f64(value).map(|number| number.to_string());
        assert_eq!(printed(1.0 / 3.0).as_deref(), Some("0.3333333333"));
        assert_eq!(printed(-12_345.678_901_234).as_deref(), Some("-12345.6789"));
        assert_eq!(printed(0.0).as_deref(), Some("0"));
        assert_eq!(printed(1e-40).as_deref(), Some("0"));
        assert_eq!(printed(f64::NAN), None);
        assert_eq!(printed(f64::INFINITY), None);
    }

    #[test]
    fn every_digit_survives_json() {
        for text in ["1335.26673827425707", "-0.1", "0", "79228162514264337593543950335"] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
        }
    }
}
