//! Waits for one firing after the other.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio::time::Instant;

use crate::schedule::ScheduleExpression;

/// The longest wait before the clock is read again: it may be set, and a laptop may sleep, which no timer counts.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// The next firing of one schedule.
pub(super) struct Timer {
    expression: ScheduleExpression,
    zone: Tz,
    /// When a rate was due last.
    last: Option<Instant>,
    /// No firing at this time or before it is waited for.
    after: DateTime<Utc>,
}

impl Timer {
    pub(super) fn new(expression: ScheduleExpression, zone: Tz) -> Self {
        Self {
            expression,
            zone,
            last: None,
            after: Utc::now(),
        }
    }

    /// Completes when the schedule is due; false when it never is again.
    pub(super) async fn due(&mut self) -> bool {
        if let ScheduleExpression::Rate(period) = &self.expression {
            let now = Instant::now();
            // Counted from when the last was due, so that a slow moment here does not shift all later firings.
            let due = self.last.map_or(now, |last| (last + *period).max(now));
            tokio::time::sleep_until(due).await;
            self.last = Some(due);
            return true;
        }
        let Some(due) = self.expression.next(self.after, self.zone) else {
            return false;
        };
        while let Ok(left) = due.signed_duration_since(Utc::now()).to_std()
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(CLOCK_CHECK_INTERVAL)).await;
        }
        // A clock that was set back meanwhile does not make this one due twice.
        self.after = due.max(Utc::now());
        true
    }
}
