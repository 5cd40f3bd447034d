//! The rate of a pair from two stored rates. Every module may use it; nothing here touches Redis, Kafka or the clock.

use rust_decimal::Decimal;

use crate::currency::CurrencyCode;
use crate::number::{CROSS_DIGITS, Number};
use crate::rate::{Rate, StoredRate};

/// Two currencies and the direction in which their rate is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The currency that prices are told in.
    pub base: CurrencyCode,
    /// The currency that is priced.
    pub target: CurrencyCode,
    /// Told the other way round: what one unit of `base` buys.
    pub inverse: bool,
}

impl Pair {
    /// The currency whose one unit is priced, and the currency of the price.
    fn priced_in(self) -> (CurrencyCode, CurrencyCode) {
        if self.inverse {
            (self.base, self.target)
        } else {
            (self.target, self.base)
        }
    }

    /// `KRW per USD`.
    #[must_use]
    pub fn unit(self) -> String {
        let (priced, price) = self.priced_in();
        format!("{price} per {priced}")
    }

    /// What the rates of several currencies in one base are, such as `KRW per unit of each currency`.
    #[must_use]
    pub fn unit_of_each(base: CurrencyCode, inverse: bool) -> String {
        if inverse {
            format!("units of each currency per {base}")
        } else {
            format!("{base} per unit of each currency")
        }
    }

    /// The rate, from what `stored` says of a currency, for both by one source at one instant; `None` where it says nothing. KRW itself is not asked for.
    ///
    /// Against KRW the stored price keeps all its digits. Of two other currencies it is the quotient of what the source printed, where that is known of
    /// both, else of their prices in KRW: rounded once, to ten significant digits, in whichever direction it is told.
    pub fn rate(self, stored: impl Fn(CurrencyCode) -> Option<StoredRate>) -> Option<Number> {
        let (priced, price) = self.priced_in();
        if priced == price {
            return Some(Number::exact(1.into()));
        }
        match (priced == CurrencyCode::KRW, price == CurrencyCode::KRW) {
            (_, true) => stored(priced).map(|rate| Number::from(rate.krw)),
            (true, false) => quotient(1.into(), stored(price)?.krw.decimal()),
            (false, false) => cross(stored(priced)?, stored(price)?),
        }
    }
}

/// Units of the currency of the price for one unit of the priced one.
fn cross(priced: StoredRate, price: StoredRate) -> Option<Number> {
    // Units for one of the same thing: the more of them, the less each is worth.
    let printed = price.quotation.zip(priced.quotation);
    printed
        .and_then(|(price, priced)| exact_quotient(price, priced))
        .or_else(|| quotient(priced.krw.decimal(), price.krw.decimal()))
}

/// The quotient of two printed numbers, rounded half to even to ten digits by whole numbers alone, because 28 digits of a quotient do not tell whether it is
/// half way; `None` where it is too small for a decimal of ten digits.
fn exact_quotient(numerator: Rate, denominator: Rate) -> Option<Number> {
    const LEAST: u128 = 10_u128.pow(CROSS_DIGITS - 1);
    let (numerator, denominator) = (numerator.decimal(), denominator.decimal());
    // Each has at most 18 digits, so at most 28 stand here, and 38 fit.
    let (mut dividend, mut divisor) = (
        numerator.mantissa().unsigned_abs(),
        denominator.mantissa().unsigned_abs(),
    );
    let mut scale = i64::from(numerator.scale()) - i64::from(denominator.scale());
    while dividend / divisor < LEAST {
        dividend *= 10;
        scale += 1;
    }
    while dividend / divisor >= LEAST * 10 {
        divisor *= 10;
        scale -= 1;
    }
    let (mut quotient, twice_the_rest) = (dividend / divisor, dividend % divisor * 2);
    let is_odd = quotient % 2 == 1;
    if twice_the_rest > divisor || (twice_the_rest == divisor && is_odd) {
        quotient += 1;
    }
    while scale < 0 {
        quotient *= 10;
        scale += 1;
    }
    let rounded = Decimal::try_from_i128_with_scale(i128::try_from(quotient).ok()?, u32::try_from(scale).ok()?);
    rounded.ok().map(Number::exact)
}

fn quotient(numerator: Decimal, denominator: Decimal) -> Option<Number> {
    numerator.checked_div(denominator).map(settled).map(Number::computed)
}

