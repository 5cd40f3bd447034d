//! When a source publishes: on which days, at what hour of its own city, and how much it may miss. The registry ([`crate::source`]) says which calendar
//! and which hour a source has; one that it does not know is taken to be renewed once a day. Nothing here reads the clock.

mod korea;
mod target_calendar;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use crate::source::{Calendar, find};
use crate::time::Timestamp;

/// How long before its hour a source is taken to be able to publish: each says "around".
const EARLY: TimeDelta = TimeDelta::minutes(5);
/// How long after its hour a source may publish before its rates count as stale.
const LATE: TimeDelta = TimeDelta::hours(2);
/// Where a source has no hour, it publishes this long after what it published last.
const DAY: TimeDelta = TimeDelta::hours(24);

/// How many publications of a source a currency may miss, in a row and up to the source's newest, before it counts as ended or interrupted. More than a
/// source leaves out of itself and more than a jump is held back for (three at most), and a week of working days.
pub const INTERRUPTED_AFTER_PUBLICATIONS: usize = 5;

/// The city's clock and the hour on it at which a source publishes; `None` of a source that has no such hour.
fn hour(source: &str) -> Option<(Tz, u32)> {
    let time = find(source)?.publication_time?;
    Some((time.zone, time.hour))
}

/// The instant at which rates newer than these are published, if the source is punctual.
fn next(source: &str, recorded_at: Timestamp) -> DateTime<Utc> {
    let Some((city, hour)) = hour(source) else {
        return recorded_at.utc() + DAY;
    };
    let day = next_day(source, recorded_at.utc().with_timezone(&city).date_naive());
    let local = day.and_hms_opt(hour, 0, 0).unwrap_or_default();
    // Clocks are changed at night, so the hour is there once; were it not, UTC's would be the better guess than none.
    let instant = city.from_local_datetime(&local).earliest();
    instant.map_or_else(|| local.and_utc(), |instant| instant.to_utc())
}

/// The earliest instant at which the source may publish rates newer than these: until then an answer of them holds, from then on nobody knows.
#[must_use]
pub fn earliest_next(source: &str, recorded_at: Timestamp) -> DateTime<Utc> {
    let early = hour(source).map_or(TimeDelta::zero(), |_| EARLY);
    next(source, recorded_at) - early
}

/// The instant by which rates newer than these are expected: the next publication, and two hours for its delays.
#[must_use]
pub fn next_expected(source: &str, recorded_at: Timestamp) -> DateTime<Utc> {
    next(source, recorded_at) + LATE
}

/// Whether rates of this age are older than the source's own schedule allows.
#[must_use]
pub fn is_stale(source: &str, recorded_at: Timestamp, now: DateTime<Utc>) -> bool {
    now > next_expected(source, recorded_at)
}

/// Whether a currency whose newest rate is of `recorded_at` has missed [`INTERRUPTED_AFTER_PUBLICATIONS`] of the publications of its source up to
/// `newest`, the instant up to which all that the source published of it has arrived ([`crate::progress`]).
#[must_use]
pub fn is_interrupted(source: &str, recorded_at: Timestamp, newest: DateTime<Utc>) -> bool {
    let city = hour(source).map_or(Tz::UTC, |(city, _)| city);
    let day = |instant: DateTime<Utc>| instant.with_timezone(&city).date_naive();
    let mut missed = day(recorded_at.utc());
    for _ in 0..INTERRUPTED_AFTER_PUBLICATIONS {
        missed = next_day(source, missed);
    }
    missed <= day(newest)
}

/// Whether the source publishes rates for `day`, a day of its own city.
#[must_use]
pub fn publishes_on(source: &str, day: NaiveDate) -> bool {
    match find(source).map_or(Calendar::Daily, |source| source.calendar) {
        Calendar::Daily => true,
        Calendar::Target => !is_weekend(day) && !target_calendar::is_holiday(day),
        Calendar::KoreanBanks => !is_weekend(day) && !korea::is_bank_holiday(day),
    }
}

/// The end of a UTC day: the instant at which the age of its rates is measured once it is over.
#[must_use]
pub fn end_of(day: NaiveDate) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    next.and_time(NaiveTime::MIN).and_utc()
}

/// Whether the source dates all of its rates of a day at one instant, so that a day's only rates of two currencies are of one.
#[must_use]
pub fn dates_by_day(source: &str) -> bool {
    hour(source).is_some()
}

/// The first day after `day` for which the source publishes rates.
#[must_use]
pub fn next_day(source: &str, day: NaiveDate) -> NaiveDate {
    let mut next = day;
    loop {
        next = next.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        if publishes_on(source, next) || next == NaiveDate::MAX {
            return next;
        }
    }
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}
