//! A queue of SQS that belongs to one test, of either kind: the FIFO queue of the backup, and the standard one of dead letters.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use uuid::Uuid;

/// A queue of one test's own.
pub struct Queue {
    /// Its address.
    pub url: String,
    /// What it is reached with.
    pub client: Client,
}

impl Queue {
    /// The kind of the backup queue, whose messages stay hidden for an hour.
    ///
    /// # Panics
    /// When SQS refuses.
    pub async fn fifo() -> Self {
        let client = Client::new(&aws_config::load_from_env().await);
        let request = client
            .create_queue()
            .queue_name(format!("backup-{}.fifo", Uuid::new_v4().simple()))
            .attributes(QueueAttributeName::FifoQueue, "true")
            .attributes(QueueAttributeName::DeduplicationScope, "messageGroup")
            .attributes(QueueAttributeName::FifoThroughputLimit, "perMessageGroupId")
            .attributes(QueueAttributeName::VisibilityTimeout, "3600");
        let url = request.send().await.unwrap().queue_url.unwrap();
        Self { url, client }
    }

    /// The kind of the dead letters.
    ///
    /// # Panics
    /// When SQS refuses.
    pub async fn standard() -> Self {
        let client = Client::new(&aws_config::load_from_env().await);
        let request = client
            .create_queue()
            .queue_name(format!("dead-{}", Uuid::new_v4().simple()));
        let url = request.send().await.unwrap().queue_url.unwrap();
        Self { url, client }
    }

    /// Sends a message of a group.
    ///
    /// # Panics
    /// When SQS refuses.
    pub async fn send(&self, group: &str, body: &str) {
        let request = self.client.send_message().queue_url(&self.url).message_group_id(group);
        let id = Uuid::new_v4().to_string();
        request
            .message_deduplication_id(id)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }

    /// Up to ten messages, waiting for the first as long as SQS allows.
    ///
    /// # Panics
    /// When SQS refuses.
    pub async fn receive(&self) -> Vec<Message> {
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10);
        let request = request
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .wait_time_seconds(20);
        request.send().await.unwrap().messages.unwrap_or_default()
    }

    /// All that wait now; they stay hidden from a second call.
    ///
    /// # Panics
    /// When SQS refuses.
    pub async fn drain(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            let request = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(10);
            let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
            let received = request.send().await.unwrap().messages.unwrap_or_default();
            if received.is_empty() {
                return messages;
            }
            messages.extend(received);
        }
    }

    /// Receives and deletes all: behind messages that are only received, a group gives no more than ten.
    ///
    /// # Panics
    /// When SQS refuses.
    pub async fn take_all(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            let received = self.drain().await;
            if received.is_empty() {
                return messages;
            }
            for message in &received {
                self.delete(message).await;
            }
            messages.extend(received);
        }
    }

    /// Deletes a message that was received.
    ///
    /// # Panics
    /// When SQS refuses.
    pub async fn delete(&self, message: &Message) {
        let request = self.client.delete_message().queue_url(&self.url);
        request
            .receipt_handle(message.receipt_handle().unwrap())
            .send()
            .await
            .unwrap();
    }
}

/// What SQS says of a message.
///
/// # Panics
/// When it says nothing of that name.
#[must_use]
pub fn attribute(message: &Message, name: MessageSystemAttributeName) -> String {
    message.attributes().unwrap()[&name].clone()
}

/// The bodies of all messages that are visible, which stay hidden for so many seconds.
pub async fn received(sqs: &Client, queue_url: &str, hidden_seconds: i32) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let request = sqs.receive_message().queue_url(queue_url).max_number_of_messages(10);
        let answer = request.visibility_timeout(hidden_seconds).send().await.unwrap();
        if answer.messages().is_empty() {
            return bodies;
        }
        bodies.extend(
            answer
                .messages()
                .iter()
                .map(|message| message.body().unwrap().to_owned()),
        );
    }
}
