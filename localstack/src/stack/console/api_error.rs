//! How every route below `/pipeline` fails: a status and a sentence.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why the console does not do what it was asked to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiError {
    #[serde(skip)]
    status: StatusCode,
    /// A sentence.
    pub(super) error: String,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
        }
    }

    pub(super) fn stopping() -> Self {
        Self::unavailable("the stack is stopping")
    }

    pub(super) fn unavailable(error: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, axum::Json(self)).into_response()
    }
}
