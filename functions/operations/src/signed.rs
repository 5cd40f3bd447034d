//! Signed requests to AWS's own APIs, of which single calls are made here: their SDK's clients would be the largest part of these functions.
//!
//! Source: "Create a signed AWS API request", AWS Identity and Access Management user guide.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_sqs::config::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignedError {
    #[error("there is no AWS region; set AWS_REGION")]
    NoRegion,
    #[error("there are no AWS credentials")]
    NoCredentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("cannot sign the request")]
    Sign(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("there is no answer")]
    Http(#[source] reqwest::Error),
}

/// One service's API.
pub(crate) struct Signed {
    config: SdkConfig,
    service: &'static str,
    endpoint: Option<String>,
    http: reqwest::Client,
}

impl Signed {
    /// `endpoint` is for elsewhere than AWS.
    pub(crate) fn new(config: SdkConfig, service: &'static str, endpoint: Option<String>) -> Self {
        Self {
            config,
            service,
            endpoint,
            http: reqwest::Client::new(),
        }
    }

    /// Sends `payload` to a path of the API and waits for the answer, until `limit`.
    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        payload: Vec<u8>,
        limit: Duration,
    ) -> Result<reqwest::Response, SignedError> {
        let (region, service) = (
            self.config.region().ok_or(SignedError::NoRegion)?.as_ref(),
            self.service,
        );
        let endpoint = match &self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None if region.starts_with("cn-") => format!("https://{service}.{region}.amazonaws.com.cn"),
            None => format!("https://{service}.{region}.amazonaws.com"),
        };
        let url = format!("{endpoint}{path}");
        let mut request = self.http.post(&url).timeout(limit);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in self.signature(region, &url, headers, &payload).await? {
            request = request.header(name, value);
        }
        request.body(payload).send().await.map_err(SignedError::Http)
    }

    async fn signature(
        &self,
        region: &str,
        url: &str,
        headers: &[(&str, &str)],
        payload: &[u8],
    ) -> Result<Vec<(String, String)>, SignedError> {
        let provider = self
            .config
            .credentials_provider()
            .ok_or_else(|| SignedError::NoCredentials("no provider of credentials is configured".into()))?;
        let credentials = provider.provide_credentials().await;
        let identity = credentials
            .map_err(|error| SignedError::NoCredentials(error.into()))?
            .into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(self.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| SignedError::Sign(error.into()))?;
        let request = SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(payload));
        let signed = sign(
            request.map_err(|error| SignedError::Sign(error.into()))?,
            &params.into(),
        );
        let (instructions, _) = signed.map_err(|error| SignedError::Sign(error.into()))?.into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}
