//! A function.

use std::collections::BTreeMap;
use std::time::Duration;

/// A function that has a bootstrap binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSpec {
    /// Its name in the template.
    pub logical_id: String,
    /// `FunctionName`, else the logical id.
    pub name: String,
    /// `Handler`; custom runtimes only pass it on.
    pub handler: String,
    /// `Timeout`: 1 to 900 seconds, 3 when unset.
    pub timeout: Duration,
    /// `MemorySize` in MB, 128 when unset. It is passed on, not enforced.
    pub memory_mb: u32,
    /// `Environment.Variables`.
    pub environment: BTreeMap<String, String>,
    /// `ReservedConcurrentExecutions`.
    pub reserved_concurrency: Option<u32>,
    /// The file name of its bootstrap: `Metadata.BuildProperties.Binary` for `rust-cargolambda`, else `bootstrap`.
    pub binary: String,
    /// `CodeUri`, the folder with an executable `bootstrap`, of a function that is not built by `rust-cargolambda`.
    pub code_uri: Option<String>,
}
