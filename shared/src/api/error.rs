//! Errors as callers see them: one shape on every route, a code from one list, a message that names the parameter, its value and what is allowed.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use super::envelope::now;
use crate::cache::CacheError;
use crate::error_chain::error_chain;

/// How much of a refused value is repeated in an answer.
const SHOWN_CHARACTERS: usize = 80;

/// What kind of error an answer reports. The one list of codes and their statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// 400: not one of ISO 4217's codes that the table knows.
    InvalidCurrencyCode,
    /// 400: not one of ISO 3166's alpha-2 codes that the table knows.
    InvalidCountryCode,
    /// 400: not one of the periods, or one that does not go with the interval.
    InvalidPeriod,
    /// 400: an unknown, repeated or empty parameter, or a value that is not allowed.
    InvalidParameter,
    /// 400: a required parameter is not there.
    MissingParameter,
    /// 403: the route needs an IAM signature.
    Forbidden,
    /// 404: no such route, or nothing known under that name.
    NotFound,
    /// 405: the route has other methods.
    MethodNotAllowed,
    /// 422: the stores hold too little to compute the answer.
    NotEnoughData,
    /// 429: too many requests of one client.
    RateLimitExceeded,
    /// 500: a fault of the service.
    InternalServerError,
    /// 503: a server that the answer needs is away; try again.
    ServiceUnavailable,
}

impl ErrorCode {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidCurrencyCode
            | Self::InvalidCountryCode
            | Self::InvalidPeriod
            | Self::InvalidParameter
            | Self::MissingParameter => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotEnoughData => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimitExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// What an error is about, where that can be said in fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Detail {
    /// The parameter, header or field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Its value, cut to 80 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
    /// How many points there are, when they are too few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
    /// How many points it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<u64>,
    /// The day of the last rate of a currency that has no current one any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub last_date: Option<NaiveDate>,
    /// What was perhaps meant, or what can be asked instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
    /// Seconds after which to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// Its kind.
    pub code: ErrorCode,
    /// A sentence for people.
    pub message: String,
    /// The same for programs.
    pub details: Box<Detail>,
}

impl ApiError {
    /// An error without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Box::default(),
        }
    }

    /// A parameter whose value is not allowed.
    #[must_use]
    pub fn refused(code: ErrorCode, parameter: &str, value: &str, allowed: &str) -> Self {
        let value = shown(value);
        Self {
            code,
            message: format!("{parameter} is {value:?}: allowed is {allowed}"),
            details: Box::new(Detail {
                parameter: Some(parameter.to_owned()),
                value: Some(value),
                allowed: Some(allowed.to_owned()),
                ..Detail::default()
            }),
        }
    }

    /// [`ErrorCode::InvalidParameter`] for a value.
    #[must_use]
    pub fn invalid(parameter: &str, value: &str, allowed: &str) -> Self {
        Self::refused(ErrorCode::InvalidParameter, parameter, value, allowed)
    }

    /// A required parameter that is not there.
    #[must_use]
    pub fn missing(parameter: &str, allowed: &str) -> Self {
        let mut error = Self::new(
            ErrorCode::MissingParameter,
            format!("{parameter} is missing: it must be {allowed}"),
        );
        error.details.parameter = Some(parameter.to_owned());
        error.details.allowed = Some(allowed.to_owned());
        error
    }

    /// Too little data: how many `points` there are and how many it takes.
    #[must_use]
    pub fn not_enough(what: &str, available: usize, required: usize) -> Self {
        let mut error = Self::new(
            ErrorCode::NotEnoughData,
            format!("{what}: there are {available}, it takes at least {required}"),
        );
        error.details.available = Some(available as u64);
        error.details.required = Some(required as u64);
        error
    }

    /// A server that the answer needs is away. The cause is logged, not shown.
    pub fn unavailable(server: &str, cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::warn!(server.name = server, error = %error_chain(cause), "Could not answer: {server} is not available");
        let mut error = Self::new(
            ErrorCode::ServiceUnavailable,
            format!("{server} is not available at the moment"),
        );
        error.details.retry_after = Some(5);
        error
    }

    /// A fault of the service itself. The cause is logged, not shown.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %error_chain(cause), "Could not answer");
        Self::new(
            ErrorCode::InternalServerError,
            "the service failed to answer; the fault is logged",
        )
    }

    /// The same error, to be tried again after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.details.retry_after = Some(seconds);
        self
    }
}

/// A caller's text, cut so that nobody's megabytes are repeated.
fn shown(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN_CHARACTERS).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
                Self::internal(&error)
            }
            // SQLSTATE classes 22, 23 and 42 (data, constraint, syntax or access rule) are our own mistakes; any other is the state of the server.
            sqlx::Error::Database(refusal)
                if refusal
                    .code()
                    .is_some_and(|code| ["22", "23", "42"].iter().any(|class| code.starts_with(class))) =>
            {
                Self::internal(&error)
            }
            _ => Self::unavailable("PostgreSQL", &error),
        }
    }
}

impl From<CacheError> for ApiError {
    fn from(error: CacheError) -> Self {
        Self::unavailable("Redis", &error)
    }
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorEnvelope {
    /// Always false.
    #[schema(example = false)]
    pub success: bool,
    /// What went wrong.
    pub error: ErrorBody,
    /// When the answer was made, RFC 3339 UTC.
    #[schema(format = DateTime)]
    pub timestamp: String,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Its kind.
    pub code: ErrorCode,
    /// A sentence for people: the parameter, its value and what is allowed.
    #[schema(example = "base is \"KRX\": allowed is a currency code of three capital letters (ISO 4217), such as USD")]
    pub message: String,
    /// The same for programs.
    pub details: Detail,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry_after = self.details.retry_after;
        let envelope = ErrorEnvelope {
            success: false,
            error: ErrorBody {
                code: self.code,
                message: self.message,
                details: *self.details,
            },
            timestamp: now(),
        };
        let mut response = (self.code.status(), axum::Json(envelope)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The errors that every route can answer, for its description.
#[derive(IntoResponses)]
pub enum FailureResponses {
    /// A parameter is unknown, repeated, missing or not allowed.
    #[response(status = 400)]
    BadRequest(ErrorEnvelope),
    /// Nothing is known under that name.
    #[response(status = 404)]
    NotFound(ErrorEnvelope),
    /// The service failed.
    #[response(status = 500)]
    Internal(ErrorEnvelope),
    /// A server that the answer needs is away.
    #[response(status = 503)]
    Unavailable(ErrorEnvelope),
}
