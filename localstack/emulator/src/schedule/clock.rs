//! From what a clock shows to the moment when it shows it.

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

/// The moment at which the clock of `zone` shows `time`: none when it skips that time, the first when it shows it twice.
///
/// Source: "Daylight savings time on EventBridge Scheduler", in "Schedule types in EventBridge Scheduler", its user guide
/// (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>): an invocation at a time that does not exist is skipped, and
/// one at a time that comes twice runs once, before the shift.
pub(super) fn on_clock(time: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let moment = time.and_local_timezone(zone).earliest()?;
    Some(moment.with_timezone(&Utc))
}
