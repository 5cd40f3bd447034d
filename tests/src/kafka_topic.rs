//! Kafka as a test looks at it: every record of a topic, each partition in order.

use std::time::Duration;

use krafka::Kafka;
use krafka::consumer::AutoOffsetReset;
use serde_json::Value;
use servers::topic_ends;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its key, as text.
    pub key: String,
    /// Its value, as text.
    pub payload: String,
    /// Its headers, as texts.
    pub headers: Vec<(String, String)>,
}

impl Record {
    /// The value of a header.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name).unwrap();
        value
    }

    /// The value, read as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap()
    }
}

/// Every record of a topic.
///
/// # Panics
/// When Kafka does not give them within a minute for each partition.
pub async fn read(bootstrap: &str, topic: &str) -> Vec<Record> {
    let kafka = Kafka::builder(bootstrap).connect().await.unwrap();
    let ends = topic_ends(&kafka.admin(), topic).await.unwrap();
    let mut records = Vec::new();
    for (partition, end) in ends {
        let consumer = kafka
            .consumer_without_group()
            .auto_offset_reset(AutoOffsetReset::Earliest);
        let consumer = consumer.enable_auto_commit(false).build().await.unwrap();
        consumer.assign(topic, vec![partition]).await.unwrap();
        consumer.seek(topic, partition, 0).await.unwrap();
        let all = async {
            while consumer.position(topic, partition).await.unwrap() < end {
                records.extend(consumer.poll(Duration::from_millis(500)).await.unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all).await.unwrap();
        consumer.close().await.unwrap();
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let header = |(name, value): &(String, Option<bytes::Bytes>)| (name.clone(), text(value.as_ref().unwrap()));
    let record = |record: &krafka::ConsumerRecord| Record {
        key: text(record.key.as_ref().unwrap()),
        payload: text(record.value.as_ref().unwrap()),
        headers: record.headers.iter().map(header).collect(),
    };
    records.iter().map(record).collect()
}
