//! When a source is expected to publish next. Nothing here reads the clock.
//!
//! The ECB publishes on each working day of the TARGET system, around 16:00 CET (source: "Euro foreign exchange reference rates", ecb.europa.eu; TARGET
//! is closed on Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December). Korea Eximbank publishes on Korean working days
//! around 11:00 KST. ExchangeRate-API's open access is renewed once a day.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};

use crate::ecb;
use crate::time::Timestamp;

/// Where a source is not known, it is taken to publish every day.
const DAY: TimeDelta = TimeDelta::hours(24);

/// The instant by which rates newer than these are expected: the next publication, and two hours for its delays.
#[must_use]
pub fn next_expected(source: &str, recorded_at: Timestamp) -> DateTime<Utc> {
    let day = next_day(source, recorded_at.utc().date_naive());
    let at = |hour: u32| day.and_hms_opt(hour, 0, 0).unwrap_or_default().and_utc();
    match source {
        // 16:00 CET is 15:00 UTC, and 14:00 in summer.
        ecb::SOURCE => at(17),
        // 11:00 KST is 02:00 UTC. Lunar holidays close Korean banks for up to five working days, and no rule says when.
        "koreaexim" => at(4) + DAY * 5,
        _ => recorded_at.utc() + DAY + TimeDelta::hours(2),
    }
}

/// Whether rates of this age are older than the source's own schedule allows.
#[must_use]
pub fn is_stale(source: &str, recorded_at: Timestamp, now: DateTime<Utc>) -> bool {
    now > next_expected(source, recorded_at)
}

/// Whether the source publishes rates for `day`.
#[must_use]
pub fn publishes_on(source: &str, day: NaiveDate) -> bool {
    match source {
        ecb::SOURCE => !is_weekend(day) && !is_target_holiday(day),
        "koreaexim" => !is_weekend(day),
        _ => true,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_ecb_publishes_on_working_days_of_target() {
        for (from, to) in [
            ("2026-10-29", "2026-10-30"),
            ("2026-10-30", "2026-11-02"),
            ("2026-04-02", "2026-04-07"),
            ("2026-04-30", "2026-05-04"),
            ("2026-12-24", "2026-12-28"),
            ("2025-12-31", "2026-01-02"),
        ] {
            assert_eq!(next_day("ecb", day(from)), day(to));
        }
    }

    #[test]
    fn easter_is_where_the_calendars_have_it() {
        for text in [
            "2000-04-23",
            "2008-03-23",
            "2011-04-24",
            "2019-04-21",
            "2024-03-31",
            "2025-04-20",
            "2026-04-05",
        ] {
            assert_eq!(easter(day(text).year()), day(text));
        }
    }

    #[test]
    fn fridays_rates_hold_until_mondays_publication() {
        let friday = ecb::recorded_at(day("2026-10-30")).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert!(!is_stale("ecb", friday, at("2026-11-02T16:59:59Z")));
        assert!(is_stale("ecb", friday, at("2026-11-02T17:00:01Z")));
        assert!(is_stale("exchangerate_api", friday, at("2026-10-31T16:00:00Z")));
    }
}
