//! What every request and answer passes: correlation id, CORS on every status, ETag comparison, gzip, one shape for all errors, a deadline, and a
//! net under panics.

use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::FutureExt;
use uuid::Uuid;

use super::error::{ApiError, ErrorCode};
use crate::metrics::{self, Metric};
use crate::trace;

/// Echoed from the request, or made.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// How long an answer may take; below the functions' timeout, so that the caller gets our error and not the gateway's.
const DEADLINE: Duration = Duration::from_secs(8);
/// Bodies below this many bytes are not worth compressing.
const SMALLEST_GZIP: usize = 1024;
/// Lambda's own limit for an answer is 6 MB.
const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

/// `routes` with all that goes for every endpoint.
pub fn edge(routes: Router) -> Router {
    routes
        .fallback(async |request: Request| {
            ApiError::invalid("path", request.uri().path(), "one of the paths in /openapi.json").into_not_found()
        })
        .method_not_allowed_fallback(async |request: Request| {
            let message = format!("{} is not allowed on {}", request.method(), request.uri().path());
            ApiError::new(ErrorCode::MethodNotAllowed, message)
        })
        .layer(from_fn(pass))
}

impl ApiError {
    fn into_not_found(mut self) -> Self {
        self.code = ErrorCode::NotFound;
        self
    }
}

async fn pass(request: Request, next: Next) -> Response {
    let started = Instant::now();
    trace::requested(&request);
    let correlation_id = correlation_id(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let asked = request.headers().clone();
    let mut response = if method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        answer(request, next).await
    };
    finish(&asked, &mut response).await;
    let headers = response.headers_mut();
    cors(headers);
    headers.insert(CORRELATION_ID, correlation_id.clone());
    let status = response.status().as_u16();
    trace::answered(status);
    metrics::count(Metric::ServerErrors, usize::from(status >= 500));
    tracing::info!(
        correlation_id = correlation_id.to_str().unwrap_or_default(),
        http.method = %method, http.path = %path.chars().take(200).collect::<String>(), http.status = status,
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "Request answered"
    );
    response
}

/// The route's answer; an error of ours where the route panics or takes too long.
async fn answer(request: Request, next: Next) -> Response {
    let answering = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(DEADLINE, answering).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("A route panicked");
            ApiError::new(
                ErrorCode::InternalServerError,
                "the service failed to answer; the fault is logged",
            )
            .into_response()
        }
        Err(_) => {
            tracing::warn!("A route did not answer in {DEADLINE:?}");
            ApiError::new(ErrorCode::ServiceUnavailable, "the answer took too long")
                .retry_after(5)
                .into_response()
        }
    }
}

/// 304 for what the caller has already, else gzip for whoever takes it.
async fn finish(asked: &HeaderMap, response: &mut Response) {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let tag = headers.get(header::ETAG).cloned();
    if let Some(tag) = &tag
        && response.status() == StatusCode::OK
        && has_already(asked, tag)
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::empty();
        return;
    }
    if !takes_gzip(asked) {
        return;
    }
    let Ok(body) = to_bytes(std::mem::take(response.body_mut()), LARGEST_ANSWER).await else {
        tracing::error!("An answer is larger than {LARGEST_ANSWER} bytes");
        let error = "the answer is too large; ask for less";
        *response = ApiError::new(ErrorCode::InternalServerError, error).into_response();
        return;
    };
    if body.len() < SMALLEST_GZIP {
        *response.body_mut() = Body::from(body);
        return;
    }
    match gzip(&body) {
        Ok(small) => {
            response.headers_mut().remove(header::CONTENT_LENGTH);
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            // A strong tag names bytes, and these are others (RFC 9110, 8.8.3.3).
            let zipped = tag.and_then(|tag| {
                tag.to_str()
                    .ok()
                    .map(|tag| format!("{}-gzip\"", tag.trim_end_matches('"')))
            });
            if let Some(Ok(tag)) = zipped.map(|tag| HeaderValue::from_str(&tag)) {
                response.headers_mut().insert(header::ETAG, tag);
            }
            *response.body_mut() = Body::from(small);
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "Could not compress an answer");
            *response.body_mut() = Body::from(body);
        }
    }
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// Whether `If-None-Match` names the tag, of the plain body or of the compressed one.
fn has_already(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let tag = tag.to_str().unwrap_or_default();
    let zipped = format!("{}-gzip\"", tag.trim_end_matches('"'));
    let lists = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|list| list.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == "*" || one == tag || one == zipped)
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let lists = asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

/// Anyone may read: the rates are public and nothing here knows cookies.
fn cors(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, DELETE, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Correlation-ID",
        ),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "ETag, Retry-After, X-Correlation-ID",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The caller's id if it is a short printable word, else a new one.
fn correlation_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(CORRELATION_ID).filter(|value| {
        let bytes = value.as_bytes();
        (1..=128).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
    });
    let made = || HeaderValue::from_str(&Uuid::new_v4().to_string());
    given
        .cloned()
        .or_else(|| made().ok())
        .unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests;
