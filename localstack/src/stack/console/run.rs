//! Runs of the ingestor, and what invoking a function takes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::currency::CurrencyCode;
use utoipa::ToSchema;

use super::Console;
use super::api_error::ApiError;
use super::json_body::JsonBody;
use super::state::IngestorState;
use super::timeline::{RunSummary, Timeline};
use crate::stack::INGESTOR;
use crate::stack::context::StackContext;

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {}

/// How the ingestor is to run.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct RunRequest {
    /// Whether to publish again what is published already.
    #[serde(default)]
    force: bool,
    /// Currencies whose held rates are to be published: somebody has looked and says that they are true.
    #[serde(default)]
    release: Vec<CurrencyCode>,
}

impl RunRequest {
    /// As the page's button and the poison ask for it.
    pub(super) fn of(force: bool) -> Self {
        Self {
            force,
            release: Vec::new(),
        }
    }

    /// What the ingestor is given: no more than is asked for, because it refuses what it does not know.
    fn input(&self) -> Value {
        let mut input = serde_json::Map::new();
        if self.force {
            input.insert("force".to_owned(), true.into());
        }
        if !self.release.is_empty() {
            input.insert(
                "release".to_owned(),
                self.release.iter().map(|code| code.as_str()).collect(),
            );
        }
        input.into()
    }
}

/// What a run sent.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunResponse {
    /// The run's id.
    pub(super) correlation_id: String,
    /// Events by topic.
    events: BTreeMap<String, u64>,
    /// Those that Kafka did not take and that wait in the backup queue.
    backed_up: u64,
}

/// The last runs, the newest first
#[utoipa::path(
    get, path = "/pipeline/runs", tag = "Read", operation_id = "runs",
    responses((status = 200, description = "At most 50", body = Vec<RunSummary>))
)]
pub(super) async fn runs(State(console): State<Console>) -> Json<Vec<RunSummary>> {
    Json(console.traces.runs())
}

/// One run, step by step
#[utoipa::path(
    get, path = "/pipeline/runs/{correlation_id}", tag = "Read", operation_id = "run",
    params(("correlation_id" = String, Path, description = "As every event and every line of the log has it")),
    responses((status = 200, description = "Its steps by their start", body = Timeline), (status = 404, description = "It is not among the last ones", body = ApiError))
)]
pub(super) async fn timeline(
    State(console): State<Console>,
    Path(correlation_id): Path<String>,
) -> Result<Json<Timeline>, ApiError> {
    let found = console.traces.run(&correlation_id);
    found.map(Json).ok_or_else(|| {
        let error =
            format!("no run {correlation_id:?} among the last ones; a run is known a moment after it has ended");
        ApiError::new(StatusCode::NOT_FOUND, error)
    })
}

/// Runs the ingestor now
#[utoipa::path(
    post, path = "/pipeline/run", tag = "Control", operation_id = "startRun", request_body = RunRequest,
    responses((status = 200, description = "What it sent", body = RunResponse), (status = "4XX", description = "Not from here, or (409) nothing of what is to be released is held back", body = ApiError), (status = 503, description = "It failed", body = ApiError))
)]
pub(super) async fn run(
    State(console): State<Console>,
    JsonBody(request): JsonBody<RunRequest>,
) -> Result<Json<RunResponse>, ApiError> {
    ingest(&console.context, &request).await.map(Json)
}

pub(super) async fn ingest(context: &StackContext, request: &RunRequest) -> Result<RunResponse, ApiError> {
    let summary = invoke(context, INGESTOR, &request.input()).await?;
    let run = IngestorState::default().with_summary(&summary);
    Ok(RunResponse {
        correlation_id: run.correlation_id.unwrap_or_default(),
        events: run.events,
        backed_up: run.backed_up,
    })
}

/// A function's response as JSON; what it says when it fails is the error.
pub(super) async fn invoke(
    context: &StackContext,
    function: &str,
    request: &impl Serialize,
) -> Result<Value, ApiError> {
    let emulator = context.emulator().await.ok_or_else(ApiError::stopping)?;
    let request = serde_json::to_vec(request).map_err(|error| ApiError::unavailable(error.to_string()))?;
    let invocation = emulator.invoke(function, request.into()).await;
    let invocation = invocation.map_err(|error| ApiError::unavailable(error.to_string()))?;
    let response: Value = serde_json::from_slice(&invocation.payload)
        .map_err(|error| ApiError::unavailable(format!("{function} answered no JSON: {error}")))?;
    if invocation.function_error.is_some() {
        let message = response["errorMessage"].as_str().unwrap_or("it did not say why");
        let message = format!("{function} failed: {message}");
        // What is to be released was released meanwhile, or never held.
        return Err(match response["errorType"].as_str() {
            Some("Ingest.NotHeld") => ApiError::new(StatusCode::CONFLICT, message),
            _ => ApiError::unavailable(message),
        });
    }
    Ok(response)
}

/// Goes on when the page that asked is closed meanwhile.
pub(super) async fn to_the_end<T: Send + 'static>(
    task: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::spawn(task).await;
    done.map_err(|error| ApiError::unavailable(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ingestor_is_given_what_is_asked_for_and_no_more() {
        for (asked, given) in [
            ("{}", "{}"),
            (r#"{"force": false}"#, "{}"),
            (r#"{"force": true, "release": []}"#, r#"{"force":true}"#),
            (r#"{"release": ["CHF", "TRY"]}"#, r#"{"release":["CHF","TRY"]}"#),
        ] {
            let request: RunRequest = serde_json::from_str(asked).unwrap();
            assert_eq!(request.input().to_string(), given);
        }
        assert!(serde_json::from_str::<RunRequest>(r#"{"release": ["chf"]}"#).is_err());
    }
}
