//! The envelope of every successful answer, and the instant that all answers carry, errors included.

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every success.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T> {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// The answer.
    pub data: T,
    /// When the answer was made, RFC 3339 UTC.
    #[schema(format = DateTime)]
    pub timestamp: String,
}

/// The present as answers print it.
pub(super) fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}
