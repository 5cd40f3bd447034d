//! What an invocation ends with. Every room that invokes functions may enter.

use std::time::Duration;

use bytes::Bytes;

use crate::aws::PAYLOAD_LIMIT;

/// A finished invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The function's response, or its error as JSON.
    pub payload: Bytes,
    /// `Unhandled` when the function failed.
    pub function_error: Option<String>,
    /// From handing the event over to the response; the start of a new instance is not counted.
    pub duration: Duration,
    /// The invocation's id.
    pub request_id: String,
    /// The last 4 KB of what its process wrote meanwhile; of one that could not start, of what it wrote at all.
    pub log_tail: Vec<u8>,
}

/// An invocation that never reached the function.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function.
    #[error("no function {name:?}; there are: {known}")]
    UnknownFunction {
        /// The name that was asked for.
        name: String,
        /// The functions there are.
        known: String,
    },
    /// The event is too large.
    #[error("event of {size} bytes for {function}, at most {PAYLOAD_LIMIT} are allowed")]
    TooLarge {
        /// The function.
        function: String,
        /// The event's size.
        size: usize,
    },
    /// All instances stayed busy.
    #[error("{function} already runs {limit} invocations, its limit")]
    Throttled {
        /// The function.
        function: String,
        /// Its concurrency.
        limit: u32,
    },
    /// The process could not be started.
    #[error("could not start {bootstrap} of {function}")]
    Spawn {
        /// The function.
        function: String,
        /// Its bootstrap.
        bootstrap: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The emulator is shutting down.
    #[error("{function} is not invoked any more: the emulator is ending")]
    ShuttingDown {
        /// The function.
        function: String,
    },
}
