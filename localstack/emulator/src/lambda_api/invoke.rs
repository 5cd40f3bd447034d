//! The Invoke API.
//!
//! Source: "Invoke", AWS Lambda API reference.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde::de::IgnoredAny;

use super::error::error_response;
use crate::aws::{PAYLOAD_LIMIT, function_arn, function_name};
use crate::error_chain::with_causes;
use crate::function::Function;
use crate::invocation::InvokeError;
use crate::stack::Stack;

pub(super) fn router(stack: Arc<Stack>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .with_state(stack)
}

async fn invoke(State(stack): State<Arc<Stack>>, Path(name): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let name = function_name(&name);
    let function = match stack.function(name) {
        Ok(function) => Arc::clone(function),
        Err(_) => {
            let message = format!("Function not found: {}", function_arn(name));
            return error_response(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
        }
    };
    let Ok(body) = to_bytes(body, PAYLOAD_LIMIT).await else {
        let message = format!("Request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction operation");
        return error_response(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message);
    };
    // Without a payload AWS hands the function an empty object.
    let payload = if body.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        body
    };
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(&payload) {
        let message = format!("Could not parse request body into json: {error}");
        return error_response(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message);
    }
    let is_tail = match headers.get("x-amz-log-type").map(HeaderValue::as_bytes) {
        None | Some(b"None") => false,
        Some(b"Tail") => true,
        Some(other) => {
            let message = format!("log type {:?}, allowed: None, Tail", String::from_utf8_lossy(other));
            return error_response(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &message);
        }
    };
    match headers.get("x-amz-invocation-type").map(HeaderValue::as_bytes) {
        None | Some(b"RequestResponse") => invoke_synchronously(&function, payload, is_tail).await,
        Some(b"Event") => {
            tokio::spawn(async move {
                if let Err(error) = function.invoke(payload).await {
                    tracing::warn!(
                        function.name = function.name(),
                        error = &error as &dyn std::error::Error,
                        "Could not invoke {} asynchronously",
                        function.name()
                    );
                }
            });
            executed_response(StatusCode::ACCEPTED)
        }
        Some(b"DryRun") => executed_response(StatusCode::NO_CONTENT),
        Some(other) => {
            let message = format!(
                "invocation type {:?}, allowed: RequestResponse, Event, DryRun",
                String::from_utf8_lossy(other)
            );
            error_response(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &message)
        }
    }
}

/// The function's response; with `is_tail` also the end of its log, which AWS gives with no other way to invoke.
async fn invoke_synchronously(function: &Arc<Function>, payload: Bytes, is_tail: bool) -> Response {
    match function.invoke(payload).await {
        Ok(invocation) => {
            let mut response = executed_response(StatusCode::OK);
            *response.body_mut() = Body::from(invocation.payload);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            if let Ok(id) = HeaderValue::from_str(&invocation.request_id) {
                headers.insert("x-amzn-requestid", id);
            }
            let tail = base64_simd::STANDARD.encode_to_string(&invocation.log_tail);
            if let Some(Ok(tail)) = is_tail.then(|| HeaderValue::from_str(&tail)) {
                headers.insert("x-amz-log-result", tail);
            }
            if let Some(Ok(error)) = invocation.function_error.as_deref().map(HeaderValue::from_str) {
                headers.insert("x-amz-function-error", error);
            }
            response
        }
        Err(error) => {
            let (status, kind) = match &error {
                InvokeError::UnknownFunction { .. } => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
                InvokeError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException"),
                InvokeError::Throttled { .. } => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
                InvokeError::Spawn { .. } | InvokeError::ShuttingDown { .. } => {
                    (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException")
                }
            };
            error_response(status, kind, &with_causes(&error))
        }
    }
}

fn executed_response(status: StatusCode) -> Response {
    let mut response = status.into_response();
    response
        .headers_mut()
        .insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    response
}
