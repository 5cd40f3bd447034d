//! Dead letters, as the desk (`operations-redrive`) tells of them and sends them again.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::act::invoke;
use super::{Console, Refusal};

/// The function that keeps the desk.
const DESK: &str = "operations-redrive";

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

/// Which letters: those with all of these; all of them without any.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// The function that refused the record.
    function: Option<String>,
    /// The record's topic.
    topic: Option<String>,
    /// Its partition.
    partition: Option<i32>,
    /// Its offset.
    offset: Option<i64>,
}

/// The dead letters
#[utoipa::path(
    get, path = "/pipeline/dead-letters", tag = "Look", operation_id = "deadLetters",
    responses((status = 200, description = "Those that are to be seen", body = DeadLetters), (status = 503, description = "The desk failed", body = Refusal))
)]
pub(super) async fn list(State(console): State<Console>) -> Result<Json<DeadLetters>, Refusal> {
    ask(&console, "list", None).await.map(Json)
}

/// Sends letters again to the functions that refused them
#[utoipa::path(
    post, path = "/pipeline/dead-letters/replay", tag = "Tell", operation_id = "replay", request_body = Filter,
    responses((status = 200, description = "What became of each", body = Outcomes), (status = "4XX", description = "Not from here", body = Refusal), (status = 503, description = "The desk failed", body = Refusal))
)]
pub(super) async fn replay(
    State(console): State<Console>,
    Json(filter): Json<Filter>,
) -> Result<Json<Outcomes>, Refusal> {
    ask(&console, "replay", Some(filter)).await.map(Json)
}

/// Removes letters
#[utoipa::path(
    post, path = "/pipeline/dead-letters/purge", tag = "Tell", operation_id = "purge", request_body = Filter,
    responses((status = 200, description = "What became of each", body = Outcomes), (status = "4XX", description = "Not from here", body = Refusal), (status = 503, description = "The desk failed", body = Refusal))
)]
pub(super) async fn purge(
    State(console): State<Console>,
    Json(filter): Json<Filter>,
) -> Result<Json<Outcomes>, Refusal> {
    ask(&console, "purge", Some(filter)).await.map(Json)
}

async fn ask<T: serde::de::DeserializeOwned>(
    console: &Console,
    action: &str,
    filter: Option<Filter>,
) -> Result<T, Refusal> {
    let unreadable = |error: serde_json::Error| Refusal::unavailable(format!("{DESK} answered otherwise: {error}"));
    let mut request = Map::from_iter([("action".to_owned(), Value::from(action))]);
    if let Value::Object(filter) = serde_json::to_value(filter).map_err(unreadable)? {
        request.extend(filter.into_iter().filter(|(_, value)| !value.is_null()));
    }
    // The desk removes everything only when it is told so.
    if action == "purge" && request.len() == 1 {
        request.insert("all".to_owned(), true.into());
    }
    let answer = invoke(&console.parts, DESK, &Value::Object(request)).await?;
    serde_json::from_value(answer).map_err(unreadable)
}
