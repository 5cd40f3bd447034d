//! Who asks, as API Gateway says, and what they sent.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use lambda_http::request::RequestContext;
use serde::de::DeserializeOwned;

use super::error::{ApiError, ErrorCode};

/// The largest body that is read, in bytes. The bodies of this API are a few hundred.
const LARGEST_BODY: usize = 16 * 1024;

/// The client of a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The address that the connection came from, as API Gateway saw it; no header can change it. Behind CloudFront it is CloudFront's.
    pub address: String,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => Ok(Self {
                address: context.http.source_ip.clone().unwrap_or_default(),
            }),
            // Reached by no route of the template.
            _ => Err(ApiError::new(
                ErrorCode::Forbidden,
                "the request did not come through API Gateway",
            )),
        }
    }
}

/// A caller whose IAM signature API Gateway has checked.
#[derive(Debug, Clone, Copy)]
pub struct IamCaller;

impl<S: Sync> FromRequestParts<S> for IamCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context))
                if context
                    .authorizer
                    .as_ref()
                    .is_some_and(|authorizer| authorizer.iam.is_some()) =>
            {
                Ok(Self)
            }
            // Looked at here as well, so that a route without its authorizer is closed and not open.
            _ => Err(ApiError::new(
                ErrorCode::Forbidden,
                "this route needs a request signed with IAM credentials (SigV4)",
            )),
        }
    }
}

/// A body of type `application/json`, read as `T`.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = String::from_utf8_lossy(content_type.map_or(b"", |value| value.as_bytes())).into_owned();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::invalid("content-type", &content_type, "application/json"));
        }
        let body = axum::body::to_bytes(request.into_body(), LARGEST_BODY)
            .await
            .map_err(|_| ApiError::invalid("body", "too large", "JSON of at most 16384 bytes"))?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| ApiError::invalid("body", &error.to_string(), "JSON as the route documents it"))
    }
}
