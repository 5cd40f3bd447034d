//! Why a run failed, and how Lambda is told.

use std::error::Error;

use lambda_runtime::Diagnostic;
use shared::config::ConfigError;
use shared::currency::UnknownCurrency;
use shared::publish::PublishError;
use shared::time::TimeError;

use crate::clock_sample::ClocksDisagree;
use crate::memory::error::MemoryError;
use crate::provider::key::{ProviderKey, UnknownProvider};

/// Why a run failed. Whatever it had published may be published again: events may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The function's input is neither a scheduled event nor a request.
    #[error(
        "input must be a scheduled event or {{\"provider\": \"ecb\", \"force\": true}} or {{\"provider\": \"ecb\", \"release\": [\"CHF\"]}}, all \
         optional, or {{\"check\": true}}: {0}"
    )]
    Input(String),
    /// There is no such provider.
    #[error(transparent)]
    UnknownProvider(#[from] UnknownProvider),
    /// There is no such currency.
    #[error("release: {0}")]
    UnknownCurrency(#[from] UnknownCurrency),
    /// Nothing of what is to be released is held back.
    #[error("nothing to release: {0}")]
    NotHeld(String),
    /// The provider's terms forbid what the function is set up for.
    #[error(
        "provider {provider} may not be used while PUBLICATION is public: its terms ({}) forbid redistribution; PUBLICATION=private allows it",
        .provider.source().terms.page
    )]
    Terms {
        /// Whose terms.
        provider: ProviderKey,
    },
    /// The provider lacks a setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No provider gave rates; nothing was published.
    #[error("no provider gave rates: {}", .0.iter().map(|(provider, error)| format!("{provider}: {error}")).collect::<Vec<_>>().join("; "))]
    AllFailed(Vec<(ProviderKey, String)>),
    /// Not every event is acknowledged by Kafka or the backup queue; the next run sends all of them again.
    #[error("events are not all acknowledged")]
    Publish(#[from] PublishError),
    /// A payload could not be written as JSON.
    #[error("a payload cannot be written as JSON")]
    Payload(#[from] serde_json::Error),
    /// The clock is outside the years that events can carry.
    #[error(transparent)]
    Clock(#[from] TimeError),
    /// Redis remembers values that are about to be replaced, and cannot be told to forget them, or it cannot be asked what is to be released; nothing was
    /// published.
    #[error("redis fails, without which nothing may be published")]
    Memory(#[source] MemoryError),
    /// Nobody knows what time it is; nothing was published.
    #[error(transparent)]
    ClocksDisagree(#[from] ClocksDisagree),
}

impl IngestError {
    /// A fixed name for alarms to match on.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Input(_) => "Ingest.Input",
            Self::UnknownProvider(_) => "Ingest.UnknownProvider",
            Self::UnknownCurrency(_) => "Ingest.UnknownCurrency",
            Self::NotHeld(_) => "Ingest.NotHeld",
            Self::Terms { .. } => "Ingest.Terms",
            Self::Config(_) => "Ingest.Config",
            Self::AllFailed(_) => "Ingest.AllProvidersFailed",
            Self::Publish(_) => "Ingest.Publish",
            Self::Payload(_) => "Ingest.Payload",
            Self::Clock(_) => "Ingest.Clock",
            Self::Memory(_) => "Ingest.Memory",
            Self::ClocksDisagree(_) => "Ingest.ClocksDisagree",
        }
    }
}

impl From<IngestError> for Diagnostic {
    fn from(error: IngestError) -> Self {
        Self {
            error_type: error.kind().to_owned(),
            error_message: with_causes(&error),
        }
    }
}

/// An error and its causes in one line, for answers that people read.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        // Transparent errors repeat their cause's text.
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
