//! Lambda's own API, as far as AWS SDKs, the AWS CLI and `cargo lambda invoke` need it, and the addresses that custom resources respond to.
//!
//! Signatures are not checked.

mod error;
mod event_source_mappings;
mod invoke;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use bytes::Bytes;

use crate::custom_resource::RESPONSE_PATH;
use crate::stack::Stack;

/// The routes; the caller serves them on a port.
pub(crate) fn router(stack: &Arc<Stack>) -> Router {
    Router::new()
        .route(&format!("{RESPONSE_PATH}/{{id}}"), put(receive_response))
        .with_state(Arc::clone(stack))
        .merge(invoke::router(Arc::clone(stack)))
        .merge(event_source_mappings::router(Arc::clone(stack)))
}

async fn receive_response(State(stack): State<Arc<Stack>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    stack.pending_responses.receive(&id, body)
}
