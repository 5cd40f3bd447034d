//! Why a span of the history is not published.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use shared::publish::PublishError;
use shared::time::TimeError;

use crate::ecb_history::HistoryError;
use crate::failure::{Classified, Kind};

/// Why a span is not published.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The input is no request.
    #[error("input must be {{\"from\": \"1999-01-04\", \"to\": \"2026-10-30\"}}, both optional")]
    Input(#[source] serde_json::Error),
    /// The days end before they begin.
    #[error("from {from} is after to {to}")]
    Days {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// The history could not be fetched.
    #[error("cannot fetch the history")]
    Fetch(#[from] reqwest::Error),
    /// The file's date has not come yet.
    #[error("the history was last modified at {}, which has not come yet: allowed is at most {}", shown(.modified), shown(.limit))]
    Future {
        /// What its server says.
        modified: DateTime<Utc>,
        /// The latest that is allowed.
        limit: DateTime<Utc>,
    },
    /// The history is not one.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Neither Kafka nor the backup queue acknowledged.
    #[error("cannot publish")]
    Publish(#[from] PublishError),
    /// A day before 1970.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A payload that is no JSON.
    #[error("cannot write an event")]
    Json(#[from] serde_json::Error),
}

impl Classified for BackfillError {
    fn kind(&self) -> Kind {
        match self {
            Self::Input(_) => Kind::BackfillInput,
            Self::Days { .. } => Kind::BackfillSpan,
            Self::Fetch(_) => Kind::BackfillFetch,
            Self::Future { .. } => Kind::BackfillFuture,
            Self::History(_) => Kind::BackfillHistory,
            Self::Publish(_) => Kind::BackfillPublish,
            Self::Time(_) => Kind::BackfillTime,
            Self::Json(_) => Kind::BackfillPayload,
        }
    }
}

fn shown(instant: &DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
