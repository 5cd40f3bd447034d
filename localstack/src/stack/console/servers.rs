//! Servers that buttons stop and start.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use servers::process_table::Identity;

use super::Console;
use super::api_error::ApiError;
use super::run::Done;
use super::state::{ServerMode, ServerView};
use crate::stack::State as StackState;
use crate::stack::context::StackContext;
use crate::stack::server_control::{ServerAction, ServerControl};

/// Kills a server, as a crash does
#[utoipa::path(
    post, path = "/pipeline/servers/{name}/stop", tag = "Control", operation_id = "stopServer",
    params(("name" = String, Path, description = "kafka, redis, postgres or mongo")),
    responses((status = 200, description = "It is gone", body = Done), (status = "4XX", description = "Not from here, or not this one", body = ApiError), (status = 503, description = "It would not", body = ApiError))
)]
pub(super) async fn stop(State(console): State<Console>, Path(name): Path<String>) -> Result<Json<Done>, ApiError> {
    act(console.context, &name, ServerAction::Stop).await
}

/// Starts a server again, on its port and its data
#[utoipa::path(
    post, path = "/pipeline/servers/{name}/start", tag = "Control", operation_id = "startServer",
    params(("name" = String, Path, description = "kafka, redis, postgres or mongo")),
    responses((status = 200, description = "It answers", body = Done), (status = "4XX", description = "Not from here, or not this one", body = ApiError), (status = 503, description = "It would not", body = ApiError))
)]
pub(super) async fn start(State(console): State<Console>, Path(name): Path<String>) -> Result<Json<Done>, ApiError> {
    act(console.context, &name, ServerAction::Start).await
}

async fn act(context: Arc<StackContext>, name: &str, action: ServerAction) -> Result<Json<Done>, ApiError> {
    let known = ServerControl::stoppable(&*context.state.read().await, name).ok_or_else(|| {
        let error = format!("server is {name:?}, allowed: those that the state says may be stopped");
        ApiError::new(StatusCode::NOT_FOUND, error)
    })?;
    // A page that is closed in the meantime must not leave a server half started.
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(change(&context, known, action)));
    let done = done.await.map_err(|error| ApiError::unavailable(error.to_string()))?;
    done.map(|()| Json(Done {}))
}

/// Stops or starts a server, unless it is so already, and remembers its process before anybody else may begin.
async fn change(context: &StackContext, name: &'static str, action: ServerAction) -> Result<(), ApiError> {
    let transition = context
        .servers
        .begin(name, action)
        .map_err(|busy| ApiError::new(StatusCode::CONFLICT, busy.to_string()))?;
    let process = context.state.read().await.servers.get(name).copied();
    let is_running = process.is_some_and(|process| process.is_alive());
    if is_running == (action == ServerAction::Start) {
        return Ok(());
    }
    match transition.run().await {
        Ok(process) => remember(context, name, process).await,
        Err(error) => Err(ApiError::unavailable(emulator::with_causes(&error))),
    }
}

/// Writes down which process a server has now, so that `down` finds it.
async fn remember(context: &StackContext, name: &str, process: Option<Identity>) -> Result<(), ApiError> {
    let mut state = context.state.write().await;
    if let Some(process) = process {
        state.servers.insert(name.to_owned(), process);
    }
    state
        .write(&context.paths)
        .map_err(|error| ApiError::unavailable(emulator::with_causes(&error)))
}

/// Each server and what it is doing.
pub(super) fn server_views(control: &ServerControl, state: &StackState) -> Vec<ServerView> {
    let view = |(name, process): (&String, &Identity)| ServerView {
        name: name.clone(),
        label: ServerControl::label(name).to_owned(),
        state: match control.action_on(name) {
            Some(ServerAction::Start) => ServerMode::Starting,
            Some(ServerAction::Stop) => ServerMode::Stopping,
            None if process.is_alive() => ServerMode::Running,
            None => ServerMode::Stopped,
        },
        may_stop: ServerControl::stoppable(state, name).is_some(),
    };
    state.servers.iter().map(view).collect()
}
