//! The product of an amount and a rate, with every digit: more of them than a decimal of 96 bits holds.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;

/// Where a factor is cut in two, so that each part's product with a rate fits 128 bits.
const HALF: u128 = 10_u128.pow(13);

/// An exact product of two decimals, neither negative: a whole number of any length and how many of its digits are behind the point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    digits: String,
    scale: usize,
}

impl Product {
    /// `amount` times `rate`. `None` where one is negative or the parts do not fit: never for an amount of at most 25 digits and a rate as it is printed.
    pub(crate) fn of(amount: Decimal, rate: Decimal) -> Option<Self> {
        let whole = |value: Decimal| u128::try_from(value.mantissa()).ok();
        let (amount_digits, rate_digits) = (whole(amount)?, whole(rate)?);
        let low = (amount_digits % HALF).checked_mul(rate_digits)?;
        let high = (amount_digits / HALF)
            .checked_mul(rate_digits)?
            .checked_add(low / HALF)?;
        let scale = usize::try_from(amount.scale() + rate.scale()).ok()?;
        Some(Self::new(&format!("{high}{:013}", low % HALF), scale))
    }

    /// The same, rounded half to even to so many digits behind the point.
    pub(crate) fn rounded(&self, places: usize) -> Self {
        if self.scale <= places {
            return self.clone();
        }
        let (kept, cut) = self.digits.split_at(self.digits.len() - (self.scale - places));
        let half = format!("5{:0<width$}", "", width = cut.len() - 1);
        let is_odd = kept.bytes().next_back().is_some_and(|digit| digit % 2 == 1);
        let up = cut > half.as_str() || (cut == half && is_odd);
        let kept = if up { next(kept) } else { kept.to_owned() };
        Self::new(&kept, places)
    }

    /// At least one digit before the point, none behind it that says nothing.
    fn new(digits: &str, scale: usize) -> Self {
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            whole => whole,
        };
        Self {
            digits: format!("{whole}{fraction}"),
            scale: fraction.len(),
        }
    }
}

/// The whole number after this one.
fn next(digits: &str) -> String {
    let nines = digits.bytes().rev().take_while(|digit| *digit == b'9').count();
    let (kept, carried) = digits.split_at(digits.len() - nines);
    let mut kept = kept.to_owned();
    let last = kept.pop().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
    format!("{kept}{}{:0<width$}", last + 1, "", width = carried.len())
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, fraction) = self.digits.split_at(self.digits.len() - self.scale);
        f.write_str(whole)?;
        if fraction.is_empty() {
            return Ok(());
        }
        write!(f, ".{fraction}")
    }
}

impl Serialize for Product {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(amount: &str, rate: &str) -> Product {
        let decimal = |text| Decimal::from_str_exact(text).unwrap();
        Product::of(decimal(amount), decimal(rate)).unwrap()
    }

    /// The right sides are Python's: `decimal` with 80 digits.
    #[test]
    fn a_product_has_every_digit() {
        for (amount, rate, result) in [
            (
                "100.0000000001",
                "1335.26673827425707",
                "133526.673827559233673827425707",
            ),
            (
                "999999999999999.9999999999",
                "1335.26673827425707",
                "1335266738274257069.999999866473326172574293",
            ),
            (
                "999999999999999.9999999999",
                "123456789.012345678",
                "123456789012345677999999.9876543210987654322",
            ),
            ("0.0000000001", "0.0000000001", "0.00000000000000000001"),
            ("1000000", "1335.26673827425707", "1335266738.27425707"),
            ("7.50", "1", "7.5"),
            ("1000", "1000", "1000000"),
        ] {
            assert_eq!(product(amount, rate).to_string(), result);
            assert_eq!(serde_json::to_string(&product(amount, rate)).unwrap(), result);
        }
    }

    #[test]
    fn a_product_is_rounded_half_to_even() {
        for (amount, rate, places, rounded) in [
            ("100.0000000001", "1335.26673827425707", 0, "133527"),
            ("0.125", "1", 2, "0.12"),
            ("0.135", "1", 2, "0.14"),
            ("0.1350000001", "1", 2, "0.14"),
            ("0.5", "1", 0, "0"),
            ("1.5", "1", 0, "2"),
            ("0.04", "1", 0, "0"),
            ("99.995", "1", 2, "100"),
            ("999.999", "1", 0, "1000"),
            (
                "999999999999999.9999999999",
                "123456789.012345678",
                2,
                "123456789012345677999999.99",
            ),
            ("12.3", "1", 2, "12.3"),
        ] {
            assert_eq!(
                product(amount, rate).rounded(places).to_string(),
                rounded,
                "{amount} {rate} {places}"
            );
        }
    }
}
