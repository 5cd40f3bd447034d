//! The way to SQS: one client for each function, whose waits are bounded.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::Client;

/// SQS takes 10 messages a call.
pub const CALL_MESSAGES: usize = 10;
/// SQS took 256 KiB a message and a call until August 2025, and 1 MiB since. What talks to it here keeps to the former limit: other implementations do, and
/// none of our messages needs more.
pub const CALL_BYTES: usize = 262_144;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait for the answer to one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a call with its repetition.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// A repetition covers a connection that died while the function was frozen. More would only delay the news that SQS is away.
const ATTEMPTS: u32 = 2;

/// A client as the environment says (region, credentials, `AWS_ENDPOINT_URL_SQS`), which waits at most 10 s for a call.
pub async fn client() -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    let config = aws_config::from_env()
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .load()
        .await;
    Client::new(&config)
}
