//! What the emulator reports of itself.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::batch_response::PartialResponse;

/// Everything that runs, and how it fares.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Status {
    /// The functions, in the template's order.
    pub functions: Vec<FunctionStatus>,
    /// The Kafka event source mappings.
    pub mappings: Vec<MappingStatus>,
    /// The SQS event source mappings.
    #[serde(default)]
    pub queue_mappings: Vec<QueueMappingStatus>,
    /// The schedules.
    pub schedules: Vec<ScheduleStatus>,
    /// The routes of the HTTP API.
    #[serde(default)]
    pub routes: Vec<RouteStatus>,
    /// Events of the template that are not delivered, as `Function.Event (Type)`.
    pub unsupported_events: Vec<String>,
}

/// One function.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FunctionStatus {
    /// Its name.
    pub name: String,
    /// The file name of its bootstrap.
    pub binary: String,
    /// Running instances, idle ones included.
    pub instances: usize,
    /// Invocations that have ended.
    pub invocations: u64,
    /// Those that failed, timeouts included.
    pub errors: u64,
    /// Those that took longer than the function's timeout.
    pub timeouts: u64,
    /// How long the last invocation took.
    pub last_duration_ms: Option<f64>,
    /// What the last failed invocation said.
    pub last_error: Option<String>,
    /// The last response of a successful invocation, as it came; absent when it is 64 KB or more.
    pub last_response: Option<Box<RawValue>>,
    /// When the last invocation began.
    pub last_invoked_at: Option<DateTime<Utc>>,
}

/// One Kafka event source mapping.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MappingStatus {
    /// Its id in the API.
    #[serde(default)]
    pub uuid: String,
    /// The function's name.
    pub function: String,
    /// The topic.
    pub topic: String,
    /// The consumer group.
    pub consumer_group: String,
    /// What it is doing.
    pub state: MappingState,
    /// The most records in one invocation.
    pub batch_size: usize,
    /// How long records are gathered before a batch that is not full is sent.
    pub window_seconds: f64,
    /// What a partial batch response means for records that it does not name.
    #[serde(default)]
    pub partial_response: PartialResponse,
    /// Pollers that run.
    #[serde(default)]
    pub pollers: usize,
    /// The most there may be.
    #[serde(default)]
    pub maximum_pollers: usize,
    /// Records not yet committed, over all partitions; absent while Kafka cannot be asked.
    pub lag: Option<i64>,
    /// Each partition; empty while Kafka cannot be asked.
    pub partitions: Vec<PartitionStatus>,
    /// Invocations.
    pub batches: u64,
    /// Records handed to the function, repetitions included.
    pub records: u64,
    /// Records that `FilterCriteria` kept from the function.
    #[serde(default)]
    pub filtered: u64,
    /// Invocations after which records had to be sent again.
    pub retries: u64,
    /// Failed batches that were split.
    #[serde(default)]
    pub bisections: u64,
    /// Invocations that the function's concurrency refused.
    #[serde(default)]
    pub throttles: u64,
    /// Records discarded: too many retries, too old, or too large. With a destination they count when it has them.
    pub discarded: u64,
    /// Those of them that the on-failure destination has.
    #[serde(default)]
    pub sent_to_destination: u64,
    /// What works here and not in AWS, or is better done otherwise.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// What went wrong last, with Kafka or with the function.
    pub last_error: Option<String>,
    /// How many records the last invocation had.
    pub last_batch_records: Option<usize>,
    /// How long the last invocation took.
    pub last_duration_ms: Option<f64>,
}

/// What a mapping is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MappingState {
    /// Not started yet, or joining its group.
    #[default]
    Starting,
    /// Reading.
    Running,
    /// Some records are being tried again.
    Retrying,
    /// Kafka or the topic cannot be reached; it keeps trying.
    Disconnected,
    /// Paused: `Enabled: false` in the template, or by the API.
    Disabled,
    /// Ended.
    Stopped,
}

/// One SQS event source mapping.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QueueMappingStatus {
    /// The function's name.
    pub function: String,
    /// The queue's name.
    pub queue: String,
    /// What it is doing. It never joins a group; `retrying` means that the last batch had messages that come again.
    pub state: MappingState,
    /// The most messages in one invocation.
    pub batch_size: usize,
    /// How long messages are gathered before a batch that is not full is sent.
    pub window_seconds: f64,
    /// Invocations.
    pub batches: u64,
    /// Messages handed to the function, repetitions included.
    pub messages: u64,
    /// Messages that the function did not do, so that they come again.
    pub failures: u64,
    /// Messages that wait; absent while SQS cannot be asked.
    pub visible: Option<u64>,
    /// Messages that are hidden, because the function has them or had them and did not do them; absent while SQS cannot be asked.
    pub hidden: Option<u64>,
    /// What went wrong last, with SQS or with the function.
    pub last_error: Option<String>,
    /// How long the last invocation took.
    pub last_duration_ms: Option<f64>,
}

/// One partition of a mapping's topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionStatus {
    /// Its number.
    pub partition: i32,
    /// The next offset the group would read; absent when it never committed.
    pub committed: Option<i64>,
    /// The offset after its last record.
    pub end: i64,
    /// Records not yet committed.
    pub lag: i64,
}

/// One route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteStatus {
    /// The route key, such as `GET /rates/{code}` or `$default`.
    pub route: String,
    /// The function's name.
    pub function: String,
    /// Whether requests must be signed.
    pub needs_signature: bool,
    /// Requests that took it, refused ones included.
    pub requests: u64,
}

/// One schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleStatus {
    /// The function's name.
    pub function: String,
    /// The expression, as written.
    pub expression: String,
    /// Whether it fires.
    pub is_enabled: bool,
    /// Firings that invoked the function.
    pub runs: u64,
    /// Firings skipped because the former was still running.
    pub skipped: u64,
    /// When the function was invoked last.
    pub last_run: Option<DateTime<Utc>>,
}
