//! Dead letters, as the function `operations-redrive` reports them and sends them again.
//!
//! The page has forms of its own, smaller than `shared`'s: it shows what a row of its table has, and leaves out kinds, parts, sizes, counts, and what every
//! request of the page has alike (never a dry run, always to the function). Its filter is what a row names, so never a time or an error code. Who
//! wants the rest has `./localstack/dead-letters`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::dead_letter::{
    Action, DeadLetterFilter, DeadLetterOutcome, DeadLetterReport, DeadLetterRequest, DeadLetterResult,
    DeadLetterSummary, Outcome, PurgeReport, ReplayReport,
};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::Console;
use super::api_error::ApiError;
use super::json_body::JsonBody;
use super::run::{invoke, to_the_end};
use crate::stack::context::StackContext;

/// The function that administers dead letters.
const REDRIVE: &str = "operations-redrive";
/// How long a list is good for, however many pages ask.
const MAX_AGE: Duration = Duration::from_millis(900);

/// What was listed last. One request at a time is sent: whoever lists dead letters hides them for that time, so a replay beside it would find none.
#[derive(Default)]
pub(super) struct DeadLetterCache {
    last: Mutex<Option<(Instant, Arc<DeadLetters>)>>,
}

/// What of a dead letter a page shows; `operations-redrive` knows more.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeadLetter {
    /// Its id.
    id: String,
    /// When the record was refused.
    refused_at: Option<DateTime<Utc>>,
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
    #[schema(value_type = Option<String>)]
    outcome: Option<Outcome>,
    /// Why it did no more.
    why: Option<String>,
}

impl From<DeadLetterSummary> for DeadLetter {
    fn from(summary: DeadLetterSummary) -> Self {
        Self {
            id: summary.id,
            refused_at: summary.refused_at,
            function: summary.function,
            topic: summary.topic,
            partition: summary.partition,
            offset: summary.offset,
            error_code: summary.error_code,
            reason: Some(summary.reason),
            outcome: None,
            why: None,
        }
    }
}

impl From<DeadLetterOutcome> for DeadLetter {
    fn from(done: DeadLetterOutcome) -> Self {
        Self {
            outcome: Some(done.outcome),
            why: done.why,
            ..Self::from(done.dead_letter)
        }
    }
}

/// The dead letters that there are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeadLetters {
    /// How many there are.
    matched: usize,
    /// How many somebody else has received just now; they are not listed.
    hidden: u64,
    /// How many are not listed.
    left_out: usize,
    /// Whether all of the queue was looked at.
    complete: bool,
    /// They.
    letters: Vec<DeadLetter>,
}

/// What became of the dead letters that matched.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Outcomes {
    /// How many matched.
    matched: usize,
    /// How many were applied and are gone.
    replayed: Option<usize>,
    /// How many could not be.
    failed: Option<usize>,
    /// How many were not tried.
    left: Option<usize>,
    /// How many a purge removed.
    deleted: Option<usize>,
    /// They.
    letters: Vec<DeadLetter>,
}

impl From<ReplayReport> for Outcomes {
    fn from(report: ReplayReport) -> Self {
        Self {
            matched: report.matched,
            replayed: Some(report.replayed),
            failed: Some(report.failed),
            left: Some(report.not_tried),
            deleted: None,
            letters: report.dead_letters.into_iter().map(DeadLetter::from).collect(),
        }
    }
}

impl From<PurgeReport> for Outcomes {
    fn from(report: PurgeReport) -> Self {
        Self {
            matched: report.matched,
            replayed: None,
            failed: None,
            left: None,
            deleted: Some(report.deleted),
            letters: report.dead_letters.into_iter().map(DeadLetter::from).collect(),
        }
    }
}

/// Which dead letters: those with all of these. Without any a replay takes all of them, and a purge wants `all`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// The dead letter's id.
    id: Option<String>,
    /// The function that refused the record.
    function: Option<String>,
    /// The record's topic.
    topic: Option<String>,
    /// Its partition.
    partition: Option<i32>,
    /// Its offset.
    offset: Option<i64>,
    /// Whether a purge is to take every dead letter.
    all: Option<bool>,
}

