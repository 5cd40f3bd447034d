//! Joining the group: a consumer that has subscribed, and where it starts; and leaving it.

use std::sync::Arc;
use std::time::Duration;

use krafka::admin::{AdminClient, ListConsumerGroupOffsetsOptions, OffsetSpec, TopicPartition};
use krafka::consumer::{AutoOffsetReset, Consumer, ConsumerRebalanceListener, PartitionAssignmentStrategy};
use krafka::error::KrafkaError;
use krafka::{CloseOptions, GroupMembershipOperation};
use tokio::sync::{mpsc, oneshot};

use super::message::{ConsumerMessage, JoinedConsumer};
use crate::kafka::KafkaAccess;
use crate::mapping::offsets;
use crate::template::{MappingSpec, StartingPosition};

/// Well above the largest record the local Kafka takes; one fetch of a partition fills an event.
const PARTITION_FETCH_BYTES: i32 = 8 * 1024 * 1024;
const FETCH_BYTES: i32 = 32 * 1024 * 1024;
/// Short, so that the partitions of an emulator that was killed are free again soon. Kafka allows no less than 6 s.
const SESSION: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(2);

/// How long a member may be silent before the group takes its partitions: Kafka's default, or more than the function may take.
const LEAST_POLL_INTERVAL: Duration = Duration::from_secs(300);
const POLL_MARGIN: Duration = Duration::from_secs(60);
/// How long leaving the group may take at the end.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);

/// The name of a poller in its group. The first has the mapping's own.
pub(in crate::mapping) fn instance_id(mapping: &str, number: usize) -> String {
    if number == 1 {
        mapping.to_owned()
    } else {
        format!("{mapping}-{number}")
    }
}

/// Who joins the group, and what for.
pub(super) struct GroupMember {
    pub(super) spec: MappingSpec,
    pub(super) kafka: KafkaAccess,
    /// Which of the mapping's pollers it is, from 1.
    pub(super) poller: usize,
    pub(super) function_timeout: Duration,
}

/// A consumer that has subscribed. The topic must exist: a consumer that waits for one would learn of it minutes late.
pub(super) async fn join(
    member: &GroupMember,
    sender: &mpsc::UnboundedSender<ConsumerMessage>,
) -> Result<JoinedConsumer, KrafkaError> {
    let spec = &member.spec;
    let kafka = member
        .kafka
        .client(format!("emulator-{}", spec.name))
        .connect_timeout(Duration::from_secs(3))
        .request_timeout(Duration::from_secs(10))
        .metadata_max_age(Duration::from_secs(30))
        .connect()
        .await?;
    let admin = kafka.admin();
    let partitions = offsets::partitions_of(&admin, &spec.topic).await?;
    let starting_offsets = match spec.starting_position {
        // The first poller has committed the starting offsets before any other joins.
        _ if member.poller > 1 => Vec::new(),
        StartingPosition::TrimHorizon => Vec::new(),
        StartingPosition::Latest => starting_offsets(&admin, spec, partitions, OffsetSpec::Latest).await?,
        StartingPosition::AtTimestamp(time) => {
            starting_offsets(&admin, spec, partitions, OffsetSpec::Timestamp(time)).await?
        }
    };
    let consumer = kafka
        .consumer(&spec.consumer_group)
        // A partition that is added later, or whose records retention has removed, is read from its first record.
        .auto_offset_reset(AutoOffsetReset::Earliest)
        .initial_offsets(starting_offsets.clone())
        .enable_auto_commit(false)
        // Known by name, so that an emulator that was killed is replaced by the next one at once.
        .group_instance_id(instance_id(&spec.name, member.poller))
        // Only what moves is taken from a poller, and the others go on meanwhile.
        .partition_assignment_strategy(PartitionAssignmentStrategy::CooperativeSticky)
        // A poller may wait for its function before it lets partitions go.
        .max_poll_interval(LEAST_POLL_INTERVAL.max(member.function_timeout + POLL_MARGIN))
        .session_timeout(SESSION)
        .heartbeat_interval(HEARTBEAT)
        .fetch_max_bytes(FETCH_BYTES)
        .max_partition_fetch_bytes(PARTITION_FETCH_BYTES)
        // All that a fetch brings: `Partition` buffers it, and reading pauses when enough is buffered.
        .max_poll_records(-1)
        .max_buffered_records(0)
        .metrics_push(false)
        .rebalance_listener(Listener {
            topic: spec.topic.clone(),
            sender: sender.clone(),
        })
        .build()
        .await?;
    let consumer = Arc::new(consumer);
    if let Err(error) = consumer.subscribe([&spec.topic]).await {
        leave_group(&consumer).await;
        return Err(error);
    }
    let starting_offsets = starting_offsets
        .into_iter()
        .map(|(partition, offset)| (partition.partition, offset))
        .collect();
    Ok(JoinedConsumer {
        consumer,
        starting_offsets,
    })
}

