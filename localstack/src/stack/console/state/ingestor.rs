//! The ingestor, as the page reads it: its runs, and what the last good one says of each provider.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What the ingestor does.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::stack::console) struct IngestorState {
    /// Runs that have ended.
    pub(in crate::stack::console) runs: u64,
    /// Those that failed.
    pub(in crate::stack::console) failures: u64,
    /// When the last began.
    pub(in crate::stack::console) last_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub(in crate::stack::console) last_duration_ms: Option<f64>,
    /// What the last failed one said.
    pub(in crate::stack::console) last_error: Option<String>,
    /// Of the last good run, as all below.
    pub(in crate::stack::console) correlation_id: Option<String>,
    /// When its source set the rates.
    pub(in crate::stack::console) recorded_at: Option<String>,
    /// Its events by topic.
    pub(in crate::stack::console) events: BTreeMap<String, u64>,
    /// Rates that were published before.
    pub(in crate::stack::console) already_published: u64,
    /// Events that Kafka did not take and that wait in the backup queue.
    pub(in crate::stack::console) backed_up: u64,
    /// How each provider fared.
    pub(in crate::stack::console) providers: Vec<ProviderState>,
}

/// How a provider fared in the last good run.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::stack::console) struct ProviderState {
    /// Its key.
    pub(in crate::stack::console) provider: String,
    /// As the ingestor says it.
    pub(in crate::stack::console) outcome: String,
    /// Why it gave nothing.
    pub(in crate::stack::console) error: Option<String>,
    /// How often it was asked.
    pub(in crate::stack::console) attempts: u64,
    /// How long that took.
    pub(in crate::stack::console) duration_ms: u64,
    /// Rates that it gave.
    pub(in crate::stack::console) rates: u64,
    /// When it set them.
    pub(in crate::stack::console) recorded_at: Option<String>,
}

impl IngestorState {
    /// Adds what the run's summary says, as the ingestor wrote it.
    pub(in crate::stack::console) fn with_summary(mut self, summary: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        self.correlation_id = text(&summary["correlation_id"]);
        self.recorded_at = text(&summary["recorded_at"]);
        let events = summary["events"].as_object().into_iter().flatten();
        self.events = events.map(|(topic, count)| (topic.clone(), number(count))).collect();
        self.already_published = number(&summary["already_published"]);
        self.backed_up = match &summary["backed_up"] {
            Value::Object(counts) => counts.values().map(number).sum(),
            count => number(count),
        };
        let providers = summary["providers"].as_array().into_iter().flatten();
        self.providers = providers
            .map(|provider| ProviderState {
                provider: text(&provider["provider"]).unwrap_or_default(),
                outcome: text(&provider["outcome"]).unwrap_or_default(),
                error: text(&provider["error"]),
                attempts: number(&provider["attempts"]),
                duration_ms: number(&provider["duration_ms"]),
                rates: number(&provider["rates"]),
                recorded_at: text(&provider["recorded_at"]),
            })
            .collect();
        self
    }
}
