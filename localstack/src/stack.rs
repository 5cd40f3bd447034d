//! The stack: servers, feed and emulator put together in one process that runs in the background.
//!
//! `daemon` is that process, `options` how it is to run, `state` what it writes down for others to find it, `status` what it says of itself, and `context` what its
//! HTTP handlers share: `admin_api` for the commands, `console` for the page. What a person types is in `commands`.

mod admin_api;
mod bridge;
mod console;
mod context;
pub mod daemon;
mod database;
mod error;
mod files;
mod options;
mod parameters;
pub(crate) mod paths;
mod port_forward;
mod queues;
mod rate_table;
mod request_origin;
mod sam;
mod server_control;
mod state;
mod status;

pub use bridge::BridgeError;
pub use console::document;
pub use error::{PastYearError, StackError};
pub use options::{ConsoleMode, MongodbUri, ParameterError, StackOptions, TemplateParameter};
pub use paths::StackPaths;
pub use sam::SamError;
pub(crate) use sam::{Bootstraps, SamLocal};
pub use state::{Endpoints, State};
pub use status::{PartitionEnd, ServerStatus, StackStatus, TopicStatus};

/// `AWS::StackName` of the local stack: queues and consumer groups are called after it.
pub const STACK_NAME: &str = "hwanyul-local";
/// The function whose response says how each provider fared.
pub const INGESTOR: &str = "ingestor";
/// The function that publishes the history.
pub const BACKFILL: &str = "operations-backfill";
