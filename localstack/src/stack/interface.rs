//! The stack's own HTTP addresses, beside the Invoke API: `GET /_stack/status` and `POST /_stack/stop`.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use emulator::Emulator;
use tokio::sync::{RwLock, watch};

use std::collections::BTreeMap;

use super::console::{DeadLetterCache, Looks, Traces};
use super::control::Control;
use super::table::Table;
use super::{Places, StackStatus, State, report};
use crate::feed::Feed;

/// What the addresses speak of.
pub(super) struct Parts {
    pub(super) state: RwLock<State>,
    /// Taken out when the stack stops.
    pub(super) emulator: RwLock<Option<Emulator>>,
    pub(super) feed: Option<Feed>,
    pub(super) kafka: krafka::Kafka,
    pub(super) sqs: aws_sdk_sqs::Client,
    /// The template's queues, name and URL, by logical id.
    pub(super) queues: BTreeMap<String, (String, String)>,
    pub(super) control: Control,
    pub(super) table: Table,
    pub(super) looks: Looks,
    pub(super) dead_letters: DeadLetterCache,
    pub(super) traces: Arc<Traces>,
    pub(super) places: Places,
    pub(super) stop: watch::Sender<bool>,
}

impl Parts {
    /// The emulator, unless the stack is stopping. Nobody waits for what its holder does with it.
    pub(super) async fn emulator(&self) -> Option<Emulator> {
        self.emulator.read().await.clone()
    }
}

pub(super) fn router(parts: Arc<Parts>) -> Router {
    Router::new()
        .route("/_stack/status", get(status))
        .route("/_stack/stop", post(stop))
        .with_state(parts)
}

async fn status(Shared(parts): Shared<Arc<Parts>>) -> Response {
    let Some(emulator) = parts.emulator().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the stack is stopping").into_response();
    };
    let admin = parts.kafka.admin();
    let (lambda, topics) = tokio::join!(emulator.status(), report::topics(&admin));
    let state = parts.state.read().await;
    Json(StackStatus {
        started_at: state.started_at,
        live: state.live,
        endpoints: state.endpoints.clone(),
        servers: report::servers(&state),
        feed: parts.feed.as_ref().map(Feed::status),
        providers: report::providers(&lambda),
        topics,
        lambda,
    })
    .into_response()
}

async fn stop(Shared(parts): Shared<Arc<Parts>>) -> &'static str {
    parts.stop.send_replace(true);
    "stopping\n"
}
