//! The ECB's real history as events, without Kafka.

use chrono::NaiveDate;
use shared::event::ExchangeRateUpdated;
use shared::{ecb, rate::Rate};

use crate::pipeline::project;

/// The observations of `days` as the backfill publishes them, oldest first.
///
/// # Panics
/// When the fixture is not there.
#[must_use]
pub fn observations(days: std::ops::RangeInclusive<NaiveDate>) -> Vec<ExchangeRateUpdated> {
    let zip = std::fs::read(project().join("tests/fixtures/ecb-eurofxref-hist.zip")).unwrap();
    let history = operations::ecb_history::read(&zip).unwrap();
    let within = history.into_iter().filter(|day| days.contains(&day.day));
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
