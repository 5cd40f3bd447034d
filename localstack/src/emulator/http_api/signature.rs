//! Signature Version 4 of requests to routes with the authorizer `AWS_IAM`.
//!
//! Source: "Signature Version 4 signing process" and "Elements of an AWS API request signature", AWS IAM user guide; "Control access to
//! HTTP APIs with IAM authorization in API Gateway", Amazon API Gateway developer guide. The request is signed again with the
//! local credentials, and the signatures are compared. Signatures in the query string (presigned URLs) are not taken, and
//! no policy is looked at: the one user may do everything.

use std::time::{Duration, SystemTime};

use aws_sdk_sqs::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::http::{HeaderMap, header, request::Parts};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use crate::emulator::template::{ACCOUNT, REGION};

/// The access key of the local stack's one user.
pub const ACCESS_KEY: &str = "local";
/// Its secret.
pub const SECRET_KEY: &str = "local";
/// The service that signatures are for.
const SERVICE: &str = "execute-api";
/// How far the request's clock may be from ours.
const SKEW: Duration = Duration::from_secs(5 * 60);
const DATE: &str = "x-amz-date";

/// Why a request counts as not signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignatureError {
    #[error("header authorization is absent or not AWS4-HMAC-SHA256 with Credential, SignedHeaders and Signature")]
    Authorization,
    #[error("header x-amz-date is absent or not such as 20261123T150000Z")]
    Date,
    #[error("x-amz-date {date} is more than {} s from {now}", SKEW.as_secs())]
    Skew { date: DateTime<Utc>, now: DateTime<Utc> },
    #[error("credential is {given:?}, allowed: {allowed}")]
    Credential { given: String, allowed: String },
    #[error("signed headers are {given:?}, they must be in the request and name host and x-amz-date")]
    SignedHeaders { given: String },
    #[error("the request cannot be signed")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the signature is not that of the request")]
    Signature,
}

/// Who signed: `requestContext.authorizer.iam`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Caller {
    access_key: &'static str,
    account_id: &'static str,
    caller_id: &'static str,
    cognito_identity: Option<()>,
    principal_org_id: Option<()>,
    user_arn: String,
    user_id: &'static str,
}

/// The parts of the header `authorization`.
struct Authorization<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Who signed the request.
pub(super) fn verify(parts: &Parts, body: &[u8], now: DateTime<Utc>) -> Result<Caller, SignatureError> {
    let authorization = Authorization::read(&parts.headers).ok_or(SignatureError::Authorization)?;
    let date = text(&parts.headers, DATE)
        .and_then(|date| NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").ok())
        .ok_or(SignatureError::Date)?
        .and_utc();
    if (now - date).abs().to_std().is_ok_and(|skew| skew > SKEW) {
        return Err(SignatureError::Skew { date, now });
    }
    let allowed = format!("{ACCESS_KEY}/{}/{REGION}/{SERVICE}/aws4_request", date.format("%Y%m%d"));
    if authorization.credential != allowed {
        return Err(SignatureError::Credential {
            given: authorization.credential.to_owned(),
            allowed,
        });
    }
    if signature(parts, body, authorization.signed_headers, date)? != authorization.signature {
        return Err(SignatureError::Signature);
    }
    Ok(Caller {
        access_key: ACCESS_KEY,
        account_id: ACCOUNT,
        caller_id: ACCESS_KEY,
        cognito_identity: None,
        principal_org_id: None,
        user_arn: format!("arn:aws:iam::{ACCOUNT}:user/{ACCESS_KEY}"),
        user_id: ACCESS_KEY,
    })
}

/// The signature that the request ought to have.
fn signature(parts: &Parts, body: &[u8], signed_headers: &str, date: DateTime<Utc>) -> Result<String, SignatureError> {
    let refused = || SignatureError::SignedHeaders {
        given: signed_headers.to_owned(),
    };
    let mut headers = Vec::new();
    for name in signed_headers.split(';') {
        let before = headers.len();
        for value in parts.headers.get_all(name) {
            headers.push((name, value.to_str().map_err(|_| refused())?));
        }
        if headers.len() == before {
            return Err(refused());
        }
    }
    let host = headers.iter().find(|(name, _)| *name == header::HOST.as_str());
    let (Some((_, host)), true) = (host, headers.iter().any(|(name, _)| *name == DATE)) else {
        return Err(refused());
    };
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut settings = SigningSettings::default();
    // The client says which headers it signed, and no other is passed on.
    settings.excluded_headers = None;
    let identity = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "local stack").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(SERVICE)
        .time(SystemTime::from(date))
        .settings(settings)
        .build()
        .map_err(|error| SignatureError::Request(error.into()))?;
    let request = SignableRequest::new(
        parts.method.as_str(),
        format!("http://{host}{target}"),
        headers.iter().copied(),
        SignableBody::Bytes(body),
    )
    .map_err(|error| SignatureError::Request(error.into()))?;
    let signed = sign(request, &params.into()).map_err(|error| SignatureError::Request(error.into()))?;
    Ok(signed.signature().to_owned())
}

impl<'a> Authorization<'a> {
    fn read(headers: &'a HeaderMap) -> Option<Self> {
        let fields = text(headers, header::AUTHORIZATION.as_str())?.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name: &str| {
            let mut fields = fields.split(',').map(str::trim);
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        Some(Self {
            credential: field("Credential")?,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
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
}
