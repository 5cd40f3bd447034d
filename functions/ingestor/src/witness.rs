//! Other clocks than this machine's. A run is dated by a clock, and that date decides which of two accounts of a rate stands: dated ahead of the time, a
//! rate would stand against its own correction. So no clock is believed alone. Each provider's answer says what time it is (`Date`, RFC 9110, 6.6.1); where
//! one of them and this machine differ, Redis is asked too, and the time that most of them show counts.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// Clocks within this of each other agree. A `Date` is in whole seconds, and as old as its answer took.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// What another clock shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Whose clock.
    pub name: &'static str,
    /// By how much it is ahead of this machine's.
    pub ahead: TimeDelta,
}

/// No time is shown by most of the clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClocksDisagree(Vec<Witness>);

impl Witness {
    /// `name`'s clock shows `time` while this machine's shows `now`.
    #[must_use]
    pub fn new(name: &'static str, time: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            name,
            ahead: time - now,
        }
    }

    /// Whether it shows what this machine's clock shows.
    #[must_use]
    pub fn agrees(&self) -> bool {
        agree(self.ahead, TimeDelta::zero())
    }
}

/// What has to be added to this machine's time: zero while most of the clocks, this one among them, agree.
///
/// # Errors
/// [`ClocksDisagree`].
pub fn correction(witnesses: &[Witness]) -> Result<TimeDelta, ClocksDisagree> {
    let shown = || std::iter::once(TimeDelta::zero()).chain(witnesses.iter().map(|witness| witness.ahead));
    let is_majority = |one: &TimeDelta| 2 * shown().filter(|other| agree(*one, *other)).count() > shown().count();
    shown()
        .find(is_majority)
        .ok_or_else(|| ClocksDisagree(witnesses.to_vec()))
}

fn agree(one: TimeDelta, other: TimeDelta) -> bool {
    (one - other).abs() <= TOLERANCE
}

impl fmt::Display for Witness {
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
            "no time is shown by most clocks, so rates cannot be dated; clocks may differ by {tolerance} s: {}",
            clocks.join(", ")
        )
    }
}

impl std::error::Error for ClocksDisagree {}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(ahead: &[i64]) -> Vec<Witness> {
        let witness = |ahead: &i64| Witness {
            name: "another",
            ahead: TimeDelta::seconds(*ahead),
        };
        ahead.iter().map(witness).collect()
    }

    #[test]
    fn the_time_that_most_clocks_show_counts() {
        for (others, counts) in [
            (&[][..], Some(0)),
            (&[0], Some(0)),
            (&[-60], Some(0)),
            (&[-61], None),
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
    fn clocks_that_disagree_are_named() {
        let error = correction(&clocks(&[3671])).unwrap_err().to_string();
        assert!(error.ends_with("another is 3671 s ahead of this machine's"), "{error}");
    }
}
