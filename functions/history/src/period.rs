//! Which days a series covers, and how far apart its points are. Nothing here reads the clock.

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use shared::cache::Period;
use utoipa::ToSchema;

/// The longest span of one call, in months: ten years.
pub(crate) const LONGEST_MONTHS: u32 = 120;
/// The longest span of an hourly series, in days: a week and the day it ends.
pub(crate) const LONGEST_HOURLY_DAYS: i64 = 8;

/// A span that ends at the newest day of what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum PeriodName {
    /// One day.
    #[serde(rename = "1d")]
    Day,
    /// One week.
    #[serde(rename = "1w")]
    Week,
    /// One month.
    #[serde(rename = "1m")]
    Month,
    /// Three months.
    #[serde(rename = "3m")]
    Quarter,
    /// Six months.
    #[serde(rename = "6m")]
    HalfYear,
    /// One year.
    #[serde(rename = "1y")]
    Year,
}

impl PeriodName {
    /// What may be written.
    pub(crate) const ALLOWED: &'static str = "1d, 1w, 1m, 3m, 6m or 1y";

    /// The period that `text` names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "1d" => Self::Day,
            "1w" => Self::Week,
            "1m" => Self::Month,
            "3m" => Self::Quarter,
            "6m" => Self::HalfYear,
            "1y" => Self::Year,
            _ => return None,
        })
    }

    /// The same in keys of the cache.
    pub(crate) fn key(self) -> Period {
        match self {
            Self::Day => Period::Day,
            Self::Week => Period::Week,
            Self::Month => Period::Month,
            Self::Quarter => Period::Quarter,
            Self::HalfYear => Period::HalfYear,
            Self::Year => Period::Year,
        }
    }

    /// The first day of the period that ends on `last`, both included. Where a month has no such day it is the month's last: one month before
    /// 31 March is 28 or 29 February.
    pub(crate) fn first_day(self, last: NaiveDate) -> NaiveDate {
        let first = match self {
            Self::Day => last.checked_sub_days(Days::new(1)),
            Self::Week => last.checked_sub_days(Days::new(7)),
            Self::Month => last.checked_sub_months(Months::new(1)),
            Self::Quarter => last.checked_sub_months(Months::new(3)),
            Self::HalfYear => last.checked_sub_months(Months::new(6)),
            Self::Year => last.checked_sub_months(Months::new(12)),
        };
        first.unwrap_or(NaiveDate::MIN)
    }

    /// How many days before its last one a period can begin.
    pub(crate) fn most_days(self) -> i32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::HalfYear => 184,
            Self::Year => 366,
        }
    }

    /// Whether a series of this length can have a point for each hour.
    pub(crate) fn has_hours(self) -> bool {
        matches!(self, Self::Day | Self::Week)
    }
}

/// How far apart the points of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IntervalName {
    /// A point for each hour that has observations; UTC.
    Hourly,
    /// A point for each day; UTC.
    #[default]
    Daily,
    /// A point for each ISO week, dated by its Monday.
    Weekly,
    /// A point for each month, dated by its first day.
    Monthly,
}

impl IntervalName {
    /// What may be written.
    pub(crate) const ALLOWED: &'static str = "hourly, daily, weekly or monthly";

    /// The interval that `text` names.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "hourly" => Self::Hourly,
            "daily" => Self::Daily,
            "weekly" => Self::Weekly,
            "monthly" => Self::Monthly,
            _ => return None,
        })
    }
}

/// The days that a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// Back from the newest day.
    Period(PeriodName),
    /// From a day to a day, both included; to the newest day unless given.
    Range(NaiveDate, Option<NaiveDate>),
}

impl Span {
    /// The period's name, if it has one.
    pub(crate) fn period(self) -> Option<PeriodName> {
        match self {
            Self::Period(period) => Some(period),
            Self::Range(..) => None,
        }
    }
}

/// Whether both days are within ten years.
pub(crate) fn is_within_reach(from: NaiveDate, to: NaiveDate) -> bool {
    from.checked_add_months(Months::new(LONGEST_MONTHS))
        .is_none_or(|longest| to <= longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_begins_that_many_days_or_months_before_its_last_day() {
        for (name, last, first) in [
            ("1d", "2026-10-30", "2026-10-29"),
            ("1w", "2026-10-30", "2026-10-23"),
            ("1m", "2026-10-30", "2026-09-30"),
            ("1m", "2026-03-31", "2026-02-28"),
            ("1m", "2024-03-31", "2024-02-29"),
            ("1m", "2026-03-01", "2026-02-01"),
            ("3m", "2026-05-31", "2026-02-28"),
            ("6m", "2026-08-31", "2026-02-28"),
            ("1y", "2024-02-29", "2023-02-28"),
            ("1y", "2026-10-30", "2025-10-30"),
        ] {
            let period = PeriodName::parse(name).unwrap();
            assert_eq!(period.first_day(day(last)), day(first), "{name} before {last}");
        }
    }

    #[test]
    fn no_period_is_longer_than_what_is_read_for_it() {
        for name in ["1d", "1w", "1m", "3m", "6m", "1y"] {
            let period = PeriodName::parse(name).unwrap();
            let longest = day("2023-01-01")
                .iter_days()
                .take(1500)
                .map(|last| (last - period.first_day(last)).num_days())
                .max();
            assert_eq!(longest, Some(i64::from(period.most_days())), "{name}");
        }
    }

    #[test]
    fn ten_years_are_within_reach_and_a_day_more_is_not() {
        assert!(is_within_reach(day("2016-10-30"), day("2026-10-30")));
        assert!(!is_within_reach(day("2016-10-29"), day("2026-10-30")));
    }
}
