use axum::http::Request;

use super::*;

/// Computed apart from this program and its libraries, with Python's hmac and hashlib, after the guide's steps.
const SIGNATURE: &str = "84909762323b938ee86f11b6c4a266a7350b804a413cea71a81644813f8d1498";
const BODY: &[u8] = br#"{"a":1}"#;

fn parts(signature: &str, change: impl FnOnce(&mut HeaderMap)) -> Parts {
    let mut request = Request::post("/rates/cache?b=2&a=%ED%95%9C&a=1")
        .header("host", "127.0.0.1:9000")
        .header("x-amz-date", "20261123T150000Z")
        .header("content-type", "application/json")
        .header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential=local/20261123/us-east-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
            ),
        )
        .body(())
        .unwrap();
    change(request.headers_mut());
    request.into_parts().0
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

#[test]
fn a_request_signed_elsewhere_is_accepted_within_five_minutes() {
    for now in ["2026-11-23T15:00:00Z", "2026-11-23T15:05:00Z", "2026-11-23T14:55:00Z"] {
        let caller = verify(&parts(SIGNATURE, |_| ()), BODY, at(now)).unwrap();
        assert_eq!(caller.user_arn, "arn:aws:iam::000000000000:user/local");
    }
    for now in ["2026-11-23T15:05:01Z", "2026-11-23T14:54:59Z"] {
        let late = verify(&parts(SIGNATURE, |_| ()), BODY, at(now));
        assert!(matches!(late, Err(SignatureError::Skew { .. })), "{late:?}");
    }
}

#[test]
fn whatever_was_changed_after_signing_is_refused() {
    let now = at("2026-11-23T15:00:01Z");
    let refused = |parts: &Parts, body: &[u8]| verify(parts, body, now).unwrap_err();
    let is_forged = |error: SignatureError| matches!(error, SignatureError::Signature);
    assert!(is_forged(refused(&parts(SIGNATURE, |_| ()), br#"{"a":2}"#)));
    assert!(is_forged(refused(&parts(&SIGNATURE.replace('0', "1"), |_| ()), BODY)));
    let other = |name: &'static str, value: &'static str| {
        parts(SIGNATURE, |headers| {
            headers.insert(name, header::HeaderValue::from_static(value));
        })
    };
    assert!(is_forged(refused(&other("content-type", "text/plain"), BODY)));
    assert!(is_forged(refused(&other("x-amz-date", "20261123T150001Z"), BODY)));
    let mut path = parts(SIGNATURE, |_| ());
    path.uri = "/rates/cache?b=3&a=%ED%95%9C&a=1".parse().unwrap();
    assert!(is_forged(refused(&path, BODY)));
    let mut method = parts(SIGNATURE, |_| ());
    method.method = axum::http::Method::DELETE;
    assert!(is_forged(refused(&method, BODY)));
}

#[test]
fn what_is_missing_is_named() {
    let now = at("2026-11-23T15:00:01Z");
    let with = |authorization: &'static str| {
        let parts = parts(SIGNATURE, |headers| {
            headers.insert("authorization", header::HeaderValue::from_static(authorization));
        });
        verify(&parts, BODY, now).unwrap_err().to_string()
    };
    let scope = "local/20261123/us-east-1/execute-api/aws4_request";
    assert!(with("Basic bG9jYWw6bG9jYWw=").starts_with("header authorization is absent or not"));
    assert_eq!(
        with(
            "AWS4-HMAC-SHA256 Credential=local/20261123/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=0"
        ),
        format!("credential is \"local/20261123/eu-west-1/execute-api/aws4_request\", allowed: {scope}")
    );
    assert!(
        with("AWS4-HMAC-SHA256 Credential=local/20261123/us-east-1/execute-api/aws4_request, SignedHeaders=x-amz-date, Signature=0")
            .starts_with("signed headers are \"x-amz-date\"")
    );
    let undated = parts(SIGNATURE, |headers| {
        headers.remove("x-amz-date");
    });
    assert!(matches!(verify(&undated, BODY, now), Err(SignatureError::Date)));
}
