//! Why a request about dead letters is not answered.

use shared::dead_letter::InvalidRequest;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterAdminError {
    /// The request is none.
    #[error("not a dead-letter request")]
    Request(#[from] InvalidRequest),
    /// There is no such dead letter to be seen.
    #[error("there is no dead letter {id}; {hidden} messages of the queue are hidden now, so it may be among them")]
    Unknown {
        /// What was asked for.
        id: String,
        /// About how many messages somebody else has received.
        hidden: u64,
    },
    /// SQS could not be reached or refused the call.
    #[error("cannot {what} the dead-letter queue")]
    Queue {
        /// What was tried.
        what: &'static str,
        /// What SQS said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
