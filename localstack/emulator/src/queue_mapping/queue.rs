//! The mapping's queue: receiving, releasing, deleting and counting its messages.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Credentials;
use aws_sdk_sqs::error::{BuildError, DisplayErrorContext};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName,
};

use crate::aws::{ACCESS_KEY, SECRET_KEY};
use crate::sqs;

/// The most messages of one request to SQS.
pub(super) const MAX_MESSAGES: usize = 10;

/// Why SQS did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum QueueError {
    #[error("SQS did not answer in time")]
    Timeout,
    /// What the SDK says, its causes included.
    #[error("{0}")]
    Request(String),
    #[error("SQS gave no {0}")]
    MissingCount(QueueAttributeName),
    #[error(transparent)]
    Entry(#[from] BuildError),
    /// What SQS says of the first message that it did not delete.
    #[error("{0}")]
    NotDeleted(String),
}

/// How many messages a queue has.
pub(super) struct MessageCounts {
    pub(super) visible: u64,
    pub(super) hidden: u64,
}

pub(super) struct MessageQueue {
    url: String,
    client: Client,
}

impl MessageQueue {
    pub(super) fn new(url: &str) -> Self {
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "emulator");
        Self {
            url: url.to_owned(),
            client: sqs::client(url, credentials),
        }
    }

    /// Receives up to `count` messages, waiting `seconds` for the first.
    pub(super) async fn receive(&self, count: usize, seconds: i32) -> Result<Vec<Message>, QueueError> {
        let request = self.client.receive_message().queue_url(&self.url);
        let received = request
            .max_number_of_messages(i32::try_from(count).unwrap_or(1))
            .wait_time_seconds(seconds)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(request_error)?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Releases messages, at most [`MAX_MESSAGES`]: others may receive them after `seconds`.
    pub(super) async fn release(&self, messages: &[&Message], seconds: i32) -> Result<(), QueueError> {
        let entries = messages.iter().enumerate().map(|(place, message)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(place.to_string())
                .receipt_handle(message.receipt_handle().unwrap_or_default())
                .visibility_timeout(seconds)
                .build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let request = self.client.change_message_visibility_batch();
        let request = request.queue_url(&self.url).set_entries(Some(entries));
        request.send().await.map(drop).map_err(request_error)
    }

    /// Deletes messages, at most [`MAX_MESSAGES`].
    pub(super) async fn delete(&self, messages: &[&Message]) -> Result<(), QueueError> {
        let entries = messages.iter().enumerate().map(|(place, message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .receipt_handle(message.receipt_handle().unwrap_or_default())
                .build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let request = self.client.delete_message_batch().queue_url(&self.url);
        let deleted = request.set_entries(Some(entries)).send().await.map_err(request_error)?;
        match deleted.failed() {
            [] => Ok(()),
            [first, ..] => Err(QueueError::NotDeleted(
                first.message().unwrap_or(first.code()).to_owned(),
            )),
        }
    }

    /// How many messages the queue has, as SQS counts them.
    pub(super) async fn counts(&self) -> Result<MessageCounts, QueueError> {
        let (visible, hidden) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        );
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let found = request
            .attribute_names(visible.clone())
            .attribute_names(hidden.clone())
            .send()
            .await
            .map_err(request_error)?;
        let count = |name: QueueAttributeName| {
            let text = found.attributes().and_then(|attributes| attributes.get(&name));
            text.and_then(|text| text.parse().ok())
                .ok_or(QueueError::MissingCount(name))
        };
        Ok(MessageCounts {
            visible: count(visible)?,
            hidden: count(hidden)?,
        })
    }
}

fn request_error(error: impl std::error::Error) -> QueueError {
    QueueError::Request(DisplayErrorContext(error).to_string())
}
