//! One run, step by step, as the page reads it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A run in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunSummary {
    /// The run's id, in every event and every line of the log.
    pub(super) correlation_id: String,
    /// The trace that its steps are spans of.
    pub(super) trace_id: String,
    /// When it began.
    pub(super) started_at: DateTime<Utc>,
    /// From then to the end of the last step known.
    pub(super) total_ms: f64,
    /// Steps known.
    pub(super) steps: usize,
    /// Rates that were sent.
    pub(super) rates: u64,
    /// Whether a step failed.
    pub(super) failed: bool,
}

/// A run with its steps, by their start.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Timeline {
    /// The run's id.
    pub(super) correlation_id: String,
    /// The trace that its steps are spans of.
    pub(super) trace_id: String,
    /// When it began.
    pub(super) started_at: DateTime<Utc>,
    /// From then to the end of the last step known.
    pub(super) total_ms: f64,
    /// Its steps.
    pub(super) steps: Vec<TimelineStep>,
}

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepKind {
    /// The ingestor's run itself.
    Run,
    /// A request to a provider.
    Provider,
    /// Events that are sent.
    Send,
    /// A handler's batch.
    Handle,
    /// A statement of PostgreSQL.
    Postgres,
    /// Commands of Redis.
    Redis,
    /// Messages that are sent to a queue.
    Sqs,
    /// Anything else.
    Other,
}

/// One step of a run.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct TimelineStep {
    /// The span's id.
    pub(super) id: String,
    /// The step that it is a part of; null for the run itself.
    pub(super) parent: Option<String>,
    /// The function that did it.
    pub(super) function: String,
    /// What it is.
    pub(super) kind: StepKind,
    /// As the span is called: `GET`, `send exchange_rate_updated`, `EVALSHA`.
    pub(super) name: String,
    /// The topic or queue, of what is sent or handled.
    pub(super) topic: Option<String>,
    /// How many records.
    pub(super) records: Option<u64>,
    /// When it began, after the run did.
    pub(super) start_ms: f64,
    /// How long it took.
    pub(super) duration_ms: f64,
    /// Whether it failed.
    pub(super) failed: bool,
}