/// Leaves the group, so that the next consumer need not wait for the session to end.
pub(in crate::mapping) async fn leave_group(consumer: &Consumer) {
    let options = CloseOptions::new()
        .timeout(CLOSE_LIMIT)
        .group_membership_operation(GroupMembershipOperation::LeaveGroup);
    if let Err(error) = consumer.close_with(options).await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "Could not leave the consumer group"
        );
    }
}

/// Where partitions start that the group never committed.
async fn starting_offsets(
    admin: &AdminClient,
    spec: &MappingSpec,
    partitions: Vec<TopicPartition>,
    position: OffsetSpec,
) -> Result<Vec<(TopicPartition, i64)>, KrafkaError> {
    let options = ListConsumerGroupOffsetsOptions::default().partitions(partitions.clone());
    let committed = admin.list_consumer_group_offsets(&spec.consumer_group, options).await?;
    let mut uncommitted = Vec::new();
    for partition in partitions {
        let offset = match committed.get(&partition) {
            Some(found) => found.as_ref().map_err(Clone::clone)?.offset,
            None => None,
        };
        if offset.is_none() {
            uncommitted.push(partition);
        }
    }
    let found = offsets::offsets_at(admin, &uncommitted, position).await?;
    let ends = offsets::offsets_at(admin, &uncommitted, OffsetSpec::Latest).await?;
    // Kafka says -1 when no record is that new: then the partition starts at its end.
    let offsets = found
        .into_iter()
        .zip(ends)
        .map(|(found, end)| if found < 0 { end } else { found });
    Ok(uncommitted.into_iter().zip(offsets).collect())
}

/// Reports what the group does with partitions; krafka calls it inside `poll`, so it stands in order with the records.
struct Listener {
    topic: String,
    sender: mpsc::UnboundedSender<ConsumerMessage>,
}

impl Listener {
    fn of_topic(&self, partitions: &[TopicPartition]) -> Vec<i32> {
        partitions
            .iter()
            .filter(|partition| partition.topic == self.topic)
            .map(|partition| partition.partition)
            .collect()
    }

    fn report(&self, message: ConsumerMessage) {
        if self.sender.send(message).is_err() {
            tracing::debug!("A consumer's group changed after its mapping had ended");
        }
    }
}

impl ConsumerRebalanceListener for Listener {
    async fn on_partitions_assigned(&self, partitions: &[TopicPartition]) {
        self.report(ConsumerMessage::Assigned(self.of_topic(partitions)));
    }

    async fn on_partitions_revoked(&self, partitions: &[TopicPartition]) {
        let (reply, may_go) = oneshot::channel();
        let partitions = self.of_topic(partitions);
        self.report(ConsumerMessage::Revoking { partitions, reply });
        if may_go.await.is_err() {
            tracing::debug!("A poller had ended before it let its partitions go");
        }
    }

    async fn on_partitions_lost(&self, partitions: &[TopicPartition]) {
        self.report(ConsumerMessage::Lost(self.of_topic(partitions)));
    }
}
