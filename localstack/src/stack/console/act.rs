//! What buttons ask for: a run, a poison record, a server that stops or starts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use krafka::error::KrafkaError;
use krafka::producer::Record;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::Body;
use super::state::{IngestorState, ServerMode, ServerView};
use super::timeline::{RunSummary, Timeline};
use super::{Console, Refusal};
use crate::feed::Feed;
use crate::stack::control::{Control, Work};
use crate::stack::interface::Parts;
use crate::stack::{INGESTOR, State as StackState};

/// The topic of rates, and a key of it.
const TOPIC: &str = "exchange_rate_updated";
const KEY: &str = "USD";
/// A rate that no parser of ours lets pass.
const UNREADABLE: &str = r#"{"currency_code":"USD","deal_base_rate":-1}"#;
/// How long Kafka may take to acknowledge it.
const LIMIT: Duration = Duration::from_secs(5);
/// How long handlers may take to store what was published.
const STORED_LIMIT: Duration = Duration::from_secs(10);

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {}

/// How the ingestor is to run.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct RunRequest {
    /// Whether to publish again what is published already.
    #[serde(default)]
    force: bool,
}

/// What a run sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunAnswer {
    /// The run's id.
    correlation_id: String,
    /// Events by topic.
    events: BTreeMap<String, u64>,
    /// Those that Kafka did not take and that wait in the backup queue.
    backed_up: u64,
}

/// Which poison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PoisonKind {
    /// A rate of -1, which both services refuse, now and always.
    Unreadable,
    /// The newest rate of USD, published again while History's table refuses just that: it can be applied after the table is mended.
    RefusedByStore,
}

/// Which poison to send.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct PoisonRequest {
    /// Its kind.
    kind: PoisonKind,
}

/// Where the poison stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PoisonAnswer {
    /// The topic.
    topic: String,
    /// The partition; null when it went with a run.
    partition: Option<i32>,
    /// The offset; null when it went with a run.
    offset: Option<i64>,
    /// The run that it went with, if it did.
    correlation_id: Option<String>,
}

/// The last runs, the newest first
#[utoipa::path(
    get, path = "/pipeline/runs", tag = "Look", operation_id = "runs",
    responses((status = 200, description = "At most 50", body = Vec<RunSummary>))
)]
pub(super) async fn runs(State(console): State<Console>) -> Json<Vec<RunSummary>> {
    Json(console.parts.traces.runs())
}

/// One run, step by step
#[utoipa::path(
    get, path = "/pipeline/runs/{correlation_id}", tag = "Look", operation_id = "run",
    params(("correlation_id" = String, Path, description = "As every event and every line of the log has it")),
    responses((status = 200, description = "Its steps by their start", body = Timeline), (status = 404, description = "It is not among the last ones", body = Refusal))
)]
pub(super) async fn timeline(
    State(console): State<Console>,
    Path(correlation_id): Path<String>,
) -> Result<Json<Timeline>, Refusal> {
    let found = console.parts.traces.run(&correlation_id);
    found.map(Json).ok_or_else(|| {
        let error =
            format!("no run {correlation_id:?} among the last ones; a run is known a moment after it has ended");
        Refusal::new(StatusCode::NOT_FOUND, error)
    })
}

/// Runs the ingestor now
#[utoipa::path(
    post, path = "/pipeline/run", tag = "Tell", operation_id = "startRun", request_body = RunRequest,
    responses((status = 200, description = "What it sent", body = RunAnswer), (status = "4XX", description = "Not from here", body = Refusal), (status = 503, description = "It failed", body = Refusal))
)]
pub(super) async fn run(
    State(console): State<Console>,
    Body(request): Body<RunRequest>,
) -> Result<Json<RunAnswer>, Refusal> {
    ingest(&console.parts, request.force).await.map(Json)
}

async fn ingest(parts: &Parts, force: bool) -> Result<RunAnswer, Refusal> {
    let request = if force {
        serde_json::json!({"force": true})
    } else {
        serde_json::json!({})
    };
    let summary = invoke(parts, INGESTOR, &request).await?;
    let run = IngestorState::default().with_summary(&summary);
    Ok(RunAnswer {
        correlation_id: run.correlation_id.unwrap_or_default(),
        events: run.events,
        backed_up: run.backed_up,
    })
}

