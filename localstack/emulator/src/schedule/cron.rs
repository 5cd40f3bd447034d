//! `cron(..)` as AWS reads it: minutes to years, on the clock of a time zone.
//!
//! Fields, values and wildcards are those of the tables on the two pages that `expression` names.

mod field;

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days as Later, NaiveDate, Utc, Weekday};
use chrono_tz::Tz;

use super::clock::on_clock;
use super::error::ScheduleExpressionError;
use super::style::ScheduleStyle;
use field::Field;

/// Times that match, to the minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: Days,
    months: BTreeSet<u32>,
    years: BTreeSet<u32>,
}

/// Which days of a month match; Sunday is 1.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Days {
    OfMonth(BTreeSet<u32>),
    LastOfMonth,
    /// The weekday (Monday to Friday) that is nearest to a day, in its month.
    NearestWeekday(u32),
    OfWeek(BTreeSet<u32>),
    /// The last of this day of the week in the month.
    LastOfWeek(u32),
    /// The so-manieth of this day of the week in the month.
    NthOfWeek(u32, u32),
}

impl Cron {
    /// Reads what stands in the brackets.
    pub(super) fn parse(text: &str, style: ScheduleStyle) -> Result<Self, ScheduleExpressionError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (minutes, hours, day, months, weekday, years) = match (fields.as_slice(), style) {
            ([minutes, hours, day, months, weekday, years], _) => (minutes, hours, day, months, weekday, *years),
            // "Five required fields and one optional field, year" says Scheduler's page; that of rules, six required.
            ([minutes, hours, day, months, weekday], ScheduleStyle::Scheduler) => {
                (minutes, hours, day, months, weekday, "*")
            }
            (fields, _) => {
                return Err(ScheduleExpressionError::FieldCount { count: fields.len() });
            }
        };
        let days = match (*day, *weekday) {
            ("?", "?") => return Err(ScheduleExpressionError::BothDaysOpen),
            (day, "?") => Days::of_month(day)?,
            ("?", weekday) => Days::of_week(weekday)?,
            _ => return Err(ScheduleExpressionError::NoDayOpen),
        };
        Ok(Self {
            minutes: Field::MINUTES.parse(minutes)?,
            hours: Field::HOURS.parse(hours)?,
            days,
            months: Field::MONTHS.parse(months)?,
            years: Field::YEARS.parse(years)?,
        })
    }

    /// The first time after `after` that matches on the clock of `zone`.
    pub(super) fn next(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        // What the clock showed before it was set back, it shows again; so nothing of an earlier date can still come.
        let mut date = after.with_timezone(&zone).date_naive();
        let last = *self.years.last()?;
        while u32::try_from(date.year()).is_ok_and(|year| year <= last) {
            if self.has(date) {
                let times = self.hours.iter().flat_map(|hour| {
                    let minutes = self.minutes.iter();
                    minutes.filter_map(|minute| date.and_hms_opt(*hour, *minute, 0))
                });
                let mut moments = times.filter_map(|time| on_clock(time, zone));
                if let Some(moment) = moments.find(|moment| *moment > after) {
                    return Some(moment);
                }
            }
            date = date.checked_add_days(Later::new(1))?;
        }
        None
    }

    fn has(&self, date: NaiveDate) -> bool {
        let is_year = u32::try_from(date.year()).is_ok_and(|year| self.years.contains(&year));
        is_year && self.months.contains(&date.month()) && self.days.have(date)
    }
}

impl Days {
    fn of_month(text: &str) -> Result<Self, ScheduleExpressionError> {
        if text == "L" {
            return Ok(Self::LastOfMonth);
        }
        match text.strip_suffix('W') {
            Some(day) => Field::DAYS.number(day).map(Self::NearestWeekday),
            None => Field::DAYS.parse(text).map(Self::OfMonth),
        }
    }

    fn of_week(text: &str) -> Result<Self, ScheduleExpressionError> {
        if text == "L" {
            return Ok(Self::OfWeek(BTreeSet::from([7])));
        }
        if let Some(day) = text.strip_suffix('L') {
            return Field::WEEKDAYS.number(day).map(Self::LastOfWeek);
        }
        let Some((day, which)) = text.split_once('#') else {
            return Field::WEEKDAYS.parse(text).map(Self::OfWeek);
        };
        let day = Field::WEEKDAYS.number(day)?;
        match which {
            "1" | "2" | "3" | "4" | "5" => Ok(Self::NthOfWeek(day, u32::from(which.as_bytes()[0] - b'0'))),
            _ => Err(ScheduleExpressionError::NthWeekday),
        }
    }

    fn have(&self, date: NaiveDate) -> bool {
        let (day, weekday) = (date.day(), date.weekday().number_from_sunday());
        match self {
            Self::OfMonth(days) => days.contains(&day),
            Self::LastOfMonth => day == days_of_month(date),
            Self::NearestWeekday(wanted) => nearest_weekday(date, *wanted) == Some(day),
            Self::OfWeek(days) => days.contains(&weekday),
            Self::LastOfWeek(wanted) => weekday == *wanted && day + 7 > days_of_month(date),
            Self::NthOfWeek(wanted, which) => weekday == *wanted && day.div_ceil(7) == *which,
        }
    }
}

fn days_of_month(date: NaiveDate) -> u32 {
    u32::from(date.num_days_in_month())
}

/// The Monday to Friday nearest to a day of the date's month, without leaving it; none when the month has no such day.
fn nearest_weekday(date: NaiveDate, day: u32) -> Option<u32> {
    let wanted = date.with_day(day)?;
    Some(match wanted.weekday() {
        Weekday::Sat if day == 1 => 3,
        Weekday::Sat => day - 1,
        Weekday::Sun if day == days_of_month(date) => day - 2,
        Weekday::Sun => day + 1,
        _ => day,
    })
}
