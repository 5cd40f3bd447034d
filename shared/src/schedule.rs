//! When a source publishes: on which days, at what hour of its own city, and how much it may miss. Nothing here reads the clock.
//!
//! The ECB publishes on each working day of the TARGET system, around 16:00 in Frankfurt, summer or winter (source: "Euro foreign exchange reference
//! rates", ecb.europa.eu; TARGET is closed on Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December). Korea Eximbank
//! publishes on the working days of Korean banks around 11:00 in Seoul. ExchangeRate-API's open access is renewed once a day. Any other source is taken
//! to be renewed once a day, too.

mod korea;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use crate::ecb;
use crate::time::Timestamp;

/// The key of Korea Eximbank's rates in events, settings and stores.
const KOREAEXIM: &str = "koreaexim";
/// How long before its hour a source is taken to be able to publish: both say "around".
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
    match source {
        ecb::SOURCE => Some((Tz::Europe__Berlin, 16)),
        KOREAEXIM => Some((Tz::Asia__Seoul, 11)),
        _ => None,
    }
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
    match source {
        ecb::SOURCE => !is_weekend(day) && !is_target_holiday(day),
        KOREAEXIM => !is_weekend(day) && !korea::is_bank_holiday(day),
        _ => true,
    }
}

/// The end of a UTC day: the instant by which the age of its rates is judged once it is over.
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

/// TARGET's closing days since 2002.
fn is_target_holiday(day: NaiveDate) -> bool {
    let from_easter = (day - easter(day.year())).num_days();
    matches!((day.month(), day.day()), (1 | 5, 1) | (12, 25 | 26)) || matches!(from_easter, -2 | 1)
}

/// Easter Sunday, by the rule of the Gregorian calendar (Meeus, Jones and Butcher).
fn easter(year: i32) -> NaiveDate {
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let place = epact + weekday - 7 * late + 114;
    let part = |value: i32| u32::try_from(value).unwrap_or_default();
    NaiveDate::from_ymd_opt(year, part(place / 31), part(place % 31 + 1)).unwrap_or_default()
}
