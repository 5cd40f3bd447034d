//! The days, Saturdays and Sundays apart, on which the TARGET system of the Eurosystem is closed: 1 January, Good Friday, Easter Monday, 1 May, 25 and 26
//! December (source: "TARGET closing days", ecb.europa.eu).

use chrono::{Datelike, NaiveDate};

/// Whether the system is closed on `day` for another reason than a weekend, since 2002.
pub(super) fn is_holiday(day: NaiveDate) -> bool {
    let from_easter = (day - easter(day.year())).num_days();
    matches!((day.month(), day.day()), (1 | 5, 1) | (12, 25 | 26)) || matches!(from_easter, -2 | 1)
}

/// Easter Sunday, by the rule of the Gregorian calendar (Meeus, Jones and Butcher).
pub(super) fn easter(year: i32) -> NaiveDate {
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let place = epact + weekday - 7 * late + 114;
    let part = |value: i32| u32::try_from(value).unwrap_or_default();
    NaiveDate::from_ymd_opt(year, part(place / 31), part(place % 31 + 1)).unwrap_or_default()
}
