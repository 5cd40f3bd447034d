//! Which days a series covers, and how far apart its points are. Nothing here reads the clock.

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use shared::period::Period;
use utoipa::ToSchema;

/// The longest range of one call, in months: ten years.
pub(crate) const LONGEST_MONTHS: u32 = 120;
/// The longest range of an hourly series, in days: a week and the day it ends.
pub(crate) const LONGEST_HOURLY_DAYS: i64 = 8;

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
pub(crate) enum DateRange {
    /// Back from the newest day.
    Period(Period),
    /// From a day to a day, both included.
    Between {
        /// The first day.
        from: NaiveDate,
        /// The last day; the newest unless given.
        to: Option<NaiveDate>,
    },
}

impl DateRange {
    /// The period's name, if it has one.
    pub(crate) fn period(self) -> Option<Period> {
        match self {
            Self::Period(period) => Some(period),
            Self::Between { .. } => None,
        }
    }

    /// Whether a series of this range may have a point for each hour; of two days the series itself says whether they are near enough.
    pub(crate) fn may_have_hours(self) -> bool {
        match self {
            Self::Period(period) => matches!(period, Period::Day | Period::Week),
            Self::Between { .. } => true,
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

    #[test]
    fn ten_years_are_within_reach_and_a_day_more_is_not() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        assert!(is_within_reach(day("2016-10-30"), day("2026-10-30")));
        assert!(!is_within_reach(day("2016-10-29"), day("2026-10-30")));
    }
}
