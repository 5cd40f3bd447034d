use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::routing::get;
use chrono::{TimeDelta, Utc};
use tower::ServiceExt;

use super::super::{Answer, Format, Freshness};
use super::*;

fn routes() -> Router {
    let answer = |body: &str| Answer::json(&body, Freshness::Revalidate);
    with_middleware(
        Router::new()
            .route("/small", get(async move || answer("small")))
            .route("/large", get(async move || answer(&"large ".repeat(1000))))
            .route(
                "/limit",
                get(async move || Answer::document(&"x".repeat(1024), Freshness::Release)),
            )
            .route(
                "/below",
                get(async move || Answer::document(&"x".repeat(1023), Freshness::Release)),
            )
            .route("/huge", get(async move || answer(&"x".repeat(6 * 1024 * 1024))))
            .route(
                "/rows",
                get(async |headers: HeaderMap| {
                    let rows: Vec<_> = (0..500).map(|place| BTreeMap::from([("place", place)])).collect();
                    Answer::rows(
                        &rows,
                        Format::negotiate(None, &headers),
                        Freshness::Until(Utc::now() + TimeDelta::minutes(10)),
                    )
                }),
            )
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
        ("OPTIONS", "/small", vec![("access-control-request-method", "GET")], 200),
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
async fn a_page_of_another_origin_may_ask_and_read() {
    let asked = [
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "POST"),
    ];
    let (status, headers, _) = send("OPTIONS", "/small", &asked).await;
    let listed = |name: HeaderName| headers[name].to_str().unwrap().to_ascii_lowercase();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        listed(header::ACCESS_CONTROL_ALLOW_METHODS),
        "get,head,post,delete,options"
    );
    let fields = "authorization,content-type,idempotency-key,if-none-match,x-correlation-id";
    assert_eq!(listed(header::ACCESS_CONTROL_ALLOW_HEADERS), fields);
    assert_eq!(listed(header::ACCESS_CONTROL_MAX_AGE), "86400");
    let (_, headers, _) = send("GET", "/nowhere", &asked).await;
    assert_eq!(
        headers[header::ACCESS_CONTROL_EXPOSE_HEADERS],
        "etag,retry-after,x-correlation-id"
    );
    assert_eq!(
        headers.get_all(header::VARY).iter().collect::<Vec<_>>(),
        ["Accept, Accept-Encoding"]
    );
}

