//! The template's queues on SQS.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::QueueAttributeName;

use super::EmulatorError;
use super::template::Queue;

/// Creates the queues with the attributes that the template gives them; gives their URLs by logical id.
///
/// # Errors
/// [`EmulatorError::Queue`] names the queue that SQS refuses, and what it said.
pub async fn create_queues(client: &Client, queues: &[Queue]) -> Result<BTreeMap<String, String>, EmulatorError> {
    let mut urls = BTreeMap::new();
    for queue in queues {
        let attributes = queue
            .attributes
            .iter()
            .map(|(name, value)| (QueueAttributeName::from(name.as_str()), value.clone()));
        let attributes: HashMap<_, _> = attributes.collect();
        let request = client
            .create_queue()
            .queue_name(&queue.name)
            .set_attributes(Some(attributes));
        let created = request.send().await.map_err(|error| failed(&queue.name, error))?;
        let url = created
            .queue_url
            .ok_or_else(|| reason(&queue.name, "SQS gave no URL"))?;
        urls.insert(queue.logical_id.clone(), url);
    }
    Ok(urls)
}

fn failed(queue: &str, error: impl std::error::Error) -> EmulatorError {
    reason(queue, &DisplayErrorContext(error).to_string())
}

fn reason(queue: &str, reason: &str) -> EmulatorError {
    EmulatorError::Queue {
        queue: queue.to_owned(),
        reason: reason.to_owned(),
    }
}
