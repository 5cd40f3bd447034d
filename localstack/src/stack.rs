//! The stack: servers, feed and emulator put together in one process that runs in the background.
//!
//! `daemon` is that process, `state` what it writes down for others to find it, `report` what it says of itself. What a person
//! types is in `commands`.

mod bridge;
mod console;
mod control;
pub mod daemon;
mod database;
mod error;
mod files;
mod guard;
mod interface;
mod parameters;
pub(crate) mod queues;
mod relay;
mod report;
mod sam;
mod state;
mod table;

use std::path::{Path, PathBuf};

pub use bridge::BridgeError;
pub use console::{ConsoleMode, document};
pub use error::StackError;
pub use report::{PartitionEnd, ServerStatus, StackStatus, TopicStatus};
pub use sam::SamError;
pub(crate) use sam::SamLocal;
pub use state::{Endpoints, State};

/// `AWS::StackName` of the local stack: queues and consumer groups are called after it.
pub const STACK_NAME: &str = "hwanyul-local";
/// The function whose answer says how each provider fared.
pub const INGESTOR: &str = "ingestor";
/// The function that publishes the history.
pub const BACKFILL: &str = "operations-backfill";

/// Where a checkout keeps its stack.
#[derive(Debug, Clone)]
pub struct Places {
    root: PathBuf,
    stack: PathBuf,
}

impl Places {
    /// The places of the checkout at `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            stack: root.join(".stack"),
            root,
        }
    }

    /// The same checkout's, of a stack that keeps all it writes in `stack`: one checkout may run several.
    #[must_use]
    pub fn keeping(self, stack: impl Into<PathBuf>) -> Self {
        Self {
            stack: stack.into(),
            ..self
        }
    }

    /// The SAM template.
    #[must_use]
    pub fn template(&self) -> PathBuf {
        self.root.join("template.yaml")
    }

    /// The ECB's history that the feed serves.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.root.join("tests/fixtures/ecb-eurofxref-hist.zip")
    }

    /// The built console.
    #[must_use]
    pub fn console(&self) -> PathBuf {
        self.root.join("console/dist")
    }

    /// Everything that a running stack writes.
    #[must_use]
    pub fn stack(&self) -> PathBuf {
        self.stack.clone()
    }

    /// The servers' data, one folder each.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.stack().join("data")
    }

    /// The logs: one file for each server, function and the stack itself.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.stack().join("logs")
    }

    /// The log of the stack's own process.
    #[must_use]
    pub fn own_log(&self) -> PathBuf {
        self.logs().join("stack.log")
    }

    /// The checkout.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.stack().join("state.json")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.stack().join("lock")
    }

    pub(crate) fn messages(&self) -> PathBuf {
        self.data().join("sqs-messages.json")
    }
}
