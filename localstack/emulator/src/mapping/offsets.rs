//! Committed offsets and ends of partitions, as Kafka itself reports them.

use std::collections::BTreeSet;
use std::time::Duration;

use krafka::admin::{
    AdminClient, DescribeConsumerGroupsOptions, DescribeTopicsOptions, ListConsumerGroupOffsetsOptions,
    ListOffsetsOptions, OffsetSpec, TopicPartition,
};
use krafka::error::KrafkaError;
use tokio::sync::OnceCell;

use crate::kafka::KafkaAccess;
use crate::status::PartitionStatus;

/// How long a request may take: a status must come, also while Kafka is away.
const LIMIT: Duration = Duration::from_secs(3);

/// Asks Kafka for offsets, on a connection of its own that is opened when it is first needed.
pub(crate) struct Offsets {
    kafka: KafkaAccess,
    admin: OnceCell<AdminClient>,
}

impl Offsets {
    pub(crate) fn new(kafka: &KafkaAccess) -> Self {
        Self {
            kafka: kafka.clone(),
            admin: OnceCell::new(),
        }
    }

    /// The instance ids of a group's members.
    pub(super) async fn members_of(&self, group: &str) -> Result<BTreeSet<String>, KrafkaError> {
        let query = async {
            let admin = self.admin.get_or_try_init(|| connect(&self.kafka)).await?;
            let mut groups = admin
                .describe_consumer_groups([group], DescribeConsumerGroupsOptions::default())
                .await?;
            let Some(described) = groups.remove(group) else {
                return Ok(BTreeSet::new());
            };
            let members = described?.members.into_iter();
            Ok(members.filter_map(|member| member.instance_id).collect())
        };
        tokio::time::timeout(LIMIT, query)
            .await
            .unwrap_or_else(|_| Err(KrafkaError::timeout("asking Kafka for a group's members")))
    }

    /// Each partition of the topic, with the group's progress, when Kafka tells it within `limit`. A partition without a commit lags by all it holds.
    pub(super) async fn of_group(
        &self,
        group: &str,
        topic: &str,
        limit: Duration,
    ) -> Result<Vec<PartitionStatus>, KrafkaError> {
        let query = async {
            let admin = self.admin.get_or_try_init(|| connect(&self.kafka)).await?;
            of_group(admin, group, topic).await
        };
        tokio::time::timeout(limit.min(LIMIT), query)
            .await
            .unwrap_or_else(|_| Err(KrafkaError::timeout("asking Kafka for offsets")))
    }
}

async fn connect(kafka: &KafkaAccess) -> Result<AdminClient, KrafkaError> {
    let kafka = kafka
        .client("emulator-status")
        .connect_timeout(LIMIT)
        .request_timeout(LIMIT)
        .connect()
        .await?;
    Ok(kafka.admin())
}

async fn of_group(admin: &AdminClient, group: &str, topic: &str) -> Result<Vec<PartitionStatus>, KrafkaError> {
    let partitions = partitions_of(admin, topic).await?;
    let committed = ListConsumerGroupOffsetsOptions::default()
        .timeout(LIMIT)
        .partitions(partitions.clone());
    let (committed, ends, starts) = tokio::join!(
        admin.list_consumer_group_offsets(group, committed),
        offsets_at(admin, &partitions, OffsetSpec::Latest),
        offsets_at(admin, &partitions, OffsetSpec::Earliest),
    );
    let (committed, ends, starts) = (committed?, ends?, starts?);
    let mut statuses = Vec::with_capacity(partitions.len());
    for (index, partition) in partitions.iter().enumerate() {
        let committed = match committed.get(partition) {
            Some(found) => found.as_ref().map_err(Clone::clone)?.offset,
            None => None,
        };
        let (start, end) = (starts[index], ends[index]);
        statuses.push(PartitionStatus {
            partition: partition.partition,
            committed,
            end,
            // Records that retention has removed cannot be read any more.
            lag: (end - committed.unwrap_or(start).max(start)).max(0),
        });
    }
    Ok(statuses)
}

/// The partitions of a topic; an unknown topic is an error.
pub(super) async fn partitions_of(admin: &AdminClient, topic: &str) -> Result<Vec<TopicPartition>, KrafkaError> {
    let mut topics = admin
        .describe_topics([topic], DescribeTopicsOptions::default().timeout(LIMIT))
        .await?;
    let description = topics
        .remove(topic)
        .unwrap_or_else(|| Err(KrafkaError::unknown_topic(topic)))?;
    Ok(description
        .partitions
        .iter()
        .map(|partition| TopicPartition::new(topic, partition.partition))
        .collect())
}

/// One offset of each partition, in the order of `partitions`; -1 where Kafka has none.
pub(super) async fn offsets_at(
    admin: &AdminClient,
    partitions: &[TopicPartition],
    spec: OffsetSpec,
) -> Result<Vec<i64>, KrafkaError> {
    let specs = partitions.iter().map(|partition| (partition.clone(), spec));
    let mut listed = admin
        .list_offsets(specs, ListOffsetsOptions::default().timeout(LIMIT))
        .await?;
    let missing = || Err(KrafkaError::timeout("listing offsets"));
    partitions
        .iter()
        .map(|partition| Ok(listed.remove(partition).unwrap_or_else(missing)?.offset))
        .collect()
}