impl Filter {
    fn request(self, action: Action) -> DeadLetterRequest {
        let filter = DeadLetterFilter {
            id: self.id,
            function: self.function,
            topic: self.topic,
            partition: self.partition,
            offset: self.offset,
            ..DeadLetterFilter::default()
        };
        DeadLetterRequest {
            all: self.all.unwrap_or_default(),
            ..DeadLetterRequest::with_filter(action, filter)
        }
    }
}

/// The dead letters
#[utoipa::path(
    get, path = "/pipeline/dead-letters", tag = "Read", operation_id = "deadLetters",
    responses((status = 200, description = "Those that are to be seen", body = DeadLetters), (status = 503, description = "The function failed", body = ApiError))
)]
pub(super) async fn list(State(console): State<Console>) -> Result<Json<Arc<DeadLetters>>, ApiError> {
    to_the_end(async move {
        let context = &*console.context;
        let mut last = console.dead_letters.last.lock().await;
        if let Some((at, dead_letters)) = &*last
            && at.elapsed() < MAX_AGE
        {
            return Ok(Json(Arc::clone(dead_letters)));
        }
        let report = ask(context, &DeadLetterRequest::new(Action::List)).await?;
        let DeadLetterResult::List(listed) = report.result else {
            return Err(answered_otherwise("no list"));
        };
        let dead_letters = Arc::new(DeadLetters {
            matched: listed.matched,
            hidden: report.hidden,
            left_out: listed.left_out,
            complete: report.complete,
            letters: listed.dead_letters.into_iter().map(DeadLetter::from).collect(),
        });
        *last = Some((Instant::now(), Arc::clone(&dead_letters)));
        Ok(Json(dead_letters))
    })
    .await
}

/// Sends dead letters again to the functions that refused them
#[utoipa::path(
    post, path = "/pipeline/dead-letters/replay", tag = "Control", operation_id = "replay", request_body = Filter,
    responses((status = 200, description = "What became of each", body = Outcomes), (status = "4XX", description = "Not from here", body = ApiError), (status = 503, description = "The function failed", body = ApiError))
)]
pub(super) async fn replay(
    State(console): State<Console>,
    JsonBody(filter): JsonBody<Filter>,
) -> Result<Json<Outcomes>, ApiError> {
    act(console, filter.request(Action::Replay)).await
}

/// Removes dead letters
#[utoipa::path(
    post, path = "/pipeline/dead-letters/purge", tag = "Control", operation_id = "purge", request_body = Filter,
    responses((status = 200, description = "What became of each", body = Outcomes), (status = "4XX", description = "Not from here", body = ApiError), (status = 503, description = "The function failed", body = ApiError))
)]
pub(super) async fn purge(
    State(console): State<Console>,
    JsonBody(filter): JsonBody<Filter>,
) -> Result<Json<Outcomes>, ApiError> {
    if filter == Filter::default() {
        let error = "a purge wants id, function, topic, partition or offset, or \"all\": true";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, error));
    }
    act(console, filter.request(Action::Purge)).await
}

async fn act(console: Console, request: DeadLetterRequest) -> Result<Json<Outcomes>, ApiError> {
    to_the_end(async move {
        let context = &*console.context;
        let mut last = console.dead_letters.last.lock().await;
        let report = ask(context, &request).await;
        *last = None;
        match report?.result {
            DeadLetterResult::Replay(report) => Ok(Json(report.into())),
            DeadLetterResult::Purge(report) => Ok(Json(report.into())),
            DeadLetterResult::List(_) | DeadLetterResult::Show(_) => Err(answered_otherwise("no outcomes")),
        }
    })
    .await
}

async fn ask(context: &StackContext, request: &DeadLetterRequest) -> Result<DeadLetterReport, ApiError> {
    let answer = invoke(context, REDRIVE, request).await?;
    serde_json::from_value(answer).map_err(answered_otherwise)
}

fn answered_otherwise(what: impl std::fmt::Display) -> ApiError {
    ApiError::unavailable(format!("{REDRIVE} answered otherwise: {what}"))
}
