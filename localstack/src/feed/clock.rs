//! Which day the feed serves.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use chrono::NaiveDate;

use super::{FeedError, FeedStatus, History};

/// Moves from a day of the history to the newest, one business day each step, and stays there.
#[derive(Debug)]
pub struct Clock {
    /// The days it goes through, oldest first.
    days: Vec<NaiveDate>,
    newest: NaiveDate,
    step_seconds: u64,
    began: OnceLock<Instant>,
}

impl Clock {
    /// A clock that stands `days` business days before the newest day of the history.
    ///
    /// # Errors
    /// [`FeedError::Step`] or [`FeedError::Days`].
    pub fn new(history: &History, days: usize, step_seconds: u64) -> Result<Self, FeedError> {
        if step_seconds == 0 {
            return Err(FeedError::Step(step_seconds));
        }
        let most = history.days().len() - 1;
        if days > most {
            return Err(FeedError::Days { days, most });
        }
        let through: Vec<NaiveDate> = history.days()[..=days].iter().rev().map(|day| day.date).collect();
        Ok(Self {
            days: through,
            newest: history.newest().date,
            step_seconds,
            began: OnceLock::new(),
        })
    }

    /// Starts to move.
    pub(super) fn begin(&self) {
        self.began.get_or_init(Instant::now);
    }

    /// The day now.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.day_after(self.began.get().map_or(Duration::ZERO, Instant::elapsed))
    }

    /// The day when the clock has moved for `elapsed`.
    #[must_use]
    pub fn day_after(&self, elapsed: Duration) -> NaiveDate {
        let steps = usize::try_from(elapsed.as_secs() / self.step_seconds).unwrap_or(usize::MAX);
        self.days.get(steps).copied().unwrap_or(self.newest)
    }

    /// For `GET /feed`.
    pub(super) fn status(&self) -> FeedStatus {
        FeedStatus {
            day: self.day(),
            newest: self.newest,
            step_seconds: self.step_seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        History::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/ecb-eurofxref-hist.zip").as_ref())
            .unwrap()
    }

    #[test]
    fn the_day_moves_one_business_day_each_step_and_stays_at_the_newest() {
        let clock = Clock::new(&history(), 5, 4).unwrap();
        let days =
            [0, 3, 4, 8, 12, 16, 20, 400].map(|seconds| clock.day_after(Duration::from_secs(seconds)).to_string());
        // 24 and 25 October 2026 are a weekend.
        let expected = ["23", "23", "26", "27", "28", "29", "30", "30"].map(|day| format!("2026-10-{day}"));
        assert_eq!(days, expected);
    }

    #[test]
    fn it_stands_until_it_begins() {
        assert_eq!(Clock::new(&history(), 5, 1).unwrap().day().to_string(), "2026-10-23");
    }

    #[test]
    fn a_pace_that_makes_no_sense_is_refused() {
        let history = history();
        assert_eq!(
            Clock::new(&history, 5, 0).unwrap_err().to_string(),
            "the feed's step must be at least 1 second, got 0"
        );
        let too_early = Clock::new(&history, 7126, 1).unwrap_err().to_string();
        assert_eq!(
            too_early,
            "the feed can start 0 to 7125 business days before the newest, got 7126"
        );
    }
}
