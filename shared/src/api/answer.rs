//! A successful answer: the envelope, its strong ETag, how long it may be kept, and the same rows as JSON, CSV or NDJSON.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::Hasher;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::ApiError;

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

    fn content_type(self) -> HeaderValue {
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

/// A strong tag of the data: the same data have the same tag in every instance and after every restart.
fn etag(format: Format, data: &str) -> String {
    // SipHash with fixed keys, twice with different beginnings: 128 bits. It keeps apart answers, not adversaries.
    let half = |seed: &str| {
        let mut hasher = DefaultHasher::new();
        hasher.write(seed.as_bytes());
        hasher.write(data.as_bytes());
        hasher.finish()
    };
    format!(
        "\"{:016x}{:016x}\"",
        half(&format!("{format}/a")),
        half(&format!("{format}/b"))
    )
}

/// RFC 4180: a line of names, then a line a row; a field with a comma, a quote or a line break is quoted.
fn csv<R: Serialize>(rows: &[R]) -> Result<String, ApiError> {
    use serde_json::value::RawValue;
    let mut text = String::new();
    for (place, row) in rows.iter().enumerate() {
        let json = encode(row)?;
        // Raw, so that a number keeps its digits.
        let fields: Fields<'_> = serde_json::from_str(&json).map_err(|error| ApiError::internal(&error))?;
        if place == 0 {
            let names: Vec<String> = fields.0.iter().map(|(name, _)| quoted(name)).collect();
            text.push_str(&(names.join(",") + "\r\n"));
        }
        let value = |value: &RawValue| match value.get() {
            "null" => Ok(String::new()),
            json if json.starts_with('"') => serde_json::from_str::<String>(json).map(|text| quoted(&text)),
            json => Ok(quoted(json)),
        };
        let values: Result<Vec<String>, _> = fields.0.iter().map(|(_, json)| value(json)).collect();
        text.push_str(&(values.map_err(|error| ApiError::internal(&error))?.join(",") + "\r\n"));
    }
    Ok(text)
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// The fields of an object, in the order they were written.
struct Fields<'a>(Vec<(String, &'a serde_json::value::RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        code: &'static str,
        name: &'static str,
        rate: Option<super::super::Number>,
    }

    fn rows() -> Vec<Row> {
        let rate = serde_json::from_str("1335.26673827425707").unwrap();
        vec![
            Row {
                code: "USD",
                name: "미국 달러",
                rate: Some(rate),
            },
            Row {
                code: "X,Y",
                name: "a \"name\"",
                rate: None,
            },
        ]
    }

    #[test]
    fn csv_quotes_what_needs_it_and_keeps_every_digit() {
        let text = csv(&rows()).unwrap();
        assert_eq!(
            text,
            "code,name,rate\r\nUSD,미국 달러,1335.26673827425707\r\n\"X,Y\",\"a \"\"name\"\"\",\r\n"
        );
    }

    #[test]
    fn the_tag_follows_the_data_and_not_the_time_or_the_place() {
        let tag = |value: u8, from| {
            let data = std::collections::BTreeMap::from([("value", value)]);
            Answer::served(data, from, Freshness::Release).unwrap().etag
        };
        assert_eq!(tag(1, ServedFrom::Cache), tag(1, ServedFrom::Store));
        assert_ne!(tag(1, ServedFrom::Cache), tag(2, ServedFrom::Cache));
        assert_ne!(etag(Format::Json, "a"), etag(Format::Csv, "a"));
    }

    #[test]
    fn an_answer_is_kept_until_the_next_expected_update() {
        let now: DateTime<Utc> = "2026-10-30T16:00:00Z".parse().unwrap();
        let until = |text: &str| Freshness::Until(text.parse().unwrap()).cache_control(now);
        assert_eq!(until("2026-10-30T16:10:00Z"), "public, max-age=600");
        assert_eq!(until("2026-11-02T15:00:00Z"), "public, max-age=3600");
        assert_eq!(until("2026-10-30T15:00:00Z"), "public, no-cache");
    }

    #[test]
    fn the_parameter_goes_before_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, "text/html, text/csv;q=0.9".parse().unwrap());
        assert_eq!(Format::negotiate(None, &headers), Format::Csv);
        assert_eq!(Format::negotiate(Some(Format::Ndjson), &headers), Format::Ndjson);
        assert_eq!(Format::negotiate(None, &HeaderMap::new()), Format::Json);
    }
}
