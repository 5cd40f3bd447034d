//! Error responses of Lambda's API.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

/// An error of this kind, such as `ResourceNotFoundException`.
pub(super) fn error_response(status: StatusCode, kind: &'static str, message: &str) -> Response {
    let fault = if status.is_server_error() { "Service" } else { "User" };
    // The API's own model spells the field `Message` for some errors and `message` for others; SDKs accept either.
    let body = serde_json::json!({ "Type": fault, "Message": message });
    let mut response = (status, axum::Json(body)).into_response();
    response
        .headers_mut()
        .insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}
