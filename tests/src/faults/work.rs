//! What goes on while faults happen: runs of the ingestor with rates of a random day, corrections of them, backfills, poison records, and deliveries
//! of what was delivered before.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use chrono::NaiveDate;
use rand::Rng;
use rand::RngExt as _;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::event::{Payload, Topic};

use crate::ecb_server::Printed;

/// One piece of work.
#[derive(Debug, Clone)]
pub enum Work {
    /// The ingestor runs, as often as it takes, while the provider shows these rates.
    Run {
        /// Their day.
        day: NaiveDate,
        /// The rates.
        rates: Printed,
    },
    /// The history's days from the first to the last are published, as often as it takes.
    Backfill {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// A record that can never be applied is written to a topic of both services.
    Poison(Poison),
    /// So many of the newest records of `exchange_rate_updated` are delivered to both services again, doubled and in another order.
    Again {
        /// How many.
        records: usize,
        /// Decides their order.
        seed: u64,
    },
}

/// A record that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poison {
    /// Tells it from others.
    pub poison: u64,
}

impl Payload for Poison {
    const TOPIC: Topic = Topic::ExchangeRateUpdated;

    fn key(&self) -> String {
        format!("poison-{}", self.poison)
    }
}

/// The ECB's days from 2025-09-01 on, oldest first, each with what it printed.
static DAYS: LazyLock<Vec<(NaiveDate, Printed)>> = LazyLock::new(|| {
    let first: NaiveDate = NaiveDate::from_ymd_opt(2025, 9, 1).unwrap();
    let mut days: std::collections::BTreeMap<NaiveDate, Printed> = std::collections::BTreeMap::new();
    for ((code, day), rate) in crate::ecb::printed() {
        if day >= first {
            days.entry(day).or_default().push((code, rate));
        }
    }
    days.into_iter().collect()
});

impl Work {
    /// Some pieces, each with the pause before it: a run and corrections of it, a backfill, a poison record, old deliveries.
    pub fn random(random: &mut impl Rng) -> Vec<(Duration, Self)> {
        let pieces = Self::pieces(random);
        let mut pause = || Duration::from_millis(random.random_range(0..700));
        pieces.into_iter().map(|piece| (pause(), piece)).collect()
    }

    fn pieces(random: &mut impl Rng) -> Vec<Self> {
        let (day, printed) = &DAYS[random.random_range(DAYS.len() - 60..DAYS.len())];
        let run = |rates: Printed| Self::Run { day: *day, rates };
        let mut work = vec![run(moved(printed, random, 100))];
        if random.random_bool(0.7) {
            let first = random.random_range(0..DAYS.len() - 60);
            let last = first + random.random_range(5..60);
            work.push(Self::Backfill {
                from: DAYS[first].0,
                to: DAYS[last].0,
            });
        }
        if random.random_bool(0.3) {
            work.push(Self::Poison(Poison {
                poison: random.random(),
            }));
        }
        // Corrections: some of the day's rates are others.
        for _ in 0..random.random_range(1..4) {
            work.push(run(moved(printed, random, 30)));
        }
        if random.random_bool(0.5) {
            work.push(Self::Again {
                records: random.random_range(1..300),
                seed: random.random(),
            });
        }
        work
    }
}

/// The rates with `percent` of a hundred moved by up to 2 %, so that no two runs say the same.
fn moved(printed: &Printed, random: &mut impl Rng, percent: u32) -> Printed {
    let mut move_one = |rate: &str| -> String {
        let rate: Decimal = rate.parse().unwrap();
        if !random.random_ratio(percent, 100) {
            return rate.to_string();
        }
        let factor = Decimal::new(random.random_range(9_800..10_200), 4);
        (rate * factor).round_dp(8).normalize().to_string()
    };
    printed
        .iter()
        .map(|(code, rate)| (code.clone(), move_one(rate)))
        .collect()
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run { day, .. } => write!(f, "run of {day}"),
            Self::Backfill { from, to } => write!(f, "backfill {from} to {to}"),
            Self::Poison(_) => write!(f, "poison"),
            Self::Again { records, .. } => write!(f, "{records} records again"),
        }
    }
}
