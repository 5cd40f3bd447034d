//! Why discarded records could not be written to their destination.

use std::time::Duration;

/// How long one write may take.
pub(super) const WRITE_LIMIT: Duration = Duration::from_secs(15);

/// Why records could not be written.
#[derive(Debug, thiserror::Error)]
pub(in crate::mapping) enum DestinationError {
    #[error("the queue {url} did not take the on-failure record: {reason}")]
    Queue { url: String, reason: String },
    #[error("the bucket {bucket} at {endpoint} did not take the on-failure record: {reason}")]
    Bucket {
        bucket: String,
        endpoint: String,
        reason: String,
    },
    #[error("the topic {topic} did not take the on-failure records")]
    Topic {
        topic: String,
        #[source]
        source: krafka::error::KrafkaError,
    },
    #[error("the on-failure record was not written within {} s", WRITE_LIMIT.as_secs())]
    Timeout,
    #[error("the on-failure record could not be put into words")]
    Json(#[from] serde_json::Error),
}
