//! The ECB's real history as events, without Kafka.

use std::collections::BTreeMap;
use std::io::Read;

use chrono::NaiveDate;
use shared::event::ExchangeRateUpdated;
use shared::{ecb, rate::StoredRate};

use crate::checkout::project;

/// The observations of `days` as the backfill publishes them of a file without a date, oldest first.
///
/// # Panics
/// When the fixture is not there.
#[must_use]
pub fn observations(days: std::ops::RangeInclusive<NaiveDate>) -> Vec<ExchangeRateUpdated> {
    let zip = std::fs::read(project().join("tests/fixtures/ecb-eurofxref-hist.zip")).unwrap();
    let history = operations::ecb_history::read(&zip).unwrap();
    let within = history.days.into_iter().filter(|day| days.contains(&day.day));
    within
        .flat_map(|day| {
            let recorded_at = ecb::recorded_at(day.day).unwrap();
            let event = move |(code, rate): (shared::currency::CurrencyCode, StoredRate)| ExchangeRateUpdated {
                currency_code: code,
                currency_name: code.currency().korean.to_owned(),
                deal_base_rate: rate.krw,
                tts: None,
                ttb: None,
                quotation: rate.quotation,
                source: ecb::SOURCE.to_owned(),
                recorded_at,
                updated_at: recorded_at,
            };
            day.rates.into_iter().map(event)
        })
        .collect()
}

/// The fixture's CSV, as it stands in the archive.
///
/// # Panics
/// When the fixture is not there.
#[must_use]
pub fn csv() -> String {
    let file = std::fs::File::open(project().join("tests/fixtures/ecb-eurofxref-hist.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut text = String::new();
    archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Every number of the history as the ECB printed it, units of a currency for one EUR, by currency and day.
///
/// # Panics
/// When the fixture is not there.
#[must_use]
pub fn printed() -> BTreeMap<(String, NaiveDate), String> {
    let text = csv();
    let mut lines = text.lines();
    let headers: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut printed = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let day: NaiveDate = cells[0].parse().unwrap();
        for (code, cell) in headers.iter().zip(&cells).skip(1) {
            if !code.is_empty() && *cell != "N/A" && !cell.is_empty() {
                printed.insert(((*code).to_owned(), day), (*cell).to_owned());
            }
        }
    }
    printed
}

/// The quotient of two numbers as the ECB prints them, rounded once, half to even, to so many significant digits; printed without trailing zeros. Whole
/// numbers alone, so that it owes nothing to what it checks.
///
/// # Panics
/// When a text is no number or has more digits than the ECB prints.
#[must_use]
pub fn quotient(numerator: &str, denominator: &str, digits: usize) -> String {
    // Of numbers with at most 13 digits this leaves a quotient of more digits than are kept.
    const SHIFT: usize = 25;
    let scaled = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (format!("{whole}{fraction}").parse::<u128>().unwrap(), fraction.len())
    };
    let ((numerator, up), (denominator, down)) = (scaled(numerator), scaled(denominator));
    let dividend = numerator.checked_mul(10_u128.pow(25)).unwrap();
    let (all, rest) = (dividend / denominator, dividend % denominator);
    let cut = all.to_string().len().checked_sub(digits).unwrap();
    assert!(cut > 0, "too few digits to round: {all}");
    let unit = 10_u128.pow(u32::try_from(cut).unwrap());
    let (mut kept, off) = (all / unit, all % unit);
    let is_above_half = off > unit / 2 || (off == unit / 2 && rest > 0);
    if is_above_half || (off == unit / 2 && rest == 0 && kept % 2 == 1) {
        kept += 1;
    }
    // kept * 10^(cut - places): where the point stands.
    let places = (SHIFT + up).checked_sub(down).unwrap();
    if cut >= places {
        return (kept * 10_u128.pow(u32::try_from(cut - places).unwrap())).to_string();
    }
    let scale = places - cut;
    let text = format!("{kept:0>width$}", width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}
