//! The stack's admin API, beside the Invoke API, for the commands: `GET /_stack/status` and `POST /_stack/stop`.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::context::StackContext;
use super::{StackStatus, status};
use crate::feed::Feed;

pub(super) fn router(context: Arc<StackContext>) -> Router {
    Router::new()
        .route("/_stack/status", get(show_status))
        .route("/_stack/stop", post(stop))
        .with_state(context)
}

async fn show_status(Shared(context): Shared<Arc<StackContext>>) -> Response {
    let Some(emulator) = context.emulator().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the stack is stopping").into_response();
    };
    let admin = context.kafka.admin();
    let (lambda, topics) = tokio::join!(emulator.status(), status::topics(&admin));
    let state = context.state.read().await;
    Json(StackStatus {
        started_at: state.started_at,
        live: state.live,
        endpoints: state.endpoints.clone(),
        servers: status::servers(&state),
        feed: context.feed.as_ref().map(Feed::status),
        providers: status::providers(&lambda),
        topics,
        lambda,
    })
    .into_response()
}

async fn stop(Shared(context): Shared<Arc<StackContext>>) -> &'static str {
    context.stop.send_replace(true);
    "stopping\n"
}
