//! A successful answer: its weak ETag, how long it may be kept, and the same rows as JSON, CSV or NDJSON.

mod csv;

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::csv::csv;
use super::envelope::{Envelope, now};
use super::error::ApiError;
use super::format::Format;
use crate::metrics::{self, Metric};

/// The longest time that an answer may be kept without asking again, in seconds: a source may correct its rates.
const LONGEST_SECONDS: i64 = 60 * 60;

/// Where an answer about rates was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServedFrom {
    /// Redis alone.
    Cache,
    /// PostgreSQL, for at least a part.
    Store,
}

impl ServedFrom {
    fn metric(self) -> Metric {
        match self {
            Self::Cache => Metric::CacheHits,
            Self::Store => Metric::CacheMisses,
        }
    }

    /// Where a whole was read whose parts were read there.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Store }
    }
}

/// Data about rates, and where they were read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Served<T> {
    /// The data.
    #[serde(flatten)]
    pub data: T,
    /// Where it was read. Not part of the ETag: the same data have the same tag.
    pub served_from: ServedFrom,
}

/// How long an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Until this instant, when its source is expected to have newer rates.
    Until(DateTime<Utc>),
    /// It changes only with a new release of the service.
    Release,
    /// It may have changed already: ask with the ETag each time.
    Revalidate,
}

impl Freshness {
    fn cache_control(self, now: DateTime<Utc>) -> String {
        let seconds = match self {
            Self::Until(next) => (next - now).num_seconds().clamp(0, LONGEST_SECONDS),
            Self::Release => LONGEST_SECONDS,
            Self::Revalidate => 0,
        };
        if seconds == 0 {
            "public, no-cache".to_owned()
        } else {
            format!("public, max-age={seconds}")
        }
    }
}

/// A success on its way to the caller.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    content_type: HeaderValue,
    etag: Option<String>,
    cache_control: String,
    body: String,
}

impl Answer {
    /// `data` in the envelope.
    ///
    /// # Errors
    /// [`ApiError`] when `data` has no JSON.
    pub fn json(data: &impl Serialize, freshness: Freshness) -> Result<Self, ApiError> {
        let tagged = encode(data)?;
        Self::enveloped(data, &tagged, freshness)
    }

    /// `data` about rates in the envelope, with where they were read.
    ///
    /// # Errors
    /// [`ApiError`] when `data` has no JSON.
    pub fn served<T: Serialize>(data: T, served_from: ServedFrom, freshness: Freshness) -> Result<Self, ApiError> {
        metrics::count(served_from.metric(), 1);
        let tagged = encode(&data)?;
        Self::enveloped(&Served { data, served_from }, &tagged, freshness)
    }

    /// The rows of an answer alone, each a flat object: its fields' names, in the order of the first row, are the columns.
    ///
    /// # Errors
    /// [`ApiError`] when a row has no JSON.
    pub fn rows<R: Serialize>(rows: &[R], format: Format, freshness: Freshness) -> Result<Self, ApiError> {
        let body = match format {
            Format::Json => encode(rows)?,
            Format::Ndjson => rows.iter().try_fold(String::new(), |text, row| {
                Ok::<_, ApiError>(text + &encode(row)? + "\n")
            })?,
            Format::Csv => csv(rows)?,
        };
        Ok(Self {
            status: StatusCode::OK,
            content_type: format.content_type(),
            etag: Some(etag(format, &body)),
            cache_control: freshness.cache_control(Utc::now()),
            body,
        })
    }

    /// A document of its own, JSON already, without the envelope.
    #[must_use]
    pub fn document(json: &str, freshness: Freshness) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: Format::Json.content_type(),
            etag: Some(etag(Format::Json, json)),
            cache_control: freshness.cache_control(Utc::now()),
            body: json.to_owned(),
        }
    }

    /// A new thing: 201, which no cache keeps.
    ///
    /// # Errors
    /// [`ApiError`] when `data` has no JSON.
    pub fn created(data: &impl Serialize) -> Result<Self, ApiError> {
        let mut answer = Self::once(data)?;
        answer.status = StatusCode::CREATED;
        Ok(answer)
    }

    /// An answer that holds for this request alone and that no cache keeps.
    ///
    /// # Errors
    /// [`ApiError`] when `data` has no JSON.
    pub fn once(data: &impl Serialize) -> Result<Self, ApiError> {
        let mut answer = Self::json(data, Freshness::Revalidate)?;
        answer.etag = None;
        "no-store".clone_into(&mut answer.cache_control);
        Ok(answer)
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    fn enveloped(data: &impl Serialize, tagged: &str, freshness: Freshness) -> Result<Self, ApiError> {
        Ok(Self {
            status: StatusCode::OK,
            content_type: Format::Json.content_type(),
            etag: Some(etag(Format::Json, tagged)),
            cache_control: freshness.cache_control(Utc::now()),
            body: encode(&Envelope {
                success: true,
                data,
                timestamp: now(),
            })?,
        })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.content_type);
        let tag = self.etag.and_then(|tag| HeaderValue::from_str(&tag).ok());
        tag.and_then(|tag| headers.insert(header::ETAG, tag));
        if let Ok(value) = HeaderValue::from_str(&self.cache_control) {
            headers.insert(header::CACHE_CONTROL, value);
        }
        response
    }
}

fn encode(data: &(impl Serialize + ?Sized)) -> Result<String, ApiError> {
    serde_json::to_string(data).map_err(|error| ApiError::internal(&error))
}

/// A weak tag of the data: the same data have the same tag in every instance and after every restart. Weak (RFC 9110, 8.8.1), because two bodies of one tag
/// may differ in when they were made and where they were read, and because the compressed body shares it.
fn etag(format: Format, data: &str) -> String {
    // SipHash with fixed keys, twice with different beginnings: 128 bits. It keeps apart answers, not adversaries.
    let half = |seed: &str| {
        let mut hasher = DefaultHasher::new();
        hasher.write(seed.as_bytes());
        hasher.write(data.as_bytes());
        hasher.finish()
    };
    format!(
        "W/\"{:016x}{:016x}\"",
        half(&format!("{format}/a")),
        half(&format!("{format}/b"))
    )
}

#[cfg(test)]
mod tests;
