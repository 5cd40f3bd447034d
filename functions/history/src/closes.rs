//! The daily closes of a pair: what statistics, comparisons and forecasts are made of. Nothing here touches Redis, PostgreSQL or the clock.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::number::Number;
use shared::provenance::Provenance;

use crate::daily::Daily;

/// The daily closes of a pair between two days, as a comparison caches them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Closes {
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
    /// Where they come from. Entries of earlier releases have it by this name.
    #[serde(rename = "origin")]
    pub provenance: Provenance,
    /// Days and closes, oldest first.
    pub closes: Vec<(NaiveDate, Number)>,
}

impl From<Daily> for Closes {
    fn from(daily: Daily) -> Self {
        Self {
            from: daily.from,
            to: daily.to,
            closes: daily.closes(),
            provenance: daily.provenance,
        }
    }
}
