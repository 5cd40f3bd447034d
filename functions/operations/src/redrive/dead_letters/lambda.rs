//! Lambda's Invoke API: one signed request, for which the SDK's client would be the largest part of this function.
//!
//! Source: "Invoke", AWS Lambda API reference.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_sqs::config::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;

/// What a handler's trigger invokes. Without it Lambda takes `$LATEST`, which may be newer than what a deployment lets live, and for which there is no right.
const ALIAS: &str = "live";
/// Characters of an answer that are repeated in an error.
const TOLD: usize = 500;

/// Why a function was not called.
#[derive(Debug, thiserror::Error)]
pub(super) enum LambdaError {
    #[error("function {0:?} has no name that Lambda allows")]
    Name(String),
    #[error("there is no AWS region; set AWS_REGION")]
    NoRegion,
    #[error("there are no AWS credentials")]
    NoCredentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("cannot sign the call of function {function}")]
    Sign {
        function: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("cannot call function {function}")]
    Http { function: String, source: reqwest::Error },
    #[error("Lambda does not call function {function}: {status} {text}")]
    Refused {
        function: String,
        status: u16,
        text: String,
    },
}

/// What a function answered.
pub(super) struct Invoked {
    pub(super) payload: Bytes,
    /// Whether it failed: then the payload says how.
    pub(super) is_error: bool,
}

/// The API.
pub(super) struct Lambda {
    config: SdkConfig,
    endpoint: Option<String>,
    http: reqwest::Client,
}

impl Lambda {
    /// `endpoint` is for elsewhere than AWS.
    pub(super) fn new(config: SdkConfig, endpoint: Option<String>) -> Self {
        Self {
            config,
            endpoint,
            http: reqwest::Client::new(),
        }
    }

    /// Calls a function's [`ALIAS`] and waits for its answer, until `limit`.
    pub(super) async fn invoke(
        &self,
        function: &str,
        payload: Vec<u8>,
        limit: Duration,
    ) -> Result<Invoked, LambdaError> {
        let is_allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        if function.is_empty() || function.len() > 140 || !function.chars().all(is_allowed) {
            return Err(LambdaError::Name(function.chars().take(140).collect()));
        }
        let region = self.config.region().ok_or(LambdaError::NoRegion)?.as_ref();
        let endpoint = match &self.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None if region.starts_with("cn-") => format!("https://lambda.{region}.amazonaws.com.cn"),
            None => format!("https://lambda.{region}.amazonaws.com"),
        };
        let url = format!("{endpoint}/2015-03-31/functions/{function}/invocations?Qualifier={ALIAS}");
        let failed = |source| LambdaError::Http {
            function: function.to_owned(),
            source,
        };
        let mut request = self.http.post(&url).timeout(limit);
        for (name, value) in self.signature(function, region, &url, &payload).await? {
            request = request.header(name, value);
        }
        let response = request.body(payload).send().await.map_err(failed)?;
        let (status, is_error) = (
            response.status(),
            response.headers().contains_key("x-amz-function-error"),
        );
        let payload = response.bytes().await.map_err(failed)?;
        if status.is_success() {
            return Ok(Invoked { payload, is_error });
        }
        Err(LambdaError::Refused {
            function: function.to_owned(),
            status: status.as_u16(),
            text: shared::dead_letter::shortened(&String::from_utf8_lossy(&payload), TOLD),
        })
    }

    async fn signature(
        &self,
        function: &str,
        region: &str,
        url: &str,
        payload: &[u8],
    ) -> Result<Vec<(String, String)>, LambdaError> {
        let provider = self
            .config
            .credentials_provider()
            .ok_or_else(|| LambdaError::NoCredentials("no provider of credentials is configured".into()))?;
        let credentials = provider.provide_credentials().await;
        let identity = credentials
            .map_err(|error| LambdaError::NoCredentials(error.into()))?
            .into();
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| LambdaError::Sign {
            function: function.to_owned(),
            source,
        };
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("lambda")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| failed(error.into()))?;
        let request = SignableRequest::new("POST", url, std::iter::empty(), SignableBody::Bytes(payload));
        let signed = sign(request.map_err(|error| failed(error.into()))?, &params.into());
        let (instructions, _) = signed.map_err(|error| failed(error.into()))?.into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// What is signed is what is sent: the alias stands in the one line that an HTTP server sees first.
    #[tokio::test]
    async fn a_function_is_called_by_its_alias() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            stream.write_all(answer).await.unwrap();
            String::from_utf8(request[..read].to_vec()).unwrap()
        });
        let credentials = Credentials::new("AKIDEXAMPLE", "no secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let lambda = Lambda::new(config, Some(endpoint));
        let invoked = lambda
            .invoke("currency-cache-invalidation", b"{}".to_vec(), Duration::from_secs(5))
            .await
            .unwrap();
        assert_eq!((&*invoked.payload, invoked.is_error), (&b"{}"[..], false));
        let request = server.await.unwrap();
        let line = "POST /2015-03-31/functions/currency-cache-invalidation/invocations?Qualifier=live HTTP/1.1\r\n";
        assert!(request.starts_with(line), "{request}");
        assert!(request.contains("authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{request}");
    }
}
