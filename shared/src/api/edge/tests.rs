use axum::routing::get;
use tower::ServiceExt;

use super::super::{Answer, Freshness};
use super::*;

fn routes() -> Router {
    let answer = |body: &str| Answer::json(&body, Freshness::Revalidate);
    edge(
        Router::new()
            .route("/small", get(async move || answer("small")))
            .route("/large", get(async move || answer(&"large ".repeat(1000))))
            .route(
                "/panic",
                get(async || -> &'static str { panic!("a fault of the test's own") }),
            ),
    )
}

async fn send(method: &str, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (
        parts.status,
        parts.headers,
        to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    )
}

#[tokio::test]
async fn every_status_has_cors_and_a_correlation_id() {
    let (_, headers, _) = send("GET", "/small", &[]).await;
    let tag = headers[header::ETAG].to_str().unwrap().to_owned();
    for (method, path, asked, status) in [
        ("GET", "/small", vec![], 200),
        ("HEAD", "/small", vec![], 200),
        ("OPTIONS", "/small", vec![("access-control-request-method", "GET")], 204),
        ("GET", "/small", vec![("if-none-match", tag.as_str())], 304),
        ("GET", "/nowhere", vec![], 404),
        ("POST", "/small", vec![], 405),
        ("GET", "/panic", vec![], 500),
    ] {
        let (got, headers, body) = send(method, path, &asked).await;
        assert_eq!(got.as_u16(), status, "{method} {path}");
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{method} {path}");
        assert_eq!(headers[CORRELATION_ID].len(), 36);
        if status >= 400 {
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["success"], false);
            assert!(body["error"]["code"].is_string() && body["error"]["details"].is_object());
            assert!(body["timestamp"].is_string());
            assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        }
    }
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again_compressed_or_not() {
    let (_, plain, _) = send("GET", "/large", &[]).await;
    let (_, zipped, body) = send("GET", "/large", &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(zipped[header::CONTENT_ENCODING], "gzip");
    assert!(body.starts_with(&[0x1f, 0x8b]) && body.len() < 500);
    assert_ne!(plain[header::ETAG], zipped[header::ETAG]);
    for tag in [&plain[header::ETAG], &zipped[header::ETAG]] {
        let (status, headers, body) = send("GET", "/large", &[("if-none-match", tag.to_str().unwrap())]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert!(!headers.contains_key(header::CONTENT_ENCODING));
    }
    let (status, ..) = send("GET", "/large", &[("if-none-match", "\"other\"")]).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_correlation_id_is_echoed_if_it_is_one() {
    let (_, headers, _) = send("GET", "/small", &[("x-correlation-id", "run-42")]).await;
    assert_eq!(headers[CORRELATION_ID], "run-42");
    let (_, headers, _) = send("GET", "/small", &[("x-correlation-id", "two words")]).await;
    assert_eq!(headers[CORRELATION_ID].len(), 36);
}