/// A function's answer as JSON; what it says when it fails is the refusal.
pub(super) async fn invoke(parts: &Parts, function: &str, request: &Value) -> Result<Value, Refusal> {
    let emulator = parts.emulator().await.ok_or_else(Refusal::stopping)?;
    let invocation = emulator.invoke(function, request.to_string().into()).await;
    let invocation = invocation.map_err(|error| Refusal::unavailable(error.to_string()))?;
    let answer: Value = serde_json::from_slice(&invocation.payload)
        .map_err(|error| Refusal::unavailable(format!("{function} answered no JSON: {error}")))?;
    if invocation.function_error.is_some() {
        let said = answer["errorMessage"].as_str().unwrap_or("it did not say why");
        return Err(Refusal::unavailable(format!("{function} failed: {said}")));
    }
    Ok(answer)
}

/// Sends a poison record
#[utoipa::path(
    post, path = "/pipeline/poison", tag = "Tell", operation_id = "poison", request_body = PoisonRequest,
    responses((status = 200, description = "Where it stands", body = PoisonAnswer), (status = "4XX", description = "Not from here", body = Refusal), (status = 503, description = "It could not be sent", body = Refusal))
)]
pub(super) async fn poison(
    State(console): State<Console>,
    Body(request): Body<PoisonRequest>,
) -> Result<Json<PoisonAnswer>, Refusal> {
    let parts = &*console.parts;
    match request.kind {
        PoisonKind::Unreadable => {
            let sent = tokio::time::timeout(LIMIT, send_unreadable(parts)).await;
            let (partition, offset) = match sent {
                Ok(Ok(place)) => place,
                Ok(Err(error)) => return Err(Refusal::unavailable(format!("kafka did not take it: {error}"))),
                Err(_) => {
                    return Err(Refusal::unavailable(format!(
                        "kafka did not take it in {} s",
                        LIMIT.as_secs()
                    )));
                }
            };
            Ok(Json(PoisonAnswer {
                topic: TOPIC.to_owned(),
                partition: Some(partition),
                offset: Some(offset),
                correlation_id: None,
            }))
        }
        PoisonKind::RefusedByStore => {
            let parts = Arc::clone(&console.parts);
            let run = to_the_end(async move { parts.refused_by_store().await }).await?;
            Ok(Json(PoisonAnswer {
                topic: TOPIC.to_owned(),
                partition: None,
                offset: None,
                correlation_id: Some(run.correlation_id),
            }))
        }
    }
}

async fn send_unreadable(parts: &Parts) -> Result<(i32, i64), KrafkaError> {
    let producer = parts.kafka.producer().delivery_timeout(LIMIT).max_block(LIMIT);
    let producer = producer.metrics_push(false);
    let producer = producer.build().await?;
    let sent = producer.send(Record::new(TOPIC, UNREADABLE).key(KEY)).await?;
    producer.close().await?;
    Ok((sent.partition, sent.offset))
}

impl Parts {
    /// Has the newest rate of USD come again while History's table refuses just that. The feed stands meanwhile, so that it is the same rate.
    async fn refused_by_store(&self) -> Result<RunAnswer, Refusal> {
        let _held = self.feed.as_ref().map(Feed::hold);
        ingest(self, false).await?;
        self.until_stored().await?;
        let is_broken = self.table.break_it().await;
        let is_broken = is_broken.map_err(|error| Refusal::unavailable(format!("the table is as it was: {error}")))?;
        if !is_broken {
            return Err(Refusal::unavailable(
                "there is no rate of USD yet that could be refused",
            ));
        }
        let run = ingest(self, true).await;
        if run.is_err()
            && let Err(error) = self.table.mend().await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "History's table still refuses a rate"
            );
        }
        run
    }

    /// Until every rate that was published is handled.
    async fn until_stored(&self) -> Result<(), Refusal> {
        let began = Instant::now();
        while began.elapsed() < STORED_LIMIT {
            let emulator = self.emulator().await.ok_or_else(Refusal::stopping)?;
            let status = emulator.status_within(LIMIT, Duration::ZERO).await;
            let mut of_rates = status.mappings.iter().filter(|mapping| mapping.topic == TOPIC);
            if of_rates.all(|mapping| mapping.lag == Some(0)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let error = format!(
            "rates are still waiting after {} s, so nothing was done",
            STORED_LIMIT.as_secs()
        );
        Err(Refusal::unavailable(error))
    }
}

/// Goes on when the page that asked is closed meanwhile.
pub(super) async fn to_the_end<T: Send + 'static>(
    task: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::spawn(task).await;
    done.map_err(|error| Refusal::unavailable(error.to_string()))?
}

