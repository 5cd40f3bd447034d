//! The ECB's real history as events, without Kafka.

use std::collections::BTreeMap;
use std::io::Read;

use chrono::NaiveDate;
use shared::event::ExchangeRateUpdated;
use shared::{ecb, rate::Rate};

use crate::pipeline::project;

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
            let event = move |(code, rate): (shared::currency::CurrencyCode, Rate)| ExchangeRateUpdated {
                currency_code: code,
                currency_name: code.currency().korean.to_owned(),
                deal_base_rate: rate,
                tts: None,
                ttb: None,
                source: ecb::SOURCE.to_owned(),
                recorded_at,
                updated_at: recorded_at,
            };
            day.rates.into_iter().map(event)
        })
        .collect()
}

/// Every number of the history as the ECB printed it, units of a currency for one EUR, by currency and day.
///
/// # Panics
/// When the fixture is not there.
#[must_use]
pub fn printed() -> BTreeMap<(String, NaiveDate), String> {
    let file = std::fs::File::open(project().join("tests/fixtures/ecb-eurofxref-hist.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut text = String::new();
    archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
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
