//! An S3 bucket, through any endpoint that speaks S3's protocol.
//!
//! Source: "PutObject", Amazon S3 API reference. Requests are signed with Signature Version 4, as S3 wants it: the payload's hash in a header of
//! its own, and a path that is encoded once. Addresses have the bucket in their path, which every S3 server takes.

use std::time::SystemTime;

use aws_sdk_sqs::config::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use chrono::{DateTime, Utc};

use super::error::DestinationError;
use crate::aws::REGION;
use crate::error_chain::with_causes;

/// How much of an error response is shown.
const SHOWN_ERROR: usize = 500;

pub(super) struct BucketDestination {
    endpoint: String,
    name: String,
    credentials: Credentials,
    /// Without a limit of its own: `Destination::write` ends what takes longer than `WRITE_LIMIT`.
    client: reqwest::Client,
}

impl BucketDestination {
    pub(super) fn new(endpoint: String, name: String, credentials: Credentials) -> Self {
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            name,
            credentials,
            client: reqwest::Client::new(),
        }
    }

    pub(super) async fn put(&self, key: &str, body: String, now: DateTime<Utc>) -> Result<(), DestinationError> {
        let failed = |reason: String| DestinationError::Bucket {
            bucket: self.name.clone(),
            endpoint: self.endpoint.clone(),
            reason,
        };
        let url = format!("{}/{}/{key}", self.endpoint, self.name);
        let mut request = self.client.put(&url).header("content-type", "application/json");
        for (name, value) in self
            .signature(&url, &body, now)
            .map_err(|error| failed(with_causes(&*error)))?
        {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await;
        let response = response.map_err(|error| failed(with_causes(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let text = response.text().await.unwrap_or_default();
        Err(failed(format!(
            "{status} {}",
            text.chars().take(SHOWN_ERROR).collect::<String>()
        )))
    }

    /// The headers that sign a PUT.
    fn signature(
        &self,
        url: &str,
        body: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<(String, String)>, Box<dyn std::error::Error + Send + Sync>> {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("s3")
            .time(SystemTime::from(now))
            .settings(settings)
            .build()?;
        let body = SignableBody::Bytes(body.as_bytes());
        let headers = [("content-type", "application/json")];
        let request = SignableRequest::new("PUT", url, headers.into_iter(), body)?;
        let (instructions, _) = sign(request, &params.into())?.into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}
