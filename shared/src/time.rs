//! Instants as events carry them: UTC, microseconds. Nothing here reads the clock.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in UTC, in the years 1970 to 9999, kept to the microsecond because PostgreSQL's `timestamptz` is: what is stored compares equal to what was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// Why a text is not a timestamp.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("time must be RFC 3339 in the years 1970 to 9999, such as 2026-10-30T13:15:00Z, got {0:?}")]
pub struct TimeError(pub String);

impl Timestamp {
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
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
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
