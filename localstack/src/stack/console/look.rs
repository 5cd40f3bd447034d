//! Looks at the whole pipeline, once a second at most, however many pages are open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use axum::Json;
use axum::extract::State;
use chrono::Utc;
use emulator::{FunctionStatus, MappingStatus, Status, Template};
use serde_json::Value;
use tokio::sync::Mutex;

use super::cache::Caches;
use super::flow::Flow;
use super::reads::Metrics;
use super::state::{
    FeedState, IngestorState, MappingView, PipelineState, QueueRole, QueueState, ReadState, ScheduleState, ServerMode,
};
use super::{Console, Refusal};
use crate::feed::Feed;
use crate::stack::INGESTOR;
use crate::stack::interface::Parts;

/// How long a look is good for.
const FRESH: Duration = Duration::from_millis(900);
/// How long Kafka may take for the lag of a group.
const KAFKA_LIMIT: Duration = Duration::from_millis(1_500);
/// How long SQS may take.
const SQS_LIMIT: Duration = Duration::from_millis(1_500);
/// The template's queues and what they are for.
const QUEUES: [(&str, QueueRole); 2] = [
    ("DeadLetterQueue", QueueRole::DeadLetters),
    ("BackupQueue", QueueRole::Backup),
];

/// What looks remember from one to the next.
pub(in crate::stack) struct Looks {
    caches: Caches,
    metrics: Metrics,
    topics: Vec<String>,
    last: Mutex<Last>,
    is_outdated: AtomicBool,
}

/// The look before, and when it was.
#[derive(Default)]
struct Last {
    flow: Flow,
    state: Option<(Instant, Arc<PipelineState>)>,
}

impl Looks {
    /// For the functions and topics of `template`.
    pub(in crate::stack) fn new(template: &Template, redis: &str, logs: std::path::PathBuf) -> Self {
        let mut topics: Vec<String> = Vec::new();
        for mapping in &template.mappings {
            if !topics.contains(&mapping.topic) {
                topics.push(mapping.topic.clone());
            }
        }
        Self {
            caches: Caches::new(redis),
            metrics: Metrics::new(logs, readers(template).into_iter()),
            topics,
            last: Mutex::default(),
            is_outdated: AtomicBool::new(false),
        }
    }
}

impl Looks {
    /// The next look is a new one: something was done that it should show. Does not wait for the look that is under way.
    pub(super) fn forget(&self) {
        self.is_outdated.store(true, Ordering::Release);
    }
}

/// The functions that answer over HTTP.
pub(in crate::stack) fn readers(template: &Template) -> std::collections::BTreeSet<String> {
    template
        .http_routes
        .iter()
        .map(|route| route.function.clone())
        .collect()
}

/// How the pipeline fares
///
/// A look is good for a second.
#[utoipa::path(
    get, path = "/pipeline/state", tag = "Look", operation_id = "state",
    responses((status = 200, description = "Everything that the page shows", body = PipelineState), (status = 503, description = "The stack is stopping", body = Refusal))
)]
pub(super) async fn state(State(console): State<Console>) -> Result<Json<Arc<PipelineState>>, Refusal> {
    let mut last = console.parts.looks.last.lock().await;
    // Before the look begins, so that what is done meanwhile calls for the next one.
    let is_outdated = console.parts.looks.is_outdated.swap(false, Ordering::AcqRel);
    if let Some((at, state)) = &last.state
        && at.elapsed() < FRESH
        && !is_outdated
    {
        return Ok(Json(Arc::clone(state)));
    }
    let state = Arc::new(look(&console, &mut last.flow).await?);
    last.state = Some((Instant::now(), Arc::clone(&state)));
    Ok(Json(state))
}

async fn look(console: &Console, flow: &mut Flow) -> Result<PipelineState, Refusal> {
    let parts = &*console.parts;
    let servers = parts.control.views(&*parts.state.read().await);
    let runs = |name: &str| {
        servers
            .iter()
            .any(|server| server.name == name && server.state == ServerMode::Running)
    };
    let emulator = parts.emulator().await.ok_or_else(Refusal::stopping)?;
    let admin = parts.kafka.admin();
    // Whoever is known to be away need not be waited for.
    let limit = if runs("kafka") { KAFKA_LIMIT } else { Duration::ZERO };
    let (lambda, topics, (cache, held), dead_letters, table_is_broken) = tokio::join!(
        emulator.status_within(limit, SQS_LIMIT),
        async {
            if runs("kafka") {
                flow.look(&admin, &parts.looks.topics).await
            } else {
                None
            }
        },
        async {
            if runs("redis") {
                parts.looks.caches.look().await
            } else {
                (None, None)
            }
        },
        waiting(parts, QUEUES[0].0),
        async { runs("postgres") && parts.table.is_broken().await },
    );
    let state = parts.state.read().await;
    Ok(PipelineState {
        now: Utc::now(),
        started_at: state.started_at,
        live: state.live,
        may_control: console.may_control,
        feed: parts.feed.as_ref().map(feed),
        schedules: schedules(&lambda),
        ingestor: ingestor(&lambda),
        topics,
        mappings: lambda
            .mappings
            .iter()
            .map(|mapping| mapping_view(mapping, &lambda.functions))
            .collect(),
        queues: queues(parts, &lambda, dead_letters),
        cache,
        held,
        reads: reads(parts, &lambda),
        servers,
        table_is_broken,
    })
}

