//! Dead letters, as the desk (`operations-redrive`) tells of them and sends them again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::Console;
use super::api_error::ApiError;
use super::json_body::JsonBody;
use super::run::{invoke, to_the_end};
use crate::stack::context::StackContext;

/// The function that keeps the desk.
const DESK: &str = "operations-redrive";
/// How long a list is good for, however many pages ask.
const FRESH: Duration = Duration::from_millis(900);

/// What the desk said last. One at a time is there: whoever lists letters hides them for that time, so a replay beside it would find none.
#[derive(Default)]
pub(super) struct DeadLetterCache {
    last: Mutex<Option<(Instant, Arc<DeadLetters>)>>,
}

/// What of a letter a page shows; the desk knows more.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Letter {
    /// Its id.
    id: String,
    /// When the record was refused.
    refused_at: Option<String>,
    /// The function that refused it.
    function: Option<String>,
    /// The record's topic.
    topic: Option<String>,
    /// Its partition.
    partition: Option<i32>,
    /// Its offset.
    offset: Option<i64>,
    /// Why, in a word.
    error_code: Option<String>,
    /// Why, in a sentence.
    reason: Option<String>,
    /// What a replay or a purge did with it: `applied`, `refused`, …
    outcome: Option<String>,
    /// Why it did no more.
    why: Option<String>,
}

/// The letters that there are.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct DeadLetters {
    /// How many there are.
    matched: u64,
    /// How many somebody has just now; they are not told of.
    hidden: u64,
    /// How many are not listed.
    left_out: u64,
    /// Whether all of the queue was looked at.
    complete: bool,
    /// They.
    letters: Vec<Letter>,
}

/// What became of the letters that matched.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Outcomes {
    /// How many matched.
    matched: u64,
    /// How many were applied and are gone.
    replayed: Option<u64>,
    /// How many could not be.
    failed: Option<u64>,
    /// How many were not tried.
    left: Option<u64>,
    /// How many a purge removed.
    deleted: Option<u64>,
    /// They.
    letters: Vec<Letter>,
}

/// Which letters: those with all of these. Without any a replay takes all of them, and a purge wants `all`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// The letter's id.
    id: Option<String>,
    /// The function that refused the record.
    function: Option<String>,
    /// The record's topic.
    topic: Option<String>,
    /// Its partition.
    partition: Option<i32>,
    /// Its offset.
    offset: Option<i64>,
    /// Whether a purge is to take every letter.
    all: Option<bool>,
}

/// The dead letters
#[utoipa::path(
    get, path = "/pipeline/dead-letters", tag = "Read", operation_id = "deadLetters",
    responses((status = 200, description = "Those that are to be seen", body = DeadLetters), (status = 503, description = "The desk failed", body = ApiError))
)]
pub(super) async fn list(State(console): State<Console>) -> Result<Json<Arc<DeadLetters>>, ApiError> {
    to_the_end(async move {
        let context = &*console.context;
        let mut last = console.dead_letters.last.lock().await;
        if let Some((at, letters)) = &*last
            && at.elapsed() < FRESH
        {
            return Ok(Json(Arc::clone(letters)));
        }
        let letters = Arc::new(ask(context, "list", None).await?);
        *last = Some((Instant::now(), Arc::clone(&letters)));
        Ok(Json(letters))
    })
    .await
}

/// Sends letters again to the functions that refused them
#[utoipa::path(
    post, path = "/pipeline/dead-letters/replay", tag = "Control", operation_id = "replay", request_body = Filter,
    responses((status = 200, description = "What became of each", body = Outcomes), (status = "4XX", description = "Not from here", body = ApiError), (status = 503, description = "The desk failed", body = ApiError))
)]
pub(super) async fn replay(
    State(console): State<Console>,
    JsonBody(filter): JsonBody<Filter>,
) -> Result<Json<Outcomes>, ApiError> {
    act(console, "replay", filter).await
}

/// Removes letters
#[utoipa::path(
    post, path = "/pipeline/dead-letters/purge", tag = "Control", operation_id = "purge", request_body = Filter,
    responses((status = 200, description = "What became of each", body = Outcomes), (status = "4XX", description = "Not from here", body = ApiError), (status = 503, description = "The desk failed", body = ApiError))
)]
pub(super) async fn purge(
    State(console): State<Console>,
    JsonBody(filter): JsonBody<Filter>,
) -> Result<Json<Outcomes>, ApiError> {
    if filter == Filter::default() {
        let error = "a purge wants id, function, topic, partition or offset, or \"all\": true";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, error));
    }
    act(console, "purge", filter).await
}

async fn act(console: Console, action: &'static str, filter: Filter) -> Result<Json<Outcomes>, ApiError> {
    to_the_end(async move {
        let context = &*console.context;
        let mut last = console.dead_letters.last.lock().await;
        let done = ask(context, action, Some(filter)).await;
        *last = None;
        done.map(Json)
    })
    .await
}

async fn ask<T: serde::de::DeserializeOwned>(
    context: &StackContext,
    action: &str,
    filter: Option<Filter>,
) -> Result<T, ApiError> {
    let unreadable = |error: serde_json::Error| ApiError::unavailable(format!("{DESK} answered otherwise: {error}"));
    let mut request = Map::from_iter([("action".to_owned(), Value::from(action))]);
    if let Value::Object(filter) = serde_json::to_value(filter).map_err(unreadable)? {
        request.extend(filter.into_iter().filter(|(_, value)| !value.is_null()));
    }
    let answer = invoke(context, DESK, &Value::Object(request)).await?;
    serde_json::from_value(answer).map_err(unreadable)
}
