//! JSON, CSV or NDJSON: what the caller prefers.

mod accept;

use std::fmt;

use axum::http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How rows are written. JSON is the whole answer; the other two are its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `application/json`.
    #[default]
    Json,
    /// `text/csv`, RFC 4180, UTF-8, with a line of names.
    Csv,
    /// `application/x-ndjson`, one row a line.
    Ndjson,
}

impl Format {
    /// What the caller prefers: the parameter `format`, or else what `Accept` gives the highest quality. JSON where it names nothing that there is, because
    /// an answer is of more use than a 406 (RFC 9110, 12.5.1 leaves the choice).
    #[must_use]
    pub fn negotiate(parameter: Option<Self>, headers: &HeaderMap) -> Self {
        parameter
            .or_else(|| accept::preferred(headers, &[Self::Json, Self::Csv, Self::Ndjson]))
            .unwrap_or_default()
    }

    /// Its media type without parameters, in two parts.
    fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::Csv => ("text", "csv"),
            Self::Ndjson => ("application", "x-ndjson"),
        }
    }

    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        })
    }
}
