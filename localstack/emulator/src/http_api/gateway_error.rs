//! Error responses of API Gateway's own, in its words.
//!
//! Source: "Troubleshooting issues with HTTP APIs in API Gateway", Amazon API Gateway developer guide.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

/// An error response of API Gateway's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GatewayError {
    BadRequest,
    Forbidden,
    NotFound,
    TooLarge,
    Internal,
    Unavailable,
}

impl GatewayError {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn response(self) -> Response {
        let message = match self {
            Self::BadRequest => "Bad Request",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not Found",
            Self::TooLarge => "Request Entity Too Large",
            Self::Internal => "Internal Server Error",
            Self::Unavailable => "Service Unavailable",
        };
        (self.status(), axum::Json(serde_json::json!({ "message": message }))).into_response()
    }
}
