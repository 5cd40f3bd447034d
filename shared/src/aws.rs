//! How AWS is asked: one configuration with bounded waits for every client of an AWS service, and for requests that are signed without one.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait for the answer to one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a call with its repetition.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// A repetition covers a connection that died while the function was frozen. More would only delay the news that the service is away.
const ATTEMPTS: u32 = 2;

/// As the environment says (region, credentials, `AWS_ENDPOINT_URL` and that of each service), with at most 10 s for a call.
pub async fn config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    aws_config::from_env()
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .load()
        .await
}