/// The headers of an answer that do not differ by the request's id or by its body's form.
fn kept(headers: &HeaderMap) -> BTreeMap<String, Vec<HeaderValue>> {
    let left_out = [
        CORRELATION_ID,
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
    ];
    let names = headers.keys().filter(|name| !left_out.contains(name));
    names
        .map(|name| (name.to_string(), headers.get_all(name).iter().cloned().collect()))
        .collect()
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again_in_the_form_that_was_asked_for() {
    let mut tags = Vec::new();
    for accept in ["application/json", "text/csv", "application/x-ndjson"] {
        for encoding in ["identity", "gzip"] {
            let asked = [("accept", accept), ("accept-encoding", encoding)];
            let (status, full, _) = send("GET", "/rows", &asked).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(
                full.contains_key(header::CONTENT_ENCODING),
                encoding == "gzip",
                "{accept} {encoding}"
            );
            assert_eq!(full[header::CACHE_CONTROL], "public, max-age=599");
            assert_eq!(full[header::VARY], "Accept, Accept-Encoding");
            let tag = full[header::ETAG].to_str().unwrap().to_owned();
            assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{tag}");
            // As it is, as a strong one (weak comparison), in a list, in a second header, and as anything at all.
            let strong = tag.trim_start_matches("W/").to_owned();
            let listed = format!("\"other\", {strong}");
            for known in [tag.as_str(), &strong, &listed, "*"] {
                let headers = [
                    &asked[..],
                    &[("if-none-match", "W/\"other\""), ("if-none-match", known)],
                ]
                .concat();
                let (status, less, body) = send("GET", "/rows", &headers).await;
                assert_eq!(
                    (status, body.len()),
                    (StatusCode::NOT_MODIFIED, 0),
                    "{accept} {encoding} {known}"
                );
                assert_eq!(kept(&less), kept(&full), "{accept} {encoding} {known}");
                for name in [header::CONTENT_ENCODING, header::CONTENT_TYPE] {
                    assert!(!less.contains_key(&name), "{name}");
                }
            }
            tags.push(tag);
        }
    }
    // The compressed body is the same representation to a weak tag; another format is another one.
    assert_eq!((&tags[0], &tags[2], &tags[4]), (&tags[1], &tags[3], &tags[5]));
    assert!(tags[0] != tags[2] && tags[2] != tags[4] && tags[0] != tags[4]);
    let others = [("accept", "text/csv"), ("if-none-match", tags[0].as_str())];
    let (status, headers, _) = send("GET", "/rows", &others).await;
    assert_eq!(
        (status, headers[header::ETAG].to_str().unwrap()),
        (StatusCode::OK, tags[2].as_str())
    );
}

#[tokio::test]
async fn gzip_is_for_those_who_take_it_and_for_what_is_large_enough() {
    for (path, encoding, zipped) in [
        ("/large", "gzip", true),
        ("/large", "br, GZIP", true),
        ("/large", "gzip;q=0.001", true),
        ("/large", "gzip;q=0.5, identity;q=0.1", true),
        ("/large", "gzip;q=0", false),
        ("/large", "gzip; q=0.000", false),
        ("/large", "gzip;q=0.1, identity;q=0.5", false),
        ("/large", "identity", false),
        ("/large", "br", false),
        ("/large", "gzip;q=2", false),
        ("/large", "", false),
        ("/limit", "gzip", true),
        ("/below", "gzip", false),
    ] {
        let (_, plain, whole) = send("GET", path, &[]).await;
        let (_, headers, body) = send("GET", path, &[("accept-encoding", encoding)]).await;
        assert_eq!(
            headers.contains_key(header::CONTENT_ENCODING),
            zipped,
            "{path} {encoding}"
        );
        assert_eq!(
            headers.get_all(header::VARY).iter().collect::<Vec<_>>(),
            ["Accept, Accept-Encoding"]
        );
        assert_eq!(plain[header::CONTENT_LENGTH], whole.len().to_string());
        if zipped {
            assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
            assert!(body.starts_with(&[0x1f, 0x8b]) && body.len() < 500);
            assert!(!headers.contains_key(header::CONTENT_LENGTH));
        } else {
            assert_eq!(body.len(), whole.len(), "{path} {encoding}");
        }
        let (_, mut head, nothing) = send("HEAD", path, &[("accept-encoding", encoding)]).await;
        head.insert(CORRELATION_ID, headers[CORRELATION_ID].clone());
        assert_eq!((head, nothing.len()), (headers, 0), "{path} {encoding}");
    }
}

#[tokio::test]
async fn an_answer_that_lambda_would_refuse_is_an_error_of_ours() {
    for encoding in ["identity", "gzip"] {
        let (status, headers, body) = send("GET", "/huge", &[("accept-encoding", encoding)]).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            String::from_utf8(body)
                .unwrap()
                .contains("the answer is too large; ask for less")
        );
        assert!(!headers.contains_key(header::ETAG));
    }
}

#[tokio::test]
async fn a_correlation_id_is_echoed_if_it_is_one() {
    let (_, headers, _) = send("GET", "/small", &[("x-correlation-id", "run-42")]).await;
    assert_eq!(headers[CORRELATION_ID], "run-42");
    let (_, headers, _) = send("GET", "/small", &[("x-correlation-id", "two words")]).await;
    assert_eq!(headers[CORRELATION_ID].len(), 36);
}
