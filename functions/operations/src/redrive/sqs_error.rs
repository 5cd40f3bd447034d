//! How a call of SQS fails, whichever queue it is about.

use std::error::Error;

use aws_sdk_sqs::types::BatchResultErrorEntry;

/// Why SQS did not do it, or not all of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqsError {
    /// It could not be reached, or refused the call.
    #[error(transparent)]
    Call(Box<dyn Error + Send + Sync>),
    /// It took the call but not every message.
    #[error("SQS refused {count} messages: {first}")]
    Refused {
        /// How many.
        count: usize,
        /// What it said of the first.
        first: String,
    },
}

impl SqsError {
    pub(super) fn call(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Call(error.into())
    }

    /// None of `failed` is no failure.
    pub(super) fn all_taken(failed: &[BatchResultErrorEntry]) -> Result<(), Self> {
        match failed {
            [] => Ok(()),
            [first, ..] => Err(Self::Refused {
                count: failed.len(),
                first: first.message().unwrap_or(first.code()).to_owned(),
            }),
        }
    }
}
