//! What the stack's HTTP handlers share: the running parts, each for whoever needs it. It holds them and decides nothing; what the page remembers between two
//! requests is the console's own.

use std::collections::BTreeMap;

use emulator::Emulator;
use tokio::sync::{RwLock, watch};

use super::rate_table::RateTable;
use super::server_control::ServerControl;
use super::{StackPaths, State};
use crate::feed::Feed;

/// A stack that is up, or nearly.
pub(super) struct StackContext {
    pub(super) state: RwLock<State>,
    /// Taken out when the stack stops.
    pub(super) emulator: RwLock<Option<Emulator>>,
    pub(super) feed: Option<Feed>,
    pub(super) kafka: krafka::Kafka,
    pub(super) sqs: aws_sdk_sqs::Client,
    /// The template's queues by logical id.
    pub(super) queues: BTreeMap<String, QueueAddress>,
    pub(super) servers: ServerControl,
    pub(super) rate_table: RateTable,
    pub(super) paths: StackPaths,
    pub(super) stop: watch::Sender<bool>,
}

/// One queue of the template.
pub(super) struct QueueAddress {
    pub(super) name: String,
    pub(super) url: String,
}

impl StackContext {
    /// The emulator, unless the stack is stopping. Nobody waits for what its holder does with it.
    pub(super) async fn emulator(&self) -> Option<Emulator> {
        self.emulator.read().await.clone()
    }
}
