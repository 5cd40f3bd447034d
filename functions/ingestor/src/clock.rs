//! Time of a run: the start is passed in, so that tests choose it; the rest is measured from there.

use chrono::{DateTime, TimeDelta, Utc};
use shared::time::{TimeError, Timestamp};
use tokio::time::Instant;

/// Time of one run.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: DateTime<Utc>,
    began: Instant,
}

impl Clock {
    /// A clock that shows `start` now.
    #[must_use]
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        Self {
            start,
            began: Instant::now(),
        }
    }

    /// The same clock, set by so much.
    #[must_use]
    pub fn set_by(self, correction: TimeDelta) -> Self {
        Self {
            start: self.start + correction,
            ..self
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.start + TimeDelta::from_std(self.began.elapsed()).unwrap_or(TimeDelta::MAX)
    }

    /// The time, as events carry it.
    ///
    /// # Errors
    /// [`TimeError`] outside the years 1970 to 9999.
    pub fn timestamp(&self) -> Result<Timestamp, TimeError> {
        Timestamp::new(self.now())
    }

    /// When the run began, for deadlines.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Milliseconds since the run began.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        milliseconds(self.began)
    }
}

/// Milliseconds since `instant`.
#[must_use]
pub fn milliseconds(instant: Instant) -> u64 {
    u64::try_from(instant.elapsed().as_millis()).unwrap_or(u64::MAX)
}
