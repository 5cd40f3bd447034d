//! What waits in the backup queue of one test.

use aws_sdk_sqs::types::MessageSystemAttributeName;
use shared::kafka::ProducerRecord;
use tests::queue::{Queue, attribute};

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

/// Every message, each group's in order; they stay hidden from a second call.
pub async fn waiting(queue: &Queue) -> Vec<Waiting> {
    let messages = queue.drain().await;
    let read = |message| Waiting {
        group: attribute(message, MessageSystemAttributeName::MessageGroupId),
        id: attribute(message, MessageSystemAttributeName::MessageDeduplicationId),
        record: ProducerRecord::from_text(message.body().unwrap()).unwrap(),
    };
    messages.iter().map(read).collect()
}