/// Takes the fault out of History's table
#[utoipa::path(
    post, path = "/pipeline/mend", tag = "Tell", operation_id = "mend",
    responses((status = 200, description = "It takes every rate again", body = Done), (status = "4XX", description = "Not from here", body = Refusal), (status = 503, description = "PostgreSQL is away", body = Refusal))
)]
pub(super) async fn mend(State(console): State<Console>) -> Result<Json<Done>, Refusal> {
    let mended = console.parts.table.mend().await;
    mended.map_err(|error| Refusal::unavailable(format!("the table is as it was: {error}")))?;
    Ok(Json(Done {}))
}

/// Kills a server, as a crash does
#[utoipa::path(
    post, path = "/pipeline/servers/{name}/stop", tag = "Tell", operation_id = "stopServer",
    params(("name" = String, Path, description = "kafka, redis, postgres or mongo")),
    responses((status = 200, description = "It is gone", body = Done), (status = "4XX", description = "Not from here, or not this one", body = Refusal), (status = 503, description = "It would not", body = Refusal))
)]
pub(super) async fn stop(State(console): State<Console>, Path(name): Path<String>) -> Result<Json<Done>, Refusal> {
    work(console.parts, &name, Work::Stop).await
}

/// Starts a server again, on its port and its data
#[utoipa::path(
    post, path = "/pipeline/servers/{name}/start", tag = "Tell", operation_id = "startServer",
    params(("name" = String, Path, description = "kafka, redis, postgres or mongo")),
    responses((status = 200, description = "It answers", body = Done), (status = "4XX", description = "Not from here, or not this one", body = Refusal), (status = 503, description = "It would not", body = Refusal))
)]
pub(super) async fn start(State(console): State<Console>, Path(name): Path<String>) -> Result<Json<Done>, Refusal> {
    work(console.parts, &name, Work::Start).await
}

async fn work(parts: Arc<Parts>, name: &str, work: Work) -> Result<Json<Done>, Refusal> {
    let known = Control::stoppable(&*parts.state.read().await, name).ok_or_else(|| {
        let error = format!("server is {name:?}, allowed: those that the state says may be stopped");
        Refusal::new(StatusCode::NOT_FOUND, error)
    })?;
    // A page that is closed in the meantime must not leave a server half started.
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(parts.work(known, work)));
    let done = done.await.map_err(|error| Refusal::unavailable(error.to_string()))?;
    done.map(|()| Json(Done {}))
}

impl Parts {
    /// Stops or starts a server, unless it is so already, and remembers its process before anybody else may begin.
    async fn work(&self, name: &'static str, work: Work) -> Result<(), Refusal> {
        let working = self.control.begin(name, work).map_err(|busy| {
            let error = format!(
                "{} is being stopped or started; one server at a time",
                Control::label(busy)
            );
            Refusal::new(StatusCode::CONFLICT, error)
        })?;
        let process = self.state.read().await.servers.get(name).copied();
        let is_running = process.is_some_and(|process| process.is_alive());
        if is_running == (work == Work::Start) {
            return Ok(());
        }
        match working.run().await {
            Ok(process) => self.remember(name, process).await,
            Err(error) => Err(Refusal::unavailable(crate::commands::with_causes(&error))),
        }
    }

    /// Writes down which process a server has now, so that `down` finds it.
    async fn remember(&self, name: &str, process: Option<crate::process_table::Identity>) -> Result<(), Refusal> {
        let mut state = self.state.write().await;
        if let Some(process) = process {
            state.servers.insert(name.to_owned(), process);
        }
        state
            .write(&self.places)
            .map_err(|error| Refusal::unavailable(crate::commands::with_causes(&error)))
    }
}

impl Control {
    /// Each server and what it is doing.
    pub(super) fn views(&self, state: &StackState) -> Vec<ServerView> {
        let view = |(name, process): (&String, &crate::process_table::Identity)| ServerView {
            name: name.clone(),
            label: Self::label(name).to_owned(),
            state: match self.work_on(name) {
                Some(Work::Start) => ServerMode::Starting,
                Some(Work::Stop) => ServerMode::Stopping,
                None if process.is_alive() => ServerMode::Running,
                None => ServerMode::Stopped,
            },
            may_stop: Self::stoppable(state, name).is_some(),
        };
        state.servers.iter().map(view).collect()
    }
}
