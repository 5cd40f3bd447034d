//! What is stored and cached of one currency: its price in KRW, by day and by instant. Nothing here touches Redis, PostgreSQL or the clock.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::currency::CurrencyCode;
use shared::rate::{Rate, StoredRate};
use shared::time::Timestamp;

/// The days of one currency, of every source that has them: oldest first, those of one day in the order in which sources count; never empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Leg {
    /// The currency.
    pub code: CurrencyCode,
    /// The sources of its last day, and the last observation of each.
    pub recorded: Vec<(String, Timestamp)>,
    /// Its days.
    pub days: Vec<LegDay>,
}

impl Leg {
    /// Its last day, of the source that counts.
    pub(crate) fn last(&self) -> Option<&LegDay> {
        let last = self.days.last()?;
        self.days.iter().rev().take_while(|day| day.day == last.day).last()
    }

    /// The last observation of a source on the last day.
    pub(crate) fn recorded_at(&self, source: &str) -> Option<Timestamp> {
        let of_source = self.recorded.iter().find(|(known, _)| known == source);
        of_source.map(|(_, recorded_at)| *recorded_at)
    }

    /// The days from `from` to `to`, both included: of each, those of its sources.
    pub(crate) fn by_day(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = &[LegDay]> {
        let first = self.days.partition_point(|day| day.day < from);
        let end = self.days.partition_point(|day| day.day <= to).max(first);
        self.days[first..end].chunk_by(|one, other| one.day == other.day)
    }
}

/// KRW for one unit, on one UTC day, by one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Compact", into = "Compact")]
pub(crate) struct LegDay {
    /// The day.
    pub day: NaiveDate,
    /// Whose rates these are.
    pub source: String,
    /// How many there are.
    pub observations: i32,
    /// The first.
    pub open: Rate,
    /// The highest.
    pub high: Rate,
    /// The lowest.
    pub low: Rate,
    /// The last.
    pub close: Rate,
    /// The source's own quotation of the last; of the other prices too where there is one observation.
    pub quotation: Option<Rate>,
}

impl LegDay {
    /// One of the prices, of a day that is crossed by its prices: one with a single observation.
    pub(crate) fn stored(&self, price: Rate) -> StoredRate {
        StoredRate {
            krw: price,
            quotation: self.quotation,
        }
    }
}

/// A day as the cache has it: most days have one observation, whose four prices are one number.
#[derive(Serialize, Deserialize)]
struct Compact(NaiveDate, String, i32, Rate, Option<Rate>, Option<[Rate; 3]>);

impl From<LegDay> for Compact {
    fn from(day: LegDay) -> Self {
        let others = [day.open, day.high, day.low];
        let differs = others.iter().any(|price| *price != day.close);
        Self(
            day.day,
            day.source,
            day.observations,
            day.close,
            day.quotation,
            differs.then_some(others),
        )
    }
}

impl From<Compact> for LegDay {
    fn from(Compact(day, source, observations, close, quotation, others): Compact) -> Self {
        let [open, high, low] = others.unwrap_or([close; 3]);
        Self {
            day,
            source,
            observations,
            open,
            high,
            low,
            close,
            quotation,
        }
    }
}

/// One observation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "(Timestamp, Rate, Option<Rate>)", into = "(Timestamp, Rate, Option<Rate>)")]
pub(crate) struct Tick {
    /// When its source set it.
    pub at: Timestamp,
    /// Its price and quotation.
    pub rate: StoredRate,
}

impl From<Tick> for (Timestamp, Rate, Option<Rate>) {
    fn from(Tick { at, rate }: Tick) -> Self {
        (at, rate.krw, rate.quotation)
    }
}

impl From<(Timestamp, Rate, Option<Rate>)> for Tick {
    fn from((at, krw, quotation): (Timestamp, Rate, Option<Rate>)) -> Self {
        Self {
            at,
            rate: StoredRate { krw, quotation },
        }
    }
}

/// Every observation of one currency in the days of a [`Leg`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ticks {
    /// The last of the days.
    pub last: NaiveDate,
    /// By source, oldest first.
    pub sources: BTreeMap<String, Vec<Tick>>,
}

impl Ticks {
    /// Those of one source and day.
    pub(crate) fn of(&self, source: &str, day: NaiveDate) -> &[Tick] {
        let all = self.sources.get(source).map_or(&[][..], Vec::as_slice);
        let first = all.partition_point(|tick| tick.at.utc().date_naive() < day);
        let count = all[first..].partition_point(|tick| tick.at.utc().date_naive() == day);
        &all[first..first + count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_comes_back_from_the_cache_as_it_was() {
        let rate = |text: &str| text.parse::<Rate>().unwrap();
        let day = |day: &str, prices: [&str; 4]| LegDay {
            day: day.parse().unwrap(),
            source: "ecb".to_owned(),
            observations: 2,
            open: rate(prices[0]),
            high: rate(prices[1]),
            low: rate(prices[2]),
            close: rate(prices[3]),
            quotation: Some(rate("1.1172")),
        };
        let leg = Leg {
            code: CurrencyCode::USD,
            recorded: vec![("ecb".to_owned(), "2026-10-30T13:15:00Z".parse().unwrap())],
            days: vec![
                day("2026-10-29", ["1335.26673827425707"; 4]),
                day("2026-10-30", ["2", "4", "1", "3.5"]),
            ],
        };
        let text = serde_json::to_string(&leg).unwrap();
        assert!(
            text.contains(r#"["2026-10-29","ecb",2,1335.26673827425707,1.1172,null]"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Leg>(&text).unwrap(), leg);
        let tick = |quotation| Tick {
            at: "2026-10-30T13:15:00Z".parse().unwrap(),
            rate: StoredRate {
                krw: rate("1335.26673827425707"),
                quotation,
            },
        };
        for tick in [tick(None), tick(Some(rate("1.1172")))] {
            let text = serde_json::to_string(&tick).unwrap();
            assert_eq!(serde_json::from_str::<Tick>(&text).unwrap(), tick, "{text}");
        }
    }
}
