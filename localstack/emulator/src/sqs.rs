//! SQS: clients for queues by their URLs, and the template's queues.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::aws::REGION;
use crate::error::EmulatorError;
use crate::template::Queue;

/// Longer than a long poll.
const CALL_LIMIT: Duration = Duration::from_secs(15);

/// A client for the server that the queue's URL names. It tries once: its callers try again themselves.
pub(crate) fn client(queue_url: &str, credentials: Credentials) -> Client {
    let (scheme, rest) = queue_url.split_once("://").unwrap_or(("http", queue_url));
    let host = rest.split('/').next().unwrap_or(rest);
    let timeouts = TimeoutConfig::builder().operation_timeout(CALL_LIMIT).build();
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(format!("{scheme}://{host}"))
        .credentials_provider(credentials)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}

/// Creates the queues with the attributes that the template gives them; returns their URLs by logical id.
///
/// # Errors
/// [`EmulatorError::Queue`] names the queue that SQS refuses, and what it said.
pub async fn create_queues(client: &Client, queues: &[Queue]) -> Result<BTreeMap<String, String>, EmulatorError> {
    let mut urls = BTreeMap::new();
    for queue in queues {
        let failed = |reason: String| EmulatorError::Queue {
            queue: queue.name.clone(),
            reason,
        };
        let attributes = queue
            .attributes
            .iter()
            .map(|(name, value)| (QueueAttributeName::from(name.as_str()), value.clone()));
        let attributes: HashMap<_, _> = attributes.collect();
        let request = client
            .create_queue()
            .queue_name(&queue.name)
            .set_attributes(Some(attributes));
        let created = request
            .send()
            .await
            .map_err(|error| failed(DisplayErrorContext(error).to_string()))?;
        let url = created.queue_url.ok_or_else(|| failed("SQS gave no URL".to_owned()))?;
        urls.insert(queue.logical_id.clone(), url);
    }
    Ok(urls)
}
