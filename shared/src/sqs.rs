//! The way to SQS: one client for each function, whose waits are bounded.

use aws_sdk_sqs::Client;

/// SQS takes 10 messages a call.
pub const CALL_MESSAGES: usize = 10;
/// SQS took 256 KiB a message and a call until August 2025, and 1 MiB since. What talks to it here keeps to the former limit: other implementations do, and
/// none of our messages needs more.
pub const CALL_BYTES: usize = 262_144;

/// A client as the environment says (region, credentials, `AWS_ENDPOINT_URL_SQS`), which waits at most 10 s for a call.
pub async fn client() -> Client {
    Client::new(&crate::aws::config().await)
}
