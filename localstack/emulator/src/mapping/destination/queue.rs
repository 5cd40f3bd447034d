//! An SQS queue.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_sqs::error::DisplayErrorContext;

use super::{DestinationError, Keys};
use crate::template::REGION;

pub(super) struct Queue {
    url: String,
    client: Client,
}

impl Queue {
    /// The queue at this URL; SQS is where it leads.
    pub(super) fn new(url: String, keys: &Keys) -> Self {
        let endpoint: String = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new(&keys.access, &keys.secret, None, None, "local stack"))
            // The mapping itself tries again.
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            url,
            client: Client::from_conf(config),
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
