//! Kafka as tests look at it: everything that was published since the test began.

use std::time::Duration;

use bytes::Bytes;
use krafka::Kafka;
use krafka::admin::{NewTopic, OffsetSpec};
use krafka::consumer::TopicPartition;
use krafka::consumer::{AutoOffsetReset, ConsumerRecord};
use serde_json::Value;
use shared::event::Topic;
use shared::kafka::partition_of;
use tokio::time::timeout;

pub struct Reader {
    pub bootstrap_servers: String,
    kafka: Kafka,
    start: Vec<(TopicPartition, i64)>,
}

/// A record, in the words of events.
#[derive(Debug, Clone)]
pub struct Published {
    pub topic: String,
    pub key: String,
    pub payload: Bytes,
    pub headers: Vec<(String, String)>,
}

impl Published {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&String> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl Reader {
    pub async fn start(bootstrap_servers: String) -> Self {
        let kafka = Kafka::builder(bootstrap_servers.as_str()).connect().await.unwrap();
        let mut reader = Self {
            bootstrap_servers,
            kafka,
            start: Vec::new(),
        };
        reader.create_topics().await;
        reader.start = reader.ends().await;
        reader
    }

    async fn create_topics(&self) {
        let admin = self.kafka.admin();
        let topics = Topic::ALL.map(|topic| NewTopic::new(topic.name(), topic.partitions(), 1).unwrap());
        for (name, outcome) in admin.create_topics(topics, Default::default()).await.unwrap() {
            if let Err(error) = outcome {
                assert!(error.to_string().to_lowercase().contains("exist"), "{name}: {error}");
            }
        }
        // A topic that was created this moment may not have its leaders yet; Kafka answers when it has.
        timeout(Duration::from_secs(60), async {
            while admin
                .list_offsets(all_partitions(), Default::default())
                .await
                .unwrap()
                .values()
                .any(Result::is_err)
            {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }

    async fn ends(&self) -> Vec<(TopicPartition, i64)> {
        let ends = self
            .kafka
            .admin()
            .list_offsets(all_partitions(), Default::default())
            .await
            .unwrap();
        ends.into_iter()
            .map(|(partition, end)| (partition, end.unwrap().offset))
            .collect()
    }

    pub async fn since_start(&self) -> Vec<Published> {
        let ends = self.ends().await;
        let mut records = Vec::new();
        for (partition, end) in &ends {
            let start = self.start.iter().find(|(key, _)| key == partition).unwrap().1;
            if *end > start {
                records.extend(
                    timeout(Duration::from_secs(60), self.read(partition, start, *end))
                        .await
                        .unwrap(),
                );
            }
        }
        records.iter().map(published).collect()
    }

    async fn read(&self, partition: &TopicPartition, start: i64, end: i64) -> Vec<ConsumerRecord> {
        let builder = self
            .kafka
            .consumer_without_group()
            .auto_offset_reset(AutoOffsetReset::Earliest);
        let consumer = builder.enable_auto_commit(false).build().await.unwrap();
        consumer
            .assign(&partition.topic, vec![partition.partition])
            .await
            .unwrap();
        consumer
            .seek(&partition.topic, partition.partition, start)
            .await
            .unwrap();
        let mut records = Vec::new();
        while consumer.position(&partition.topic, partition.partition).await.unwrap() < end {
            records.extend(consumer.poll(Duration::from_millis(500)).await.unwrap());
        }
        consumer.close().await.unwrap();
        let topic = Topic::ALL
            .into_iter()
            .find(|topic| topic.name() == partition.topic)
            .unwrap();
        for record in &records {
            let key = String::from_utf8(record.key.clone().unwrap().to_vec()).unwrap();
            assert_eq!(partition_of(topic, &key), partition.partition, "{topic} {key}");
        }
        records
    }
}

fn all_partitions() -> Vec<(TopicPartition, OffsetSpec)> {
    let partitions =
        |topic: Topic| (0..topic.partitions()).map(move |partition| TopicPartition::new(topic.name(), partition));
    Topic::ALL
        .into_iter()
        .flat_map(partitions)
        .map(|partition| (partition, OffsetSpec::Latest))
        .collect()
}

fn published(record: &ConsumerRecord) -> Published {
    let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    Published {
        topic: record.topic.to_string(),
        key: text(record.key.as_ref().unwrap()),
        payload: record.value.clone().unwrap(),
        headers: record
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), text(value.as_ref().unwrap())))
            .collect(),
    }
}
