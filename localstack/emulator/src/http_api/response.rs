//! A function's response as an HTTP response.
//!
//! Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", Amazon API Gateway developer guide, section "Lambda
//! function response for format 2.0". JSON without a `statusCode` is the body of a 200 response; anything else that does not
//! follow the format is the function's fault and answered with 500.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Headers that the connection decides, whatever the function says.
const CONNECTION_HEADERS: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TRAILER,
    header::UPGRADE,
];

/// Why a function's response cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResponseError {
    #[error("the function's answer is not JSON")]
    Json(#[source] serde_json::Error),
    #[error("the function's answer has a statusCode and does not follow format 2.0")]
    Format(#[source] serde_json::Error),
    #[error("statusCode of the function's answer is {0}, allowed: 200 to 599")]
    Status(u16),
    #[error("header {name} of the function's answer is {value:?}, which cannot be sent")]
    Header { name: String, value: String },
    #[error("the body of the function's answer is not base64, and isBase64Encoded is true")]
    Base64(#[source] base64_simd::Error),
}

/// Whether an object names a status.
#[derive(Deserialize)]
struct StatusProbe {
    #[serde(rename = "statusCode")]
    status_code: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyResponse {
    status_code: u16,
    headers: Option<BTreeMap<String, String>>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

/// The response to send.
pub(super) fn response(payload: Bytes) -> Result<Response, ResponseError> {
    if !has_status_code(&payload) {
        serde_json::from_slice::<IgnoredAny>(&payload).map_err(ResponseError::Json)?;
        let mut response = Response::new(Body::from(payload));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        return Ok(response);
    }
    let proxy: ProxyResponse = serde_json::from_slice(&payload).map_err(ResponseError::Format)?;
    let status = StatusCode::from_u16(proxy.status_code)
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or(ResponseError::Status(proxy.status_code))?;
    let body = match (proxy.body, proxy.is_base64_encoded) {
        (None, _) => Bytes::new(),
        (Some(text), Some(true)) => base64_simd::STANDARD
            .decode_to_vec(text)
            .map_err(ResponseError::Base64)?
            .into(),
        (Some(text), _) => text.into(),
    };
    // Neither has a body, whatever the function says.
    let has_body = !body.is_empty() && status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED;
    let mut response = Response::new(if has_body { Body::from(body) } else { Body::empty() });
    *response.status_mut() = status;
    let many = proxy.multi_value_headers.unwrap_or_default();
    let single = proxy.headers.unwrap_or_default();
    let single = single.into_iter().filter(|(name, _)| !many.contains_key(name));
    let cookies = proxy.cookies.unwrap_or_default().into_iter();
    let all = single
        .chain(
            many.iter()
                .flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone()))),
        )
        .chain(cookies.map(|cookie| (header::SET_COOKIE.to_string(), cookie)));
    for (name, value) in all {
        match (HeaderName::try_from(&name), HeaderValue::try_from(&value)) {
            (Ok(name), Ok(_)) if CONNECTION_HEADERS.contains(&name) => {}
            (Ok(name), Ok(value)) => {
                response.headers_mut().append(name, value);
            }
            _ => return Err(ResponseError::Header { name, value }),
        }
    }
    if has_body && !response.headers().contains_key(header::CONTENT_TYPE) {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
    }
    Ok(response)
}

fn has_status_code(payload: &[u8]) -> bool {
    // Asked first, because a list may be read as an object's fields in order.
    let is_object = payload.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    is_object && serde_json::from_slice::<StatusProbe>(payload).is_ok_and(|probe| probe.status_code.is_some())
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn sent(payload: &'static str) -> (u16, Vec<(String, String)>, Bytes) {
        let response = response(Bytes::from_static(payload.as_bytes())).unwrap();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let status = response.status().as_u16();
        (
            status,
            headers,
            to_bytes(response.into_body(), usize::MAX).await.unwrap(),
        )
    }

    fn header(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[tokio::test]
    async fn json_without_a_status_is_the_body() {
        let json = header("content-type", "application/json");
        for payload in [
            r#"{ "rate": 1335.270 }"#,
            "\"hello\"",
            "[1]",
            "null",
            r#"{"statusCode":null}"#,
        ] {
            assert_eq!(sent(payload).await, (200, vec![json.clone()], Bytes::from(payload)));
        }
    }

    #[tokio::test]
    async fn status_headers_cookies_and_body_are_sent() {
        let payload = r#"{"statusCode":201,"headers":{"X-One":"1","content-length":"99","Vary":"gone"},
            "multiValueHeaders":{"Vary":["Origin","Accept"]},"cookies":["a=1","b=2"],"body":"/w==","isBase64Encoded":true}"#;
        let headers = vec![
            header("x-one", "1"),
            header("vary", "Origin"),
            header("vary", "Accept"),
            header("set-cookie", "a=1"),
            header("set-cookie", "b=2"),
            header("content-type", "text/plain; charset=utf-8"),
        ];
        assert_eq!(sent(payload).await, (201, headers, Bytes::from_static(b"\xff")));
        let payload = r#"{"statusCode":304,"headers":{"ETag":"\"a\""},"body":"not sent"}"#;
        assert_eq!(sent(payload).await, (304, vec![header("etag", "\"a\"")], Bytes::new()));
        assert_eq!(sent(r#"{"statusCode":204}"#).await, (204, vec![], Bytes::new()));
    }

    #[test]
    fn what_does_not_follow_the_format_is_refused() {
        for payload in [
            "hello",
            "",
            r#"{"statusCode":"200"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"body":{"a":1}}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"headers":{"a b":"1"}}"#,
            r#"{"statusCode":200,"headers":{"a":"1\n2"}}"#,
        ] {
            assert!(response(Bytes::from_static(payload.as_bytes())).is_err(), "{payload}");
        }
    }
}
