//! The backup queue of one test, on the SQS that the tests share.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use shared::kafka::ProducerRecord;

pub struct Backup {
    pub url: String,
    client: Client,
}

/// A message as it waits.
#[derive(Debug)]
pub struct Waiting {
    pub group: String,
    pub id: String,
    pub record: ProducerRecord,
}

impl Waiting {
    pub fn header(&self, name: &str) -> String {
        let (_, value) = self.record.headers.iter().find(|(key, _)| key == name).unwrap();
        String::from_utf8(value.clone()).unwrap()
    }
}

impl Backup {
    pub async fn create() -> Self {
        let client = Client::new(&aws_config::load_from_env().await);
        let created = client
            .create_queue()
            .queue_name(format!("backup-{}.fifo", uuid::Uuid::new_v4().simple()))
            .attributes(QueueAttributeName::FifoQueue, "true")
            .attributes(QueueAttributeName::DeduplicationScope, "messageGroup")
            .attributes(QueueAttributeName::FifoThroughputLimit, "perMessageGroupId")
            .send()
            .await
            .unwrap();
        let url = created.queue_url.unwrap();
        Self { url, client }
    }

    /// Every message, each group's in order; they stay hidden from a second call.
    pub async fn messages(&self) -> Vec<Waiting> {
        let mut messages = Vec::new();
        loop {
            let request = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(10)
                .visibility_timeout(3600)
                .message_system_attribute_names(MessageSystemAttributeName::All);
            let received = request.send().await.unwrap().messages.unwrap_or_default();
            if received.is_empty() {
                return messages;
            }
            for message in received {
                let attributes = message.attributes.unwrap();
                messages.push(Waiting {
                    group: attributes[&MessageSystemAttributeName::MessageGroupId].clone(),
                    id: attributes[&MessageSystemAttributeName::MessageDeduplicationId].clone(),
                    record: ProducerRecord::from_text(&message.body.unwrap()).unwrap(),
                });
            }
        }
    }
}
