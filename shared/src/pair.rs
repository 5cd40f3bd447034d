//! The rate of a pair from two stored rates. Every module may use it; nothing here touches Redis, Kafka or the clock.

use rust_decimal::Decimal;

use crate::api::{CROSS_DIGITS, Number};
use crate::currency::CurrencyCode;
use crate::rate::Rate;

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

    /// The rate, from what `deal` says is the price of one unit of a currency in KRW; `None` where it says nothing. KRW itself is not asked for.
    ///
    /// A stored rate keeps all its digits; a quotient of two is rounded once, to ten significant digits, in whichever direction it is told.
    pub fn rate(self, deal: impl Fn(CurrencyCode) -> Option<Rate>) -> Option<Number> {
        let (priced, price) = self.priced_in();
        if priced == price {
            return Some(Number::exact(1.into()));
        }
        match (priced == CurrencyCode::KRW, price == CurrencyCode::KRW) {
            (_, true) => deal(priced).map(Number::from),
            (true, false) => quotient(1.into(), deal(price)?.decimal()),
            (false, false) => quotient(deal(priced)?.decimal(), deal(price)?.decimal()),
        }
    }
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

    fn told(base: &str, target: &str, inverse: bool) -> (String, String) {
        let pair = Pair {
            base: base.parse().unwrap(),
            target: target.parse().unwrap(),
            inverse,
        };
        let deal = |code: CurrencyCode| match code.as_str() {
            "USD" => "1335.26673827425707".parse().ok(),
            "EUR" => "1491.76".parse().ok(),
            // 1162.82 KRW for one EUR, by 43.353 and 256: each with its 18 digits.
            "SKK" => "26.8221345696952921".parse().ok(),
            "HUF" => "4.542265625".parse().ok(),
            _ => None,
        };
        let rate = pair.rate(deal).map_or("none".to_owned(), |rate| rate.to_string());
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
}
