//! Deliveries of what was delivered before: doubled, and in another order, as after a rebalance or by a sender that tries again.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use shared::config::{KafkaConfig, KafkaSecurity};
use shared::event::Topic;
use shared::kafka::KafkaClient;
use shared::kafka::reader::{OffsetRange, OffsetReader};
use shared::record::{ConsumerRecord, replay_event};
use tokio::time::Instant;

use super::{Doing, Outcome, PATIENCE};

/// Most bytes that are read of one partition.
const BYTES: usize = 4_000_000;

/// Delivers the newest `count` records of each partition of `exchange_rate_updated` to both services, each record twice, in random order.
pub(super) async fn deliver(doing: &Doing<'_>, count: usize, seed: u64, outcome: &mut Outcome) {
    let mut random = StdRng::seed_from_u64(seed);
    let topic = Topic::ExchangeRateUpdated;
    for partition in 0..topic.partitions() {
        let records = newest(&doing.kafka, topic.name(), partition, count).await;
        // A poison record of an earlier schedule would be a dead letter once more, which the undisturbed pipeline does not have.
        let is_rate = |record: &&ConsumerRecord| !record.key.as_ref().is_some_and(|key| key.starts_with(b"poison"));
        let mut twice: Vec<&ConsumerRecord> = records.iter().chain(&records).filter(is_rate).collect();
        twice.shuffle(&mut random);
        for half in twice.chunks(twice.len().div_ceil(2).max(1)) {
            let event = replay_event(half, false).unwrap();
            for service in ["currency", "history"] {
                doing
                    .until_done(&format!("{service}-exchange-rate-updated"), event.clone(), outcome)
                    .await;
            }
        }
    }
}

/// The newest records of a partition; asked again while the broker is away.
async fn newest(kafka: &str, topic: &str, partition: i32, count: usize) -> Vec<ConsumerRecord> {
    let started = Instant::now();
    loop {
        let records = OffsetReader::new(Arc::new(KafkaClient::new(KafkaConfig {
            bootstrap_servers: kafka.to_owned(),
            security: KafkaSecurity::Plaintext,
        })));
        let read = async {
            let (first, end) = records.bounds(topic, partition).await?;
            let first = first.max(end - i64::try_from(count).unwrap_or(i64::MAX));
            if first >= end {
                return Ok(Vec::new());
            }
            let span = OffsetRange {
                topic: topic.to_owned(),
                partition,
                first,
                last: end - 1,
            };
            let read = records
                .read(&span, BYTES, Instant::now() + Duration::from_secs(10))
                .await?;
            Ok::<_, shared::kafka::reader::ReadError>(read.records)
        };
        match read.await {
            Ok(records) => return records,
            Err(error) => assert!(started.elapsed() < PATIENCE, "Kafka does not come back: {error}"),
        }
    }
}
