//! Instants as events carry them: UTC, microseconds. Nothing here reads the clock.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::serde_text;

/// By how much a provider's clock may be ahead of ours: the ingestor refuses rates of a later time. Clocks that are right differ by seconds.
pub const PROVIDER_TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// By how much an event may be dated ahead of the clock of the handler that applies it; what is dated later is refused for good, because it would stand
/// against every true rate until then. Wider than the ingestor's, so that a handler whose own clock is behind by two hours, as the fault schedules turn
/// it, still takes what is true.
pub const HANDLER_TOLERANCE: TimeDelta = TimeDelta::hours(3);

/// An instant in UTC, in the years 1970 to 9999, kept to the microsecond because PostgreSQL's `timestamptz` is: what is stored compares equal to what was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// Why a text is not a timestamp.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("time must be RFC 3339 in the years 1970 to 9999, such as 2026-10-30T13:15:00Z, got {0:?}")]
pub struct TimeError(pub String);

/// An instant that has not come yet, in a field that decides which of two payloads stands.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field} must not be later than {limit}, which is {} hours from now, got {value}", HANDLER_TOLERANCE.num_hours())]
pub struct NotYet {
    /// The field.
    pub field: &'static str,
    /// What it says.
    pub value: Timestamp,
    /// The latest that is allowed.
    pub limit: Timestamp,
}

impl Timestamp {
    /// Refuses an instant later than `now` and [`HANDLER_TOLERANCE`].
    ///
    /// # Errors
    /// [`NotYet`] names `field`, the value and the limit.
    pub fn must_have_come(self, field: &'static str, now: Self) -> Result<(), NotYet> {
        // At the end of the year 9999 there is nothing later to refuse.
        let limit = Self::new(now.0 + HANDLER_TOLERANCE).unwrap_or(self);
        if self > limit {
            Err(NotYet {
                field,
                value: self,
                limit,
            })
        } else {
            Ok(())
        }
    }

    /// The instant, cut to the microsecond.
    ///
    /// # Errors
    /// [`TimeError`] outside the years 1970 to 9999.
    pub fn new(instant: DateTime<Utc>) -> Result<Self, TimeError> {
        if (1970..=9999).contains(&instant.year()) {
            Ok(Self(instant.trunc_subsecs(6)))
        } else {
            Err(TimeError(instant.to_rfc3339()))
        }
    }

    /// `time` on `day`, UTC.
    ///
    /// # Errors
    /// [`TimeError`] outside the years 1970 to 9999.
    pub fn on_day(day: NaiveDate, time: NaiveTime) -> Result<Self, TimeError> {
        Self::new(day.and_time(time).and_utc())
    }

    /// The instant as chrono has it.
    #[must_use]
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// The next instant: one microsecond later, and itself at the end of the year 9999.
    #[must_use]
    pub fn next(self) -> Self {
        Self::new(self.0 + TimeDelta::microseconds(1)).unwrap_or(self)
    }

    /// Microseconds since 1970; at most 18 digits.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }
}

impl std::str::FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refused = || TimeError(text.chars().take(60).collect());
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| refused())?;
        Self::new(parsed.to_utc()).map_err(|_| refused())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_text::deserialize(deserializer, "an RFC 3339 time")
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "description": "RFC 3339, UTC, at most microseconds."})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_utc_and_ends_at_the_microsecond() {
        let read: Timestamp = "2026-10-30T22:15:00.123456789+09:00".parse().unwrap();
        assert_eq!(read.to_string(), "2026-10-30T13:15:00.123456Z");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2026-10-30",
            "10000-01-01T00:00:00Z",
            "+10000-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "yesterday",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimeError(text.to_owned())));
        }
    }
}
