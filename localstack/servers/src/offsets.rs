//! Where a topic's partitions end.

use std::collections::BTreeMap;

use krafka::admin::{AdminClient, DescribeTopicsOptions, ListOffsetsOptions, OffsetSpec, TopicPartition};
use krafka::error::KrafkaError;

/// The offset after the last record, by partition.
///
/// # Errors
/// Kafka's own, for the topic or for any of its partitions.
pub async fn topic_ends(admin: &AdminClient, topic: &str) -> Result<BTreeMap<i32, i64>, KrafkaError> {
    let described = admin.describe_topics([topic], DescribeTopicsOptions::default()).await?;
    let mut partitions = Vec::new();
    for (name, description) in described {
        partitions.extend(
            description?
                .partitions
                .iter()
                .map(|partition| TopicPartition::new(&name, partition.partition)),
        );
    }
    let asked = partitions.into_iter().map(|partition| (partition, OffsetSpec::Latest));
    let ends = admin.list_offsets(asked, ListOffsetsOptions::default()).await?;
    ends.into_iter()
        .map(|(place, end)| Ok((place.partition, end?.offset)))
        .collect()
}
