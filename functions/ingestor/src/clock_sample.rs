//! Other clocks than this machine's. A run is dated by a clock, and that date decides which of two accounts of a rate stands: dated ahead of the time, a
//! rate would stand against its own correction. So no clock is believed alone. Each provider's answer says what time it is (`Date`, RFC 9110, 6.6.1); where
//! one of them and this machine differ, Redis is asked too, and the time that most of them show counts.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// Clocks agree that differ by no more than this, beyond what reading them leaves open.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(2);

/// What another clock shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockSample {
    /// Whose clock.
    pub name: &'static str,
    /// By how much it is ahead of this machine's.
    pub ahead: TimeDelta,
    /// By how much that may be wrong, because answers take time and some tell whole seconds.
    pub margin: TimeDelta,
}

/// A reading of another clock: it has shown `time` at some instant between `asked` and `answered` by this machine's.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// What it showed.
    pub time: DateTime<Utc>,
    /// To what it cuts the time off: zero where it tells all.
    pub resolution: TimeDelta,
    /// When it was asked.
    pub asked: DateTime<Utc>,
    /// When its answer had come.
    pub answered: DateTime<Utc>,
}

/// This machine's.
const OWN: ClockSample = ClockSample {
    name: "this machine's",
    ahead: TimeDelta::zero(),
    margin: TimeDelta::zero(),
};

/// No time is shown by most of the clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClocksDisagree(Vec<ClockSample>);

impl ClockSample {
    /// What `name`'s clock shows, by a reading of it.
    #[must_use]
    pub fn new(name: &'static str, reading: Reading) -> Self {
        let Reading {
            time,
            resolution,
            asked,
            answered,
        } = reading;
        let margin = (answered - asked + resolution) / 2;
        Self {
            name,
            ahead: time + resolution - asked - margin,
            margin,
        }
    }

    /// Whether it shows what this machine's clock shows.
    #[must_use]
    pub fn agrees(&self) -> bool {
        agree(self, &OWN)
    }
}

/// What has to be added to this machine's time: zero while most of the clocks, this one among them, agree.
///
/// # Errors
/// [`ClocksDisagree`].
pub fn correction(clock_samples: &[ClockSample]) -> Result<TimeDelta, ClocksDisagree> {
    let clocks = || std::iter::once(&OWN).chain(clock_samples);
    let is_majority = |one: &&ClockSample| 2 * clocks().filter(|other| agree(one, other)).count() > clocks().count();
    // Of those that agree, the one that was read best.
    let best = clocks()
        .filter(is_majority)
        .min_by_key(|clock_sample| clock_sample.margin);
    best.map(|clock_sample| clock_sample.ahead)
        .ok_or_else(|| ClocksDisagree(clock_samples.to_vec()))
}

fn agree(one: &ClockSample, other: &ClockSample) -> bool {
    (one.ahead - other.ahead).abs() <= one.margin + other.margin + TOLERANCE
}

impl fmt::Display for ClockSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.ahead.num_seconds();
        let side = if seconds < 0 { "behind" } else { "ahead of" };
        write!(f, "{} is {} s {side} this machine's", self.name, seconds.abs())
    }
}

impl fmt::Display for ClocksDisagree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clocks: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        let tolerance = TOLERANCE.num_seconds();
        write!(
            f,
            "no time is shown by most clocks within {tolerance} s, so rates cannot be dated: {}",
            clocks.join(", ")
        )
    }
}

impl std::error::Error for ClocksDisagree {}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(ahead: &[i64]) -> Vec<ClockSample> {
        let clock_sample = |ahead: &i64| ClockSample {
            name: "another",
            ahead: TimeDelta::seconds(*ahead),
            margin: TimeDelta::milliseconds(500),
        };
        ahead.iter().map(clock_sample).collect()
    }

    #[test]
    fn the_time_that_most_clocks_show_counts() {
        for (others, counts) in [
            (&[][..], Some(0)),
            (&[0], Some(0)),
            (&[-2], Some(0)),
            (&[-3], None),
            (&[3600], None),
            (&[-3600, -3601], Some(-3600)),
            (&[3600, 0], Some(0)),
            (&[3600, -3600], None),
            (&[3600, 3600, 0], None),
            (&[3600, 3600, 0, 3599], Some(3600)),
            (&[3600, 7200, 0, 1], Some(0)),
        ] {
            let found = correction(&clocks(others)).ok();
            assert_eq!(found.map(|found| found.num_seconds()), counts, "{others:?}");
        }
    }

    #[test]
    fn reading_a_clock_leaves_open_what_the_answer_took_and_the_rest_of_its_second() {
        let at = |text: &str| format!("2026-10-30T13:15:{text}Z").parse().unwrap();
        let whole_seconds = Reading {
            time: at("07"),
            resolution: TimeDelta::seconds(1),
            asked: at("05"),
            answered: at("08"),
        };
        let read = ClockSample::new("ecb", whole_seconds);
        // Asked at 5 and answered at 8, it showed something from 7 to 8: it is 1 s behind at least and 3 s ahead at most.
        assert_eq!(
            (read.ahead, read.margin),
            (TimeDelta::seconds(1), TimeDelta::seconds(2))
        );
        assert!(read.agrees());
        let exact = Reading {
            time: at("11"),
            resolution: TimeDelta::zero(),
            asked: at("08"),
            answered: at("08"),
        };
        let fast = ClockSample::new("redis", exact);
        assert_eq!((fast.ahead, fast.margin), (TimeDelta::seconds(3), TimeDelta::zero()));
        assert!(!fast.agrees());
    }

    #[test]
    fn clocks_that_disagree_are_named() {
        let error = correction(&clocks(&[3671])).unwrap_err().to_string();
        assert!(error.ends_with("another is 3671 s ahead of this machine's"), "{error}");
    }
}
