//! What the page reads of the pipeline. Times are RFC 3339 UTC, durations milliseconds.

mod ingestor;

use chrono::{DateTime, NaiveDate, Utc};
use emulator::MappingState;
use serde::Serialize;
use utoipa::ToSchema;

use super::held_rates::HeldView;

pub(super) use self::ingestor::IngestorState;

/// How the pipeline fares.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PipelineState {
    /// When this snapshot was taken.
    pub(super) now: DateTime<Utc>,
    /// When the stack was started.
    pub(super) started_at: DateTime<Utc>,
    /// Whether the providers themselves are asked; else the feed goes through the ECB's history.
    pub(super) live: bool,
    /// Whether the stack may be told what to do from here.
    pub(super) may_control: bool,
    /// Where the feed stands; null without one.
    pub(super) feed: Option<FeedState>,
    /// When functions run by themselves.
    pub(super) schedules: Vec<ScheduleState>,
    /// What the ingestor does.
    pub(super) ingestor: IngestorState,
    /// Null while Kafka cannot be asked.
    pub(super) topics: Option<Vec<TopicState>>,
    /// The event source mappings of Kafka's topics.
    pub(super) mappings: Vec<MappingView>,
    /// The backup queue and the dead letters.
    pub(super) queues: Vec<QueueState>,
    /// Null while Redis cannot be asked.
    pub(super) cache: Option<CacheState>,
    /// What the ingestor holds back because it jumped; null while Redis cannot be asked, or has what cannot be read.
    pub(super) held: Option<Vec<HeldView>>,
    /// The functions that answer over HTTP.
    pub(super) reads: Vec<ReadState>,
    /// The servers.
    pub(super) servers: Vec<ServerView>,
    /// Whether History's table refuses a true rate just now, as the poison `refused_by_store` makes it.
    pub(super) table_is_broken: bool,
}

/// Where the feed stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FeedState {
    /// The day it serves.
    pub(super) day: NaiveDate,
    /// The newest, where it stays.
    pub(super) newest: NaiveDate,
    /// Seconds from one business day to the next.
    pub(super) step_seconds: u64,
}

/// One schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScheduleState {
    /// The function's name.
    pub(super) function: String,
    /// As the template has it.
    pub(super) expression: String,
    /// Whether it fires.
    pub(super) is_enabled: bool,
    /// Firings that invoked the function.
    pub(super) runs: u64,
    /// Firings skipped because the former run was under way.
    pub(super) skipped: u64,
    /// When it fired last.
    pub(super) last_run: Option<DateTime<Utc>>,
}

/// One topic.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct TopicState {
    /// Its name.
    pub(super) name: String,
    /// How many partitions it has.
    pub(super) partitions: usize,
    /// Records ever written.
    pub(super) records: i64,
    /// Records a second over the last samples, ten seconds at most; null until there were two.
    pub(super) per_second: Option<f64>,
    /// When the newest record was written.
    pub(super) last_event_at: Option<DateTime<Utc>>,
}

/// One event source mapping.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MappingView {
    /// The function's name.
    pub(super) function: String,
    /// `currency` or `history`.
    pub(super) service: String,
    /// The topic.
    pub(super) topic: String,
    /// The consumer group.
    pub(super) consumer_group: String,
    /// What it is doing.
    pub(super) state: MappingState,
    /// Records not yet done; null while Kafka cannot be asked.
    pub(super) lag: Option<i64>,
    /// The most records of a batch.
    pub(super) batch_size: usize,
    /// Records of the last batch.
    pub(super) last_batch_records: Option<usize>,
    /// How long it took.
    pub(super) last_duration_ms: Option<f64>,
    /// Batches so far.
    pub(super) batches: u64,
    /// Records so far, repetitions included.
    pub(super) records: u64,
    /// Batches of which records had to be sent again.
    pub(super) retries: u64,
    /// Failed invocations of the function.
    pub(super) failures: u64,
    /// What went wrong last.
    pub(super) last_error: Option<String>,
}

/// What a queue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum QueueRole {
    /// Records that can never be applied as they are.
    DeadLetters,
    /// Events that Kafka did not take.
    Backup,
}

/// One queue.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QueueState {
    /// Its name.
    pub(super) name: String,
    /// What it is for.
    pub(super) role: QueueRole,
    /// Messages that wait; null while SQS cannot be asked.
    pub(super) visible: Option<u64>,
    /// Messages that somebody has just now; null while SQS cannot be asked.
    pub(super) hidden: Option<u64>,
}

/// The caches.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CacheState {
    /// Each family of keys.
    pub(super) families: Vec<CacheFamily>,
}

/// One family of keys.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CacheFamily {
    /// `rate`, `history`, `stats` or `analysis`.
    pub(super) family: String,
    /// Entries now.
    pub(super) entries: usize,
    /// The most there can be.
    pub(super) possible: usize,
    /// How long entries live, in seconds.
    pub(super) ttl_seconds: Vec<u64>,
    /// Until the next one expires; null without entries.
    pub(super) next_expiry_ms: Option<i64>,
}

/// One function that answers over HTTP.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReadState {
    /// Its name.
    pub(super) function: String,
    /// Requests since the start.
    pub(super) requests: u64,
    /// Answers that Redis gave, by the function's own metric.
    pub(super) hits: u64,
    /// Answers that PostgreSQL had to give.
    pub(super) misses: u64,
}

/// What a server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ServerMode {
    /// It runs.
    Running,
    /// It does not.
    Stopped,
    /// A button's work is under way.
    Starting,
    /// The same.
    Stopping,
}

/// One server.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServerView {
    /// As `logs` takes it.
    pub(super) name: String,
    /// Its name for people.
    pub(super) label: String,
    /// What it is doing.
    pub(super) state: ServerMode,
    /// Whether it may be stopped and started from here.
    pub(super) may_stop: bool,
}
