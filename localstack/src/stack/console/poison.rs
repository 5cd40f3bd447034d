//! Poison records: one that can never be applied, and one that can after History's table is mended. A page has them sent to see what the pipeline does with them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use krafka::error::KrafkaError;
use krafka::producer::Record;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Console;
use super::api_error::ApiError;
use super::json_body::JsonBody;
use super::run::{Done, RunRequest, RunResponse, ingest, to_the_end};
use crate::feed::Feed;
use crate::stack::context::StackContext;

/// The topic of rates, and a key of it.
const TOPIC: &str = "exchange_rate_updated";
const KEY: &str = "USD";
/// A rate that no parser of ours lets pass.
const UNREADABLE: &str = r#"{"currency_code":"USD","deal_base_rate":-1}"#;
/// How long Kafka may take to acknowledge it.
const LIMIT: Duration = Duration::from_secs(5);
/// How long handlers may take to store what was published.
const STORED_LIMIT: Duration = Duration::from_secs(10);

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

/// Where the poison record is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PoisonResponse {
    /// The topic.
    topic: String,
    /// The partition; null when it went with a run.
    partition: Option<i32>,
    /// The offset; null when it went with a run.
    offset: Option<i64>,
    /// The run that it went with, if it did.
    correlation_id: Option<String>,
}

/// Sends a poison record
#[utoipa::path(
    post, path = "/pipeline/poison", tag = "Control", operation_id = "poison", request_body = PoisonRequest,
    responses((status = 200, description = "Where it is", body = PoisonResponse), (status = "4XX", description = "Not from here", body = ApiError), (status = 503, description = "It could not be sent", body = ApiError))
)]
pub(super) async fn poison(
    State(console): State<Console>,
    JsonBody(request): JsonBody<PoisonRequest>,
) -> Result<Json<PoisonResponse>, ApiError> {
    let response = |position: Option<RecordPosition>, run: Option<RunResponse>| PoisonResponse {
        topic: TOPIC.to_owned(),
        partition: position.map(|position| position.partition),
        offset: position.map(|position| position.offset),
        correlation_id: run.map(|run| run.correlation_id),
    };
    match request.kind {
        PoisonKind::Unreadable => {
            let position = send_unreadable(&console.context).await?;
            Ok(Json(response(Some(position), None)))
        }
        PoisonKind::RefusedByStore => {
            let context = Arc::clone(&console.context);
            let run = to_the_end(async move { send_refused_by_store(&context).await }).await?;
            Ok(Json(response(None, Some(run))))
        }
    }
}

/// Where Kafka put a record.
#[derive(Clone, Copy)]
struct RecordPosition {
    partition: i32,
    offset: i64,
}

async fn send_unreadable(context: &StackContext) -> Result<RecordPosition, ApiError> {
    match tokio::time::timeout(LIMIT, produce_unreadable(context)).await {
        Ok(Ok(position)) => Ok(position),
        Ok(Err(error)) => Err(ApiError::unavailable(format!("kafka did not take it: {error}"))),
        Err(_) => Err(ApiError::unavailable(format!(
            "kafka did not take it in {} s",
            LIMIT.as_secs()
        ))),
    }
}

async fn produce_unreadable(context: &StackContext) -> Result<RecordPosition, KrafkaError> {
    let producer = context.kafka.producer().delivery_timeout(LIMIT).max_block(LIMIT);
    let producer = producer.metrics_push(false);
    let producer = producer.build().await?;
    let sent = producer.send(Record::new(TOPIC, UNREADABLE).key(KEY)).await?;
    producer.close().await?;
    Ok(RecordPosition {
        partition: sent.partition,
        offset: sent.offset,
    })
}

/// Has the newest rate of USD come again while History's table refuses just that. The feed stands meanwhile, so that it is the same rate.
async fn send_refused_by_store(context: &StackContext) -> Result<RunResponse, ApiError> {
    let _hold = context.feed.as_ref().map(Feed::hold);
    ingest(context, &RunRequest::of(false)).await?;
    until_stored(context).await?;
    let has_fault = context.rate_table.inject_fault().await.map_err(table_unchanged)?;
    if !has_fault {
        return Err(ApiError::unavailable(
            "there is no rate of USD yet that could be refused",
        ));
    }
    let run = ingest(context, &RunRequest::of(true)).await;
    if run.is_err()
        && let Err(error) = context.rate_table.remove_fault().await
    {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "History's table still refuses a rate"
        );
    }
    run
}

/// Until every rate that was published is handled.
async fn until_stored(context: &StackContext) -> Result<(), ApiError> {
    let began = Instant::now();
    while began.elapsed() < STORED_LIMIT {
        let emulator = context.emulator().await.ok_or_else(ApiError::stopping)?;
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
    Err(ApiError::unavailable(error))
}

fn table_unchanged(error: sqlx::Error) -> ApiError {
    ApiError::unavailable(format!("the table is as it was: {error}"))
}

/// Takes the fault out of History's table
#[utoipa::path(
    post, path = "/pipeline/mend", tag = "Control", operation_id = "mend",
    responses((status = 200, description = "It takes every rate again", body = Done), (status = "4XX", description = "Not from here", body = ApiError), (status = 503, description = "PostgreSQL is away", body = ApiError))
)]
pub(super) async fn mend(State(console): State<Console>) -> Result<Json<Done>, ApiError> {
    let removed = console.context.rate_table.remove_fault().await;
    removed.map_err(table_unchanged)?;
    Ok(Json(Done {}))
}
