//! What the consumer task tells its poller.

use std::collections::BTreeMap;
use std::sync::Arc;

use krafka::consumer::{Consumer, ConsumerRecord};
use tokio::sync::oneshot;

/// What the consumer task reports, in order.
pub(in crate::mapping) enum ConsumerMessage {
    /// A consumer is ready.
    Joined(JoinedConsumer),
    /// The group has assigned these partitions: they are read from their committed offsets.
    Assigned(Vec<i32>),
    /// The group is revoking these partitions, and waits until they may go.
    Revoking {
        partitions: Vec<i32>,
        reply: oneshot::Sender<()>,
    },
    /// The group has taken these partitions: what was read of them counts for nothing.
    Lost(Vec<i32>),
    /// Records, in order inside each partition.
    Records(Vec<ConsumerRecord>),
    /// Kafka cannot be read just now.
    ReadFailed(String),
}

/// A consumer that has subscribed; offsets are committed through it.
pub(in crate::mapping) struct JoinedConsumer {
    pub(in crate::mapping) consumer: Arc<Consumer>,
    /// Where partitions start that the group never committed, where that is not simply the first record.
    pub(in crate::mapping) starting_offsets: BTreeMap<i32, i64>,
}
