//! The periods that a question about the past may name. Every module may use them; nothing here touches Redis, Kafka or the clock.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{Days, Months, NaiveDate};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A span that ends at the newest day of what is asked for: the same name in queries, answers and keys of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// One day.
    Day,
    /// One week.
    Week,
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// Six months.
    HalfYear,
    /// One year.
    Year,
}

/// Why a text names no period.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("period must be {allowed}, got {value:?}", allowed = Period::ALLOWED)]
pub struct UnknownPeriod {
    /// The text.
    pub value: String,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 6] = [
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::HalfYear,
        Self::Year,
    ];

    /// Their names, as an error lists them.
    pub const ALLOWED: &'static str = "1d, 1w, 1m, 3m, 6m or 1y";

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "1d",
            Self::Week => "1w",
            Self::Month => "1m",
            Self::Quarter => "3m",
            Self::HalfYear => "6m",
            Self::Year => "1y",
        }
    }

    /// The first day of the period that ends on `last`, both included. Where a month has no such day it is the month's last: one month before
    /// 31 March is 28 or 29 February.
    #[must_use]
    pub fn first_day(self, last: NaiveDate) -> NaiveDate {
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
    #[must_use]
    pub const fn most_days(self) -> i32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::HalfYear => 184,
            Self::Year => 366,
        }
    }
}

impl FromStr for Period {
    type Err = UnknownPeriod;

    fn from_str(text: &str) -> Result<Self, UnknownPeriod> {
        let named = Self::ALL.into_iter().find(|period| period.as_str() == text);
        named.ok_or_else(|| UnknownPeriod { value: text.to_owned() })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for Period {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .description(Some("A span that ends at the newest day of what is asked for."))
            .enum_values(Some(Self::ALL.map(Self::as_str)))
            .into()
    }
}

impl ToSchema for Period {
    fn name() -> Cow<'static, str> {
        // The API's description has had this name since it was first published.
        "PeriodName".into()
    }
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
            let period: Period = name.parse().unwrap();
            assert_eq!(period.first_day(day(last)), day(first), "{name} before {last}");
        }
    }

    #[test]
    fn no_period_is_longer_than_what_is_read_for_it() {
        for period in Period::ALL {
            let longest = day("2023-01-01")
                .iter_days()
                .take(1500)
                .map(|last| (last - period.first_day(last)).num_days())
                .max();
            assert_eq!(longest, Some(i64::from(period.most_days())), "{period}");
        }
    }

    #[test]
    fn the_names_that_are_allowed_are_those_that_are_read() {
        assert_eq!(
            Period::ALLOWED.replace(" or ", ", "),
            Period::ALL.map(Period::as_str).join(", ")
        );
        for period in Period::ALL {
            assert_eq!(period.as_str().parse(), Ok(period));
        }
        let error = "2w".parse::<Period>().unwrap_err();
        assert_eq!(error.to_string(), "period must be 1d, 1w, 1m, 3m, 6m or 1y, got \"2w\"");
    }
}
