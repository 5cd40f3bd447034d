//! Errors of the service as callers see them.

use mongodb::error::{Error, ErrorKind};
use shared::api::{ApiError, ErrorCode};

use crate::click::ClickError;
use crate::store::StoreError;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Mongo(cause) if is_fault_of_the_query(cause) => Self::internal(&error),
            StoreError::Document { .. } => Self::internal(&error),
            StoreError::Mongo(_) | StoreError::Unstable { .. } => Self::unavailable("MongoDB", &error),
        }
    }
}

impl From<ClickError> for ApiError {
    fn from(error: ClickError) -> Self {
        match error {
            ClickError::TooMany { allowed, wait } => {
                // Rounded up, so that whoever waits that long is let in.
                let seconds = u64::try_from(wait.as_millis().div_ceil(1000))
                    .unwrap_or(u64::MAX)
                    .max(1);
                let message = format!("more than {allowed} clicks a minute: try again in {seconds} s");
                Self::new(ErrorCode::RateLimitExceeded, message).retry_after(seconds)
            }
            ClickError::OtherRequest(request) => Self::invalid(
                "Idempotency-Key",
                "sent before with another body",
                &format!("the same body, {request}, or a new key"),
            ),
            ClickError::Limit(error) => error.into(),
            ClickError::Store(error) => error.into(),
        }
    }
}

/// Whether what was asked is at fault, and not the state of the server.
fn is_fault_of_the_query(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::InvalidArgument { .. } | ErrorKind::InvalidResponse { .. } | ErrorKind::Bson(_) => true,
        // BadValue, FailedToParse, TypeMismatch, CommandNotFound. Source: MongoDB's src/mongo/base/error_codes.yml.
        ErrorKind::Command(error) => [2, 9, 14, 59].contains(&error.code),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let retry_after = |millis| {
            let wait = Duration::from_millis(millis);
            let error = ApiError::from(ClickError::TooMany { allowed: 100, wait });
            (error.code, error.details.retry_after)
        };
        let limited = ErrorCode::RateLimitExceeded;
        assert_eq!(retry_after(36_001), (limited, Some(37)));
        assert_eq!(retry_after(36_000), (limited, Some(36)));
        assert_eq!(retry_after(0), (limited, Some(1)));
    }
}
