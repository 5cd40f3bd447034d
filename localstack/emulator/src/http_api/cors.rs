//! The API's own answers to requests from other origins, when the template has a `CorsConfiguration`.
//!
//! Source: "Configure CORS for HTTP APIs in API Gateway", Amazon API Gateway developer guide: preflights are answered whether or not
//! there is a route for them, and the functions' own CORS headers are ignored. Without a configuration both are the functions'
//! business.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::response::{IntoResponse as _, Response};

use crate::template::CorsSpec;

const HEADERS: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// The answer to a preflight; `None` when the request is none.
pub(super) fn preflight(cors: &CorsSpec, parts: &Parts) -> Option<Response> {
    let asks = parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if parts.method != Method::OPTIONS || !asks {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(origin) = allowed_origin(cors, &parts.headers) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(
            headers,
            header::ACCESS_CONTROL_ALLOW_METHODS,
            &cors.allow_methods.join(","),
        );
        set(
            headers,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            &cors.allow_headers.join(","),
        );
        if let Some(age) = cors.max_age {
            set(headers, header::ACCESS_CONTROL_MAX_AGE, &age.as_secs().to_string());
        }
        if cors.allow_credentials {
            set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
    }
    Some(response)
}

/// Puts the API's headers in place of the function's.
pub(super) fn set_headers(cors: &CorsSpec, request: &HeaderMap, response: &mut Response) {
    let headers = response.headers_mut();
    for name in &HEADERS {
        headers.remove(name);
    }
    if let Some(origin) = allowed_origin(cors, request) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(
            headers,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            &cors.expose_headers.join(","),
        );
        if cors.allow_credentials {
            set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
    }
}

fn allowed_origin(cors: &CorsSpec, request: &HeaderMap) -> Option<HeaderValue> {
    let origin = request.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    let is_allowed = |allowed: &String| match allowed.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => allowed == text,
    };
    let allowed = cors.allow_origins.iter().find(|allowed| is_allowed(allowed))?;
    match allowed.as_str() {
        "*" => Some(HeaderValue::from_static("*")),
        _ => Some(origin.clone()),
    }
}

/// Sets a header, unless it would be empty. What cannot stand in a header was no method, header or number to begin with.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}
