//! Which day the feed serves.

use std::sync::{Mutex, MutexGuard, PoisonError};
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
    moved: Mutex<Moved>,
}

/// How long it has moved.
#[derive(Debug, Default)]
struct Moved {
    /// Since when it moves without a pause.
    since: Option<Instant>,
    /// For how long it moved before that.
    before: Duration,
    has_begun: bool,
    /// How many hold it.
    holders: usize,
}

impl Moved {
    fn elapsed(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn go_on(&mut self) {
        if self.has_begun && self.holders == 0 && self.since.is_none() {
            self.since = Some(Instant::now());
        }
    }
}

/// While it lives, the clock stands.
#[derive(Debug)]
pub struct Hold<'a>(&'a Clock);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut moved = self.0.moved();
        moved.holders -= 1;
        moved.go_on();
    }
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
            moved: Mutex::default(),
        })
    }

    /// Starts to move.
    pub(super) fn begin(&self) {
        let mut moved = self.moved();
        moved.has_begun = true;
        moved.go_on();
    }

    /// Stands at its day until the hold is dropped, and then takes no longer for the rest of that day than it would have.
    #[must_use]
    pub fn hold(&self) -> Hold<'_> {
        let mut moved = self.moved();
        moved.holders += 1;
        moved.before = moved.elapsed();
        moved.since = None;
        Hold(self)
    }

    /// Every change leaves it whole, so a thread that panicked meanwhile does no harm.
    fn moved(&self) -> MutexGuard<'_, Moved> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The day now.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.day_after(self.moved().elapsed())
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
    fn it_stands_while_somebody_holds_it_and_then_goes_on() {
        let clock = Clock::new(&history(), 5, 1).unwrap();
        drop(clock.hold());
        assert!(clock.moved().since.is_none(), "a hold does not begin it");
        clock.begin();
        let (first, second) = (clock.hold(), clock.hold());
        let held = clock.moved().elapsed();
        drop(first);
        assert!(clock.moved().since.is_none());
        assert_eq!(clock.moved().elapsed(), held);
        drop(second);
        assert!(clock.moved().since.is_some());
        assert!(clock.moved().elapsed() >= held);
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