/// The quotient of two stored rates, or the number of eleven digits that it was meant to be.
///
/// A stored rate is a quotient itself, rounded to 18 digits, and so off by up to 5 in 10^18: two of them by up to 1 in 10^17. What is half way between two
/// numbers of ten digits in the source's own quotations may therefore come out a little beside that here, and would be rounded to the wrong side: 43.353 SKK and
/// 256 HUF for one EUR are 0.16934765625 SKK for one HUF.
fn settled(quotient: Decimal) -> Decimal {
    const RECIPROCAL_OF_THE_ERROR: u64 = 10_u64.pow(17);
    let Some(near) = quotient.round_sf(CROSS_DIGITS + 1) else {
        return quotient;
    };
    let off = (quotient - near).abs().checked_mul(RECIPROCAL_OF_THE_ERROR.into());
    if off.is_some_and(|off| off <= quotient) {
        near
    } else {
        quotient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(krw: &str, quotation: Option<&str>) -> StoredRate {
        StoredRate {
            krw: krw.parse().unwrap(),
            quotation: quotation.map(|quotation| quotation.parse().unwrap()),
        }
    }

    fn told(base: &str, target: &str, inverse: bool) -> (String, String) {
        let pair = Pair {
            base: base.parse().unwrap(),
            target: target.parse().unwrap(),
            inverse,
        };
        let stored = |code: CurrencyCode| match code.as_str() {
            "USD" => Some(stored("1335.26673827425707", None)),
            "EUR" => Some(stored("1491.76", None)),
            // 1162.82 KRW for one EUR, by 43.353 and 256: each with its 18 digits.
            "SKK" => Some(stored("26.8221345696952921", None)),
            "HUF" => Some(stored("4.542265625", None)),
            _ => None,
        };
        let rate = pair.rate(stored).map_or("none".to_owned(), |rate| rate.to_string());
        (rate, pair.unit())
    }

    #[test]
    fn a_rate_is_the_price_of_one_target_in_base() {
        for (base, target, inverse, rate, unit) in [
            ("KRW", "USD", false, "1335.26673827425707", "KRW per USD"),
            ("KRW", "USD", true, "0.0007489140344", "USD per KRW"),
            ("USD", "KRW", false, "0.0007489140344", "USD per KRW"),
            ("USD", "KRW", true, "1335.26673827425707", "KRW per USD"),
            // As the ECB printed it: 1 EUR = 1.1172 USD.
            ("USD", "EUR", false, "1.1172", "USD per EUR"),
            ("EUR", "USD", true, "1.1172", "USD per EUR"),
            ("EUR", "USD", false, "0.8950948801", "EUR per USD"),
            ("KRW", "KRW", false, "1", "KRW per KRW"),
            ("USD", "JPY", false, "none", "USD per JPY"),
            // The ECB of 2001-09-12: 43.353 / 256 ends in a 5 after ten digits, and the even one before it stays.
            ("SKK", "HUF", false, "0.1693476562", "SKK per HUF"),
            ("HUF", "SKK", true, "0.1693476562", "SKK per HUF"),
        ] {
            assert_eq!(told(base, target, inverse), (rate.to_owned(), unit.to_owned()));
        }
    }

    #[test]
    fn a_cross_is_of_what_the_source_printed_where_that_is_known_of_both() {
        let (eur, usd) = (stored("1530", Some("1")), stored("1369.495166", Some("1.1172")));
        // Made with another won than the others: 1491.76 of the account before.
        let (yen, former) = (
            stored("8.49134790528233151", Some("175.68")),
            stored("8.49134790528233151", None),
        );
        for (base, target, of_base, of_target, told) in [
            ("JPY", "EUR", yen, eur, "175.68"),
            ("JPY", "USD", yen, usd, "157.2502685"),
            ("USD", "EUR", usd, eur, "1.1172"),
            ("EUR", "USD", eur, usd, "0.8950948801"),
            // Without a quotation of one of them there are only the prices in KRW.
            ("JPY", "EUR", former, eur, "180.1834075"),
            // Prices in KRW are what was published of each.
            ("KRW", "JPY", yen, yen, "8.49134790528233151"),
            ("KRW", "EUR", eur, eur, "1530"),
        ] {
            let (base, target): (CurrencyCode, CurrencyCode) = (base.parse().unwrap(), target.parse().unwrap());
            for (pair_base, pair_target, inverse) in [(base, target, false), (target, base, true)] {
                let pair = Pair {
                    base: pair_base,
                    target: pair_target,
                    inverse,
                };
                let rate = pair.rate(|code| Some(if code == target { of_target } else { of_base }));
                assert_eq!(rate.unwrap().to_string(), told, "{}", pair.unit());
            }
        }
    }

    #[test]
    fn a_quotient_of_printed_numbers_is_exact_before_it_is_rounded() {
        for (numerator, denominator, rounded) in [
            ("1", "3", "0.3333333333"),
            ("43.353", "256", "0.1693476562"),
            ("1.0000000015", "1", "1.000000002"),
            ("1.0000000005", "1", "1"),
            ("9.9999999999", "1", "10"),
            ("1000000000000", "0.0000000001", "10000000000000000000000"),
            ("123456789012", "0.001", "123456789000000"),
            ("0.0000000001", "1000", "0.0000000000001"),
            // Half way, and less than that by 5 in 10^29, which 28 digits do not tell.
            ("0.99999999995", "1", "1"),
            ("0.999999999949999999", "0.999999999999999999", "0.9999999999"),
        ] {
            let quotient = exact_quotient(numerator.parse().unwrap(), denominator.parse().unwrap());
            assert_eq!(
                quotient.map(|number| number.to_string()).as_deref(),
                Some(rounded),
                "{numerator} / {denominator}"
            );
        }
        // 10^-22 has its first digit where a decimal ends, and ten digits do not fit.
        assert_eq!(
            exact_quotient("0.0000000001".parse().unwrap(), "300000000000".parse().unwrap()),
            None
        );
    }
}
