//! Lambda's Invoke API.
//!
//! Source: "Invoke", AWS Lambda API reference.

use std::time::Duration;

use aws_config::SdkConfig;
use bytes::Bytes;

use crate::signed::{Signed, SignedError};

/// What a function's trigger invokes. Without a qualifier Lambda takes `$LATEST`, which may be newer than what a deployment lets live, and for which there is
/// no right.
pub(crate) const ALIAS: &str = "live";
/// Characters of an answer that are repeated in an error.
const QUOTED: usize = 500;

/// Why a function was not called.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LambdaError {
    #[error("function {0:?} has no name that Lambda allows")]
    Name(String),
    #[error("cannot call function {function}")]
    Call { function: String, source: SignedError },
    #[error("cannot read the answer of function {function}")]
    Answer { function: String, source: reqwest::Error },
    #[error("Lambda does not call function {function}: {status} {text}")]
    Refused {
        function: String,
        status: u16,
        text: String,
    },
}

impl LambdaError {
    /// Whether the function, or the account, has as many invocations as it may: "Invoke", `TooManyRequestsException`.
    pub(crate) fn is_throttled(&self) -> bool {
        matches!(self, Self::Refused { status: 429, .. })
    }
}

/// What a function answered.
pub(crate) struct Invoked {
    pub(crate) payload: Bytes,
    /// Whether it failed: then the payload says how.
    pub(crate) is_error: bool,
}

/// The API.
pub(crate) struct Lambda {
    api: Signed,
}

impl Lambda {
    /// `endpoint` is for elsewhere than AWS.
    pub(crate) fn new(config: SdkConfig, endpoint: Option<String>) -> Self {
        Self {
            api: Signed::new(config, "lambda", endpoint),
        }
    }

    /// Calls a version or an alias of a function and waits for its answer, until `limit`.
    pub(crate) async fn invoke(
        &self,
        function: &str,
        qualifier: &str,
        payload: Vec<u8>,
        limit: Duration,
    ) -> Result<Invoked, LambdaError> {
        let is_allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        for name in [function, qualifier] {
            if name.is_empty() || name.len() > 140 || !name.chars().all(is_allowed) {
                return Err(LambdaError::Name(
                    format!("{function}:{qualifier}").chars().take(140).collect(),
                ));
            }
        }
        let path = format!("/2015-03-31/functions/{function}/invocations?Qualifier={qualifier}");
        let response = self.api.post(&path, &[], payload, limit).await;
        let response = response.map_err(|source| LambdaError::Call {
            function: function.to_owned(),
            source,
        })?;
        let (status, is_error) = (
            response.status(),
            response.headers().contains_key("x-amz-function-error"),
        );
        let payload = response.bytes().await.map_err(|source| LambdaError::Answer {
            function: function.to_owned(),
            source,
        })?;
        if status.is_success() {
            return Ok(Invoked { payload, is_error });
        }
        Err(LambdaError::Refused {
            function: function.to_owned(),
            status: status.as_u16(),
            text: shared::dead_letter::shortened(&String::from_utf8_lossy(&payload), QUOTED),
        })
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
            .invoke(
                "currency-cache-invalidation",
                ALIAS,
                b"{}".to_vec(),
                Duration::from_secs(5),
            )
            .await
            .unwrap();
        assert_eq!((&*invoked.payload, invoked.is_error), (&b"{}"[..], false));
        let request = server.await.unwrap();
        let line = "POST /2015-03-31/functions/currency-cache-invalidation/invocations?Qualifier=live HTTP/1.1\r\n";
        assert!(request.starts_with(line), "{request}");
        assert!(
            request.contains("authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
            "{request}"
        );
    }
}
