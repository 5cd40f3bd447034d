//! JSON, CSV or NDJSON: what the caller prefers.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, header};
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
    /// What the caller prefers: the parameter `format`, or else the first media type in `Accept` that is known.
    #[must_use]
    pub fn negotiate(parameter: Option<Self>, headers: &HeaderMap) -> Self {
        let accepted = || {
            let types = headers
                .get_all(header::ACCEPT)
                .iter()
                .filter_map(|value| value.to_str().ok());
            types.flat_map(|types| types.split(',')).find_map(|wanted| {
                match wanted.split(';').next().unwrap_or_default().trim() {
                    "text/csv" => Some(Self::Csv),
                    "application/x-ndjson" => Some(Self::Ndjson),
                    "application/json" | "*/*" | "application/*" => Some(Self::Json),
                    _ => None,
                }
            })
        };
        parameter.or_else(accepted).unwrap_or_default()
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
