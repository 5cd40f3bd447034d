//! What a poller has under way, and how each of it ended.

use std::collections::{BTreeMap, BTreeSet};

use krafka::error::KrafkaError;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::batch::{Batch, PartitionSlice};
use crate::invocation::{Invocation, InvokeError};
use crate::mapping::destination::DestinationError;
use crate::mapping::partition::Position;

/// A batch that is back from the function.
pub(super) struct FinishedInvocation {
    pub(super) batch: Batch,
    pub(super) result: Result<Invocation, InvokeError>,
}

/// A commit that Kafka has answered.
pub(super) struct FinishedCommit {
    pub(super) positions: BTreeMap<i32, Position>,
    pub(super) result: Result<(), KrafkaError>,
}

/// A write to the on-failure destination that has ended.
pub(super) struct FinishedWrite {
    pub(super) slice: PartitionSlice,
    pub(super) result: Result<(), DestinationError>,
}

/// Partitions that the group is revoking.
pub(super) struct Revocation {
    pub(super) partitions: BTreeSet<i32>,
    /// Gets word when they may go.
    pub(super) reply: oneshot::Sender<()>,
    /// When they go although their commit fails; known when nothing of them is in flight any more.
    pub(super) commit_deadline: Option<Instant>,
}
