//! How a provider fails. Texts are short: they never hold a URL (keys are in URLs) or a payload.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Why a provider gave no rates.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The answer did not come in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The run's time for providers is over.
    #[error("the {} ms that providers have together were over", .0.as_millis())]
    ChainDeadline(Duration),
    /// No connection.
    #[error("cannot connect")]
    Connect(#[source] reqwest::Error),
    /// The connection ended before the answer did.
    #[error("the answer broke off")]
    Interrupted(#[source] reqwest::Error),
    /// The request could not be made or followed.
    #[error("the request failed")]
    Request(#[source] reqwest::Error),
    /// Status 429.
    #[error("too many requests (status 429){}", .0.map(|wait| format!(", to be asked again after {} s", wait.as_secs())).unwrap_or_default())]
    RateLimited(Option<Duration>),
    /// A status that means there are no rates in the body.
    #[error("answered with status {0}")]
    Status(u16),
    /// The body is larger than any document of a provider.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Something else than the provider's format, often an error page.
    #[error("expected {expected}, got {found} (content type {content_type:?})")]
    WrongFormat {
        /// The provider's format.
        expected: &'static str,
        /// What the body looks like.
        found: &'static str,
        /// What the answer says it is.
        content_type: String,
    },
    /// The format, but not the provider's document.
    #[error("the {format} cannot be read: {reason}")]
    Malformed {
        /// The provider's format.
        format: &'static str,
        /// What is wrong, at most 200 characters.
        reason: String,
    },
    /// It has no key, and answers nobody without one.
    #[error("environment variable {0} is not set")]
    NoApiKey(&'static str),
    /// The registry has it, and this build has no adapter for it.
    #[error("this build has no adapter for it")]
    NoAdapter,
    /// The provider says why it gives nothing.
    #[error("refused: {0}")]
    Refused(String),
    /// The document lacks what every rate is computed from.
    #[error("the document has no usable {0}")]
    Missing(&'static str),
    /// No rates on any of the days asked for.
    #[error("no rates for {newest} and the {} days before", .days - 1)]
    NoRates {
        /// The newest day asked for.
        newest: chrono::NaiveDate,
        /// How many days were asked for.
        days: u32,
    },
    /// Not one rate of the document can be used.
    #[error("not one of the {0} rates in the document can be used")]
    NothingUsable(usize),
    /// The rates claim to be of a time to come.
    #[error("recorded_at must not be in the future, got {recorded_at} at {now}")]
    Future {
        /// What the document says.
        recorded_at: DateTime<Utc>,
        /// When it came.
        now: DateTime<Utc>,
    },
}

impl ProviderError {
    /// Whether the same request may succeed within this run.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Timeout(_) | Self::Connect(_) | Self::Interrupted(_) | Self::RateLimited(_) => true,
            Self::Status(status) => *status >= 500,
            Self::ChainDeadline(_)
            | Self::NoApiKey(_)
            | Self::NoAdapter
            | Self::Request(_)
            | Self::TooLarge(_)
            | Self::WrongFormat { .. }
            | Self::Malformed { .. }
            | Self::Refused(_)
            | Self::Missing(_)
            | Self::NoRates { .. }
            | Self::NothingUsable(_)
            | Self::Future { .. } => false,
        }
    }

    /// A document that cannot be read, and why.
    pub(crate) fn malformed(format: &'static str, reason: impl ToString) -> Self {
        Self::Malformed {
            format,
            reason: printable(&reason.to_string(), 200),
        }
    }
}

/// The first `length` characters of a foreign text, without control characters.
pub(crate) fn printable(text: &str, length: usize) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(length)
        .collect()
}
