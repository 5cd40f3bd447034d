//! Signature Version 4 of requests to routes with the authorizer `AWS_IAM`.
//!
//! Source: "Signature Version 4 signing process" and "Elements of an AWS API request signature", AWS IAM user guide; "Control access to
//! HTTP APIs with IAM authorization in API Gateway", Amazon API Gateway developer guide. The request is signed again with the
//! local credentials, and the signatures are compared. Signatures in the query string (presigned URLs) are not taken, and
//! no policy is read: the one user may do everything.

use std::time::{Duration, SystemTime};

use aws_sdk_sqs::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::http::{HeaderMap, header, request::Parts};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use crate::aws::{ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY};

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
    let identity = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "emulator").into();
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
mod tests;
