//! How far a source is known to have come for a currency: what tells a currency that its source went on without from one whose events are still on their way.
//!
//! Kafka keeps the order of one partition only, and partitions are handled at different paces: during a backfill they are months apart. So a newer rate of another
//! currency says something about this one where both are keys of one partition, and nothing elsewhere.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::currency::CurrencyCode;
use crate::event::Topic;
use crate::kafka::partition_of;

/// The newest instant of each source in each partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    newest: BTreeMap<(String, i32), DateTime<Utc>>,
}

impl Progress {
    /// What these rates show: currency, source, and when the source set it.
    pub fn of<'a>(rates: impl IntoIterator<Item = (CurrencyCode, &'a str, DateTime<Utc>)>) -> Self {
        let mut newest = BTreeMap::new();
        for (code, source, at) in rates {
            let kept = newest.entry((source.to_owned(), partition(code))).or_insert(at);
            *kept = at.max(*kept);
        }
        Self { newest }
    }

    /// Up to when all that `source` published of each of `codes` has arrived; `None` where nothing of a partition has. KRW has no rates, and holds nothing up.
    #[must_use]
    pub fn until(&self, source: &str, codes: &[CurrencyCode]) -> Option<DateTime<Utc>> {
        let codes = codes.iter().filter(|code| **code != CurrencyCode::KRW);
        let of_each = codes.map(|code| self.newest.get(&(source.to_owned(), partition(*code))).copied());
        of_each.min().flatten()
    }
}

fn partition(code: CurrencyCode) -> i32 {
    partition_of(Topic::ExchangeRateUpdated, code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u32) -> DateTime<Utc> {
        format!("2026-10-{day:02}T13:15:00Z").parse().unwrap()
    }

    fn code(text: &str) -> CurrencyCode {
        text.parse().unwrap()
    }

    #[test]
    fn a_newer_rate_says_something_of_its_own_partition_alone() {
        let all: Vec<CurrencyCode> = CurrencyCode::all().collect();
        let of = |number: i32| all.iter().copied().filter(move |code| partition(*code) == number);
        let [first, also_first] = [0, 1].map(|place| of(0).nth(place).unwrap());
        let second = of(1).next().unwrap();
        let third = of(2).next().unwrap();
        let progress = Progress::of([
            (first, "ecb", at(5)),
            (also_first, "ecb", at(20)),
            (second, "ecb", at(9)),
        ]);
        assert_eq!(progress.until("ecb", &[first]), Some(at(20)));
        assert_eq!(progress.until("ecb", &[second]), Some(at(9)));
        assert_eq!(progress.until("ecb", &[first, second]), Some(at(9)));
        assert_eq!(progress.until("ecb", &[first, CurrencyCode::KRW]), Some(at(20)));
        assert_eq!(progress.until("ecb", &[first, third]), None);
        assert_eq!(progress.until("koreaexim", &[first]), None);
    }

    #[test]
    fn the_partition_of_a_currency_is_kafkas() {
        // Computed apart from the client by the formula of Kafka's `Utils.murmur2`; that the broker has them there is tested where rates are published.
        assert_eq!(
            ["USD", "EUR", "JPY", "KRW"].map(|text| partition(code(text))),
            [0, 0, 1, 1]
        );
    }
}