fn feed(feed: &Feed) -> FeedState {
    let status = feed.status();
    FeedState {
        day: status.day,
        newest: status.newest,
        step_seconds: status.step_seconds,
    }
}

fn schedules(lambda: &Status) -> Vec<ScheduleState> {
    let schedule = |schedule: &emulator::ScheduleStatus| ScheduleState {
        function: schedule.function.clone(),
        expression: schedule.expression.clone(),
        is_enabled: schedule.is_enabled,
        runs: schedule.runs,
        skipped: schedule.skipped,
        last_run: schedule.last_run,
    };
    lambda.schedules.iter().map(schedule).collect()
}

fn ingestor(lambda: &Status) -> IngestorState {
    let Some(function) = lambda.functions.iter().find(|function| function.name == INGESTOR) else {
        return IngestorState::default();
    };
    let state = IngestorState {
        runs: function.invocations,
        failures: function.errors,
        last_at: function.last_invoked_at,
        last_duration_ms: function.last_duration_ms,
        last_error: function.last_error.clone(),
        ..IngestorState::default()
    };
    let answer = function.last_response.as_deref();
    match answer.and_then(|answer| serde_json::from_str::<Value>(answer.get()).ok()) {
        Some(summary) => state.with_summary(&summary),
        None => state,
    }
}

fn mapping_view(mapping: &MappingStatus, functions: &[FunctionStatus]) -> MappingView {
    let function = functions.iter().find(|function| function.name == mapping.function);
    let service = mapping.function.split('-').next().unwrap_or_default();
    MappingView {
        function: mapping.function.clone(),
        service: service.to_owned(),
        topic: mapping.topic.clone(),
        consumer_group: mapping.consumer_group.clone(),
        state: mapping.state,
        lag: mapping.lag,
        batch_size: mapping.batch_size,
        last_batch_records: mapping.last_batch_records,
        last_duration_ms: mapping.last_duration_ms,
        batches: mapping.batches,
        records: mapping.records,
        retries: mapping.retries,
        failures: function.map_or(0, |function| function.errors),
        last_error: mapping.last_error.clone(),
    }
}

fn queues(parts: &Parts, lambda: &Status, dead_letters: Option<(u64, u64)>) -> Vec<QueueState> {
    let queue = |(id, role): (&str, QueueRole)| {
        let (name, _) = parts.queues.get(id)?;
        let (visible, hidden) = match role {
            QueueRole::DeadLetters => dead_letters.unzip(),
            QueueRole::Backup => {
                let mapping = lambda.queue_mappings.iter().find(|mapping| mapping.queue == *name)?;
                (mapping.visible, mapping.hidden)
            }
        };
        Some(QueueState {
            name: name.clone(),
            role,
            visible,
            hidden,
        })
    };
    QUEUES.into_iter().filter_map(queue).collect()
}

/// Messages of a queue that are there and that somebody has; nothing while SQS cannot be asked.
async fn waiting(parts: &Parts, id: &str) -> Option<(u64, u64)> {
    use QueueAttributeName::{ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesNotVisible as Hidden};
    let (_, url) = parts.queues.get(id)?;
    let asked = parts
        .sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(Visible)
        .attribute_names(Hidden)
        .send();
    let answer = tokio::time::timeout(SQS_LIMIT, asked).await.ok()?.ok()?;
    let attributes = answer.attributes?;
    let count = |name| attributes.get(&name)?.parse().ok();
    Some((count(Visible)?, count(Hidden)?))
}

fn reads(parts: &Parts, lambda: &Status) -> Vec<ReadState> {
    let mut requests: BTreeMap<&str, u64> = BTreeMap::new();
    for route in &lambda.routes {
        *requests.entry(&route.function).or_default() += route.requests;
    }
    let metrics = parts.looks.metrics.look();
    let read = |(function, requests): (&str, u64)| {
        let reads = metrics.get(function).copied().unwrap_or_default();
        ReadState {
            function: function.to_owned(),
            requests,
            hits: reads.cache_hits,
            misses: reads.cache_misses,
        }
    };
    requests.into_iter().map(read).collect()
}
