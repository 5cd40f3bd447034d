//! Snapshots of the whole pipeline, one a second at most, however many pages are open.

mod queues;
mod views;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use chrono::Utc;
use emulator::Template;
use tokio::sync::Mutex;

use super::Console;
use super::api_error::ApiError;
use super::cache_entries::CacheEntries;
use super::cache_metrics::CacheMetrics;
use super::servers::server_views;
use super::state::{PipelineState, ServerMode};
use super::topic_throughput::TopicThroughput;
use crate::stack::context::StackContext;

/// How long a snapshot is good for.
const MAX_AGE: Duration = Duration::from_millis(900);
/// How long Kafka may take for the lag of a group.
const KAFKA_LIMIT: Duration = Duration::from_millis(1_500);
/// How long SQS may take.
const SQS_LIMIT: Duration = Duration::from_millis(1_500);

/// Takes snapshots, and remembers what the next one needs of the last.
pub(super) struct Snapshots {
    cache_entries: CacheEntries,
    cache_metrics: CacheMetrics,
    topics: Vec<String>,
    last: Mutex<Last>,
    is_outdated: AtomicBool,
}

/// The last snapshot, and when it was taken.
#[derive(Default)]
struct Last {
    throughput: TopicThroughput,
    state: Option<(Instant, Arc<PipelineState>)>,
}

impl Snapshots {
    /// For the topics of `template`, and the functions that answer over HTTP (`readers`), whose logs are in `logs`.
    pub(super) fn new(template: &Template, readers: &BTreeSet<String>, redis: &str, logs: PathBuf) -> Self {
        let mut topics: Vec<String> = Vec::new();
        for mapping in &template.mappings {
            if !topics.contains(&mapping.topic) {
                topics.push(mapping.topic.clone());
            }
        }
        Self {
            cache_entries: CacheEntries::new(redis),
            cache_metrics: CacheMetrics::new(logs, readers),
            topics,
            last: Mutex::default(),
            is_outdated: AtomicBool::new(false),
        }
    }

    /// Something was done that the next snapshot should show. Does not wait for one that is under way.
    pub(super) fn invalidate(&self) {
        self.is_outdated.store(true, Ordering::Release);
    }

    /// The last snapshot while it is good, else a new one.
    async fn current(&self, context: &StackContext, may_control: bool) -> Result<Arc<PipelineState>, ApiError> {
        let mut last = self.last.lock().await;
        // Before the snapshot begins, so that what is done meanwhile calls for the next one.
        let is_outdated = self.is_outdated.swap(false, Ordering::AcqRel);
        if let Some((at, state)) = &last.state
            && at.elapsed() < MAX_AGE
            && !is_outdated
        {
            return Ok(Arc::clone(state));
        }
        let state = Arc::new(self.take(context, may_control, &mut last.throughput).await?);
        last.state = Some((Instant::now(), Arc::clone(&state)));
        Ok(state)
    }

    async fn take(
        &self,
        context: &StackContext,
        may_control: bool,
        throughput: &mut TopicThroughput,
    ) -> Result<PipelineState, ApiError> {
        let servers = server_views(&context.servers, &*context.state.read().await);
        let runs = |name: &str| {
            servers
                .iter()
                .any(|server| server.name == name && server.state == ServerMode::Running)
        };
        let emulator = context.emulator().await.ok_or_else(ApiError::stopping)?;
        let admin = context.kafka.admin();
        // Whoever is known to be away need not be waited for.
        let limit = if runs("kafka") { KAFKA_LIMIT } else { Duration::ZERO };
        let (lambda, topics, (cache, held), dead_letters, table_is_broken) = tokio::join!(
            emulator.status_within(limit, SQS_LIMIT),
            async {
                if runs("kafka") {
                    throughput.sample(&admin, &self.topics).await
                } else {
                    None
                }
            },
            async {
                if runs("redis") {
                    self.cache_entries.read().await
                } else {
                    (None, None)
                }
            },
            queues::dead_letters(context),
            async { runs("postgres") && context.rate_table.has_fault().await },
        );
        let state = context.state.read().await;
        Ok(PipelineState {
            now: Utc::now(),
            started_at: state.started_at,
            live: state.live,
            may_control,
            feed: context.feed.as_ref().map(views::feed),
            schedules: views::schedules(&lambda),
            ingestor: views::ingestor(&lambda),
            topics,
            mappings: views::mappings(&lambda),
            queues: queues::views(context, &lambda, dead_letters),
            cache,
            held,
            reads: views::reads(&lambda, &self.cache_metrics.read()),
            servers,
            table_is_broken,
        })
    }
}

/// How the pipeline fares
///
/// An answer is at most a second old.
#[utoipa::path(
    get, path = "/pipeline/state", tag = "Read", operation_id = "state",
    responses((status = 200, description = "Everything that the page shows", body = PipelineState), (status = 503, description = "The stack is stopping", body = ApiError))
)]
pub(super) async fn state(State(console): State<Console>) -> Result<Json<Arc<PipelineState>>, ApiError> {
    let state = console.snapshots.current(&console.context, console.may_control);
    state.await.map(Json)
}
