//! Korean days and the periods that rankings are about. Nothing here reads the clock.

use std::fmt;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Korea Standard Time is UTC+9 the whole year: Korea has had no summer time since 1988 (IANA time zone database, Asia/Seoul).
const KST_HOURS_AHEAD: i64 = 9;

/// The day that it is in Korea at `instant`.
#[must_use]
pub fn korean_day(instant: DateTime<Utc>) -> NaiveDate {
    (instant + TimeDelta::hours(KST_HOURS_AHEAD)).date_naive()
}

/// The length of time that a ranking is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RankingPeriod {
    /// One Korean day.
    #[default]
    Daily,
    /// An ISO week, Monday to Sunday.
    Weekly,
    /// A calendar month.
    Monthly,
}

/// Consecutive days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

impl RankingPeriod {
    /// The period that contains `day`.
    #[must_use]
    pub fn containing(self, day: NaiveDate) -> DateRange {
        match self {
            Self::Daily => DateRange { from: day, to: day },
            Self::Weekly => {
                let week = day.week(Weekday::Mon);
                DateRange {
                    from: week.first_day(),
                    to: week.last_day(),
                }
            }
            Self::Monthly => {
                let from = day - Days::new(u64::from(day.day0()));
                DateRange {
                    from,
                    to: from + Months::new(1) - Days::new(1),
                }
            }
        }
    }

    /// The period before `range`, which is one of this kind.
    #[must_use]
    pub fn before(self, range: DateRange) -> DateRange {
        self.containing(range.from - Days::new(1))
    }
}

impl DateRange {
    /// The `days` days that end with `last`.
    #[must_use]
    pub fn ending(last: NaiveDate, days: u32) -> Self {
        Self {
            from: last - Days::new(u64::from(days.saturating_sub(1))),
            to: last,
        }
    }

    /// Each of its days.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }
}

impl fmt::Display for RankingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_korean_day_begins_at_three_in_the_afternoon_utc() {
        let korean = |instant: &str| korean_day(instant.parse().unwrap()).to_string();
        assert_eq!(korean("2026-03-01T14:59:59.999Z"), "2026-03-01");
        assert_eq!(korean("2026-03-01T15:00:00Z"), "2026-03-02");
        assert_eq!(korean("2026-07-01T15:00:00Z"), "2026-07-02");
        assert_eq!(korean("2025-12-31T15:00:00Z"), "2026-01-01");
    }

    #[test]
    fn a_period_contains_its_day_and_follows_the_one_before() {
        let containing = |period: RankingPeriod, text: &str| {
            let range = period.containing(day(text));
            let before = period.before(range);
            [before.from, before.to, range.from, range.to].map(|day| day.to_string())
        };
        assert_eq!(
            containing(RankingPeriod::Daily, "2026-03-01"),
            ["2026-02-28", "2026-02-28", "2026-03-01", "2026-03-01"]
        );
        // 2026 has an ISO week 53; 2027-01-01 is a Friday in it.
        assert_eq!(
            containing(RankingPeriod::Weekly, "2027-01-01"),
            ["2026-12-21", "2026-12-27", "2026-12-28", "2027-01-03"]
        );
        assert_eq!(
            containing(RankingPeriod::Monthly, "2028-03-31"),
            ["2028-02-01", "2028-02-29", "2028-03-01", "2028-03-31"]
        );
        assert_eq!(
            containing(RankingPeriod::Monthly, "2027-01-01"),
            ["2026-12-01", "2026-12-31", "2027-01-01", "2027-01-31"]
        );
    }

    #[test]
    fn days_that_end_with_a_day_include_it() {
        let days: Vec<String> = DateRange::ending(day("2026-03-01"), 3)
            .days()
            .map(|day| day.to_string())
            .collect();
        assert_eq!(days, ["2026-02-27", "2026-02-28", "2026-03-01"]);
        assert_eq!(DateRange::ending(day("2026-03-01"), 1).days().count(), 1);
    }
}
