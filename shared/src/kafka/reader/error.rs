//! Why records of Kafka are not read again, or not written again.

use std::sync::Arc;

use krafka::KrafkaError;

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No broker could be reached, or it refused us.
    #[error("cannot connect to Kafka at {bootstrap_servers}")]
    Connect {
        /// Where it was tried.
        bootstrap_servers: String,
        /// What the client said.
        source: KrafkaError,
    },
    /// Kafka refused, or went away.
    #[error("cannot read partition {partition} of topic {topic}")]
    Read {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// What the client said.
        source: KrafkaError,
    },
    /// There was not enough time.
    #[error("the time ended at offset {at} of partition {partition} of topic {topic}")]
    Late {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The next offset.
        at: i64,
    },
}

/// Why a record that was written has no acknowledgement.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// No broker could be reached, for any of the records.
    #[error(transparent)]
    Unreachable(Arc<ReadError>),
    /// Kafka refused, or went away.
    #[error(transparent)]
    Refused(KrafkaError),
    /// There was not enough time.
    #[error("no acknowledgement from Kafka before the time ended")]
    Late,
}
