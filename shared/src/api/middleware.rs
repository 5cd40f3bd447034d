//! What every request and answer passes: correlation id, CORS on every status, ETag comparison, gzip, one shape for all errors, a deadline, and a
//! net under panics.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::cors::{Any as AnyOrigin, CorsLayer, Vary};
use uuid::Uuid;

use super::error::{ApiError, ErrorCode};
use crate::metrics::{self, Metric};
use crate::trace;

/// Echoed from the request, or made.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// How long an answer may take; below the functions' timeout, so that the caller gets our error and not the gateway's.
const DEADLINE: Duration = Duration::from_secs(8);
/// Bodies below this many bytes are not worth compressing.
const SMALLEST_GZIP: u16 = 1024;
/// Lambda's own limit for an answer is 6 MB.
const LARGEST_ANSWER: u64 = 6 * 1024 * 1024;

/// `routes` with all that goes for every endpoint.
pub fn with_middleware(routes: Router) -> Router {
    routes
        .fallback(async |request: Request| {
            ApiError::invalid("path", request.uri().path(), "one of the paths in /openapi.json").into_not_found()
        })
        .method_not_allowed_fallback(async |request: Request| {
            let message = format!("{} is not allowed on {}", request.method(), request.uri().path());
            ApiError::new(ErrorCode::MethodNotAllowed, message)
        })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(in_time))
        .layer(from_fn(unless_known))
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(SizeAbove::new(SMALLEST_GZIP)),
        )
        .layer(cors())
        .layer(from_fn(pass))
}

impl ApiError {
    fn into_not_found(mut self) -> Self {
        self.code = ErrorCode::NotFound;
        self
    }
}

/// The outermost: the correlation id, the log line and the counts.
async fn pass(request: Request, next: Next) -> Response {
    let started = Instant::now();
    trace::requested(&request);
    let correlation_id = correlation_id(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
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

/// Anyone may read: the rates are public and nothing here knows cookies.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE, Method::OPTIONS])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            header::IF_NONE_MATCH,
            CORRELATION_ID,
        ])
        .expose_headers([header::ETAG, header::RETRY_AFTER, CORRELATION_ID])
        .max_age(Duration::from_secs(24 * 60 * 60))
        // The answer is the same for every origin, so a cache may give it to all.
        .vary(Vary::list([]))
}

/// The answer where a route panics.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("A route panicked");
    ApiError::new(
        ErrorCode::InternalServerError,
        "the service failed to answer; the fault is logged",
    )
    .into_response()
}

/// The route's answer, or an error of ours where it takes too long.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("A route did not answer in {DEADLINE:?}");
            ApiError::new(ErrorCode::ServiceUnavailable, "the answer took too long")
                .retry_after(5)
                .into_response()
        }
    }
}

/// 304 for what the caller has already, with every header that the 200 would have had (RFC 9110, 15.4.5), but for those about a body.
async fn unless_known(request: Request, next: Next) -> Response {
    let asked = request.headers().clone();
    let mut response = next.run(request).await;
    if response.body().size_hint().lower() > LARGEST_ANSWER {
        tracing::error!("An answer is larger than {LARGEST_ANSWER} bytes");
        let error = "the answer is too large; ask for less";
        response = ApiError::new(ErrorCode::InternalServerError, error).into_response();
    }
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let is_known = headers.get(header::ETAG).is_some_and(|tag| has_already(&asked, tag));
    if is_known && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::empty();
    }
    response
}

/// Whether `If-None-Match` names the tag, by weak comparison (RFC 9110, 8.8.3.2 and 13.1.2). Our tags have no comma, so a comma ends one.
fn has_already(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let ours = opaque(tag.to_str().unwrap_or_default());
    let lists = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|list| list.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .any(|one| one.trim() == "*" || opaque(one) == ours)
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
