//! Servers that buttons stop and start.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::run::Done;
use super::state::{ServerMode, ServerView};
use super::{Console, Refusal};
use crate::stack::State as StackState;
use crate::stack::control::{Control, Work};
use crate::stack::interface::Parts;

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
            Err(error) => Err(Refusal::unavailable(emulator::with_causes(&error))),
        }
    }

    /// Writes down which process a server has now, so that `down` finds it.
    async fn remember(&self, name: &str, process: Option<servers::process_table::Identity>) -> Result<(), Refusal> {
        let mut state = self.state.write().await;
        if let Some(process) = process {
            state.servers.insert(name.to_owned(), process);
        }
        state
            .write(&self.places)
            .map_err(|error| Refusal::unavailable(emulator::with_causes(&error)))
    }
}

impl Control {
    /// Each server and what it is doing.
    pub(super) fn views(&self, state: &StackState) -> Vec<ServerView> {
        let view = |(name, process): (&String, &servers::process_table::Identity)| ServerView {
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
