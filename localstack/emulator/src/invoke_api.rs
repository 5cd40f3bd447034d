//! The Invoke API, as AWS SDKs, the AWS CLI and `cargo lambda invoke` speak it.
//!
//! Source: "Invoke", AWS Lambda API reference. Signatures are not looked at.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use bytes::Bytes;
use serde::de::IgnoredAny;

use super::function::{Function, InvokeError};
use super::template::function_arn;
use super::{Inner, PAYLOAD_LIMIT, custom_resource, mapping_api};

/// The routes; the caller serves them on a port.
pub(super) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .route(
            &format!("{}/{{id}}", custom_resource::RESPONSE_PATH),
            put(custom_resource::receive),
        )
        .with_state(Arc::clone(&inner))
        .merge(mapping_api::router(inner))
}

async fn invoke(State(inner): State<Arc<Inner>>, Path(name): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let name = function_name(&name);
    let function = match inner.function(name) {
        Ok(function) => Arc::clone(function),
        Err(_) => {
            let message = format!("Function not found: {}", function_arn(name));
            return refuse(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
        }
    };
    let Ok(body) = to_bytes(body, PAYLOAD_LIMIT).await else {
        let message = format!("Request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction operation");
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message);
    };
    // Without a payload AWS hands the function an empty object.
    let payload = if body.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        body
    };
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(&payload) {
        let message = format!("Could not parse request body into json: {error}");
        return refuse(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message);
    }
    let is_tail = match headers.get("x-amz-log-type").map(HeaderValue::as_bytes) {
        None | Some(b"None") => false,
        Some(b"Tail") => true,
        Some(other) => {
            let message = format!("log type {:?}, allowed: None, Tail", String::from_utf8_lossy(other));
            return refuse(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &message);
        }
    };
    match headers.get("x-amz-invocation-type").map(HeaderValue::as_bytes) {
        None | Some(b"RequestResponse") => wait_for(&function, payload, is_tail).await,
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
            executed(StatusCode::ACCEPTED)
        }
        Some(b"DryRun") => executed(StatusCode::NO_CONTENT),
        Some(other) => {
            let message = format!(
                "invocation type {:?}, allowed: RequestResponse, Event, DryRun",
                String::from_utf8_lossy(other)
            );
            refuse(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &message)
        }
    }
}

/// The function's answer; with `is_tail` also the end of its log, which AWS gives with no other way to invoke.
async fn wait_for(function: &Arc<Function>, payload: Bytes, is_tail: bool) -> Response {
    match function.invoke(payload).await {
        Ok(invocation) => {
            let mut response = executed(StatusCode::OK);
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
                InvokeError::Spawn { .. } | InvokeError::Ending { .. } => {
                    (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException")
                }
            };
            refuse(status, kind, &super::with_causes(&error))
        }
    }
}

fn executed(status: StatusCode) -> Response {
    let mut response = status.into_response();
    response
        .headers_mut()
        .insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    response
}

pub(super) fn refuse(status: StatusCode, kind: &'static str, message: &str) -> Response {
    let fault = if status.is_server_error() { "Service" } else { "User" };
    // The API's own model spells the field `Message` for some errors and `message` for others; SDKs accept either.
    let body = serde_json::json!({ "Type": fault, "Message": message });
    let mut response = (status, axum::Json(body)).into_response();
    response
        .headers_mut()
        .insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

/// The plain name in `name`, `name:qualifier`, `account:function:name` or an ARN.
pub(super) fn function_name(name: &str) -> &str {
    let name = match name.split_once("function:") {
        Some((_, rest)) => rest,
        None => name,
    };
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_name_and_by_arn() {
        for name in [
            "rates",
            "rates:$LATEST",
            "000000000000:function:rates",
            "arn:aws:lambda:us-east-1:000000000000:function:rates",
            "arn:aws:lambda:us-east-1:000000000000:function:rates:7",
        ] {
            assert_eq!(function_name(name), "rates");
        }
    }
}
