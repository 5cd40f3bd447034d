//! The two collections: what they are called, how long their documents live, and how values are written in them.

use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::country::CountryCode;

use super::error::StoreError;

/// The name of the collection of days.
pub(super) const CLICKS: &str = "clicks";
/// The name of the collection of idempotency records.
pub(super) const IDEMPOTENCY_RECORDS: &str = "claims";
/// How long a key stands for its click: 48 hours. After that it is forgotten, and counts anew.
pub const IDEMPOTENCY_TTL: Duration = Duration::from_secs(48 * 60 * 60);

/// Where a country stands with a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClickCounts {
    /// Its clicks on that day.
    pub daily_clicks: u64,
    /// Its clicks on all days.
    pub total_clicks: u64,
    /// Its rank on that day.
    pub current_rank: u64,
}

/// BSON has no unsigned numbers. No count comes near the difference.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn country(collection: &'static str, text: &str) -> Result<CountryCode, StoreError> {
    text.parse().map_err(|_| StoreError::Document {
        collection,
        field: "country_code",
        value: text.to_owned(),
        allowed: "country that this version knows",
    })
}

pub(super) fn day(collection: &'static str, text: &str) -> Result<NaiveDate, StoreError> {
    text.parse().map_err(|_| StoreError::Document {
        collection,
        field: "date",
        value: text.to_owned(),
        allowed: "day as YYYY-MM-DD",
    })
}
