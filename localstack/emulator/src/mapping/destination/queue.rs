//! An SQS queue.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Credentials;
use aws_sdk_sqs::error::DisplayErrorContext;

use super::error::DestinationError;
use crate::sqs;

pub(super) struct QueueDestination {
    url: String,
    client: Client,
}

impl QueueDestination {
    /// The queue at this URL; SQS is where it leads.
    pub(super) fn new(url: String, credentials: Credentials) -> Self {
        Self {
            client: sqs::client(&url, credentials),
            url,
        }
    }

    pub(super) async fn send(&self, body: String) -> Result<(), DestinationError> {
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        request.send().await.map(drop).map_err(|error| DestinationError::Queue {
            url: self.url.clone(),
            reason: DisplayErrorContext(error).to_string(),
        })
    }
}
