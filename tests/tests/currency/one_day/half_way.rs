//! Quotients half way between two numbers of ten digits, where the last of 18 digits of a stored rate decides: every such pair of every day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::rate::StoredRate;
use tests::ecb::{observations, printed, quotient};

/// A number as the ECB prints it: its digits, and how many of them are behind the point.
fn digits(text: &str) -> (u128, u32) {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let places = u32::try_from(fraction.len()).unwrap();
    (format!("{whole}{fraction}").parse().unwrap(), places)
}

/// Whether the quotient's first eleven digits end in a 5 and what follows is less than 1 in 10^15 of it: half way, or so near that only an exact
/// computation tells.
fn is_about_half_way(numerator: &str, denominator: &str) -> bool {
    const ELEVEN: std::ops::Range<u128> = 10_u128.pow(10)..10_u128.pow(11);
    let ((mut dividend, _), (divisor, _)) = (digits(numerator), digits(denominator));
    while dividend / divisor < ELEVEN.start {
        dividend *= 10;
    }
    assert!(ELEVEN.contains(&(dividend / divisor)), "{numerator} / {denominator}");
    let nearest = (dividend + divisor / 2) / divisor;
    nearest % 10 == 5 && dividend.abs_diff(nearest * divisor) * 10_u128.pow(15) <= dividend
}

#[test]
fn a_quotient_half_way_between_two_numbers_goes_to_the_even_one() {
    let mut days = BTreeMap::<NaiveDate, BTreeMap<CurrencyCode, StoredRate>>::new();
    for event in observations("1999-01-01".parse().unwrap()..="2026-12-31".parse().unwrap()) {
        let day = event.recorded_at.utc().date_naive();
        days.entry(day)
            .or_default()
            .insert(event.currency_code, event.stored_rate());
    }
    let printed = printed();
    let (mut seen, mut wrong) = (0, Vec::new());
    for (day, rates) in days {
        let units = |code: CurrencyCode| match code.as_str() {
            "EUR" => "1",
            code => &printed[&(code.to_owned(), day)],
        };
        for base in rates.keys().copied() {
            for target in rates
                .keys()
                .copied()
                .chain([CurrencyCode::KRW])
                .filter(|code| *code != base)
            {
                if !is_about_half_way(units(base), units(target)) {
                    continue;
                }
                seen += 1;
                let inverse = seen % 2 == 0;
                // What one unit of the target costs in the base, asked for either way round.
                let (base, target) = if inverse { (target, base) } else { (base, target) };
                let pair = Pair { base, target, inverse };
                let as_printed = |code: CurrencyCode| rates.get(&code).copied();
                // As it was stored before the source's own numbers were.
                let in_krw = |code: CurrencyCode| {
                    let quotation = None;
                    as_printed(code).map(|rate| StoredRate { quotation, ..rate })
                };
                let (price, priced) = if inverse { (target, base) } else { (base, target) };
                let expected = quotient(units(price), units(priced), 10);
                for rate in [pair.rate(as_printed), pair.rate(in_krw)] {
                    let rate = rate.unwrap().to_string();
                    if rate != expected {
                        wrong.push(format!("{price} per {priced} on {day}: {rate}, not {expected}"));
                    }
                }
            }
        }
    }
    assert!(seen > 100, "{seen}");
    assert!(wrong.is_empty(), "{} of {seen}: {wrong:#?}", wrong.len());
}

#[test]
fn a_quotient_is_rounded_once_half_to_even() {
    for (numerator, denominator, digits, rounded) in [
        ("1491.76", "1.1172", 18, "1335.26673827425707"),
        ("1", "1.1172", 10, "0.8950948801"),
        ("1.1172", "1", 10, "1.1172"),
        ("1.00000000005", "1", 10, "1"),
        ("1.0000000015", "1", 10, "1.000000002"),
        ("10", "3", 10, "3.333333333"),
        ("12345678901", "1", 10, "12345678900"),
    ] {
        assert_eq!(quotient(numerator, denominator, digits), rounded);
    }
}
