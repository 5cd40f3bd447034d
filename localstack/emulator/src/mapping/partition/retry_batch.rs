//! Records of one partition that were sent together, are not done, and are retried or discarded together.

use std::time::Duration;

use tokio::time::Instant;

use super::pending_record::PendingRecord;

/// The first pause before a retry; each further one is twice as long.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// The longest pause before a retry.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);

/// Why records are discarded: the `condition` of an on-failure record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum DiscardReason {
    /// They failed once more than `MaximumRetryAttempts`.
    RetryAttemptsExhausted,
    /// They are older than `MaximumRecordAgeInSeconds`.
    RecordAgeExceeded,
    /// One record alone is more than an event may be.
    MaximumPayloadSizeExceeded,
}

impl DiscardReason {
    /// As AWS writes it in messages to SQS and in objects in S3.
    pub(in crate::mapping) fn name(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
            Self::MaximumPayloadSizeExceeded => "MaximumPayloadSizeExceeded",
        }
    }
}

/// The invocation that these records were in last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) struct LastInvocation {
    pub(in crate::mapping) request_id: String,
    pub(in crate::mapping) function_error: Option<String>,
}

/// Records of one partition that are sent together, with the history of their attempts.
pub(in crate::mapping) struct RetryBatch {
    /// In order, not always without gaps: what stood between them may be done.
    pub(in crate::mapping) records: Vec<PendingRecord>,
    /// Failures in a row, of whatever cause; the backoff grows with them.
    pub(in crate::mapping) consecutive_failures: u32,
    /// Failures that count towards `MaximumRetryAttempts`.
    pub(in crate::mapping) failed_attempts: u32,
    /// Invocations that these records were in.
    pub(in crate::mapping) invocations: u32,
    /// When they may be sent again.
    pub(in crate::mapping) due_at: Instant,
    pub(in crate::mapping) last_invocation: Option<LastInvocation>,
    /// Why they are discarded; then they go to the destination instead of the function.
    pub(in crate::mapping) discard_reason: Option<DiscardReason>,
}

impl RetryBatch {
    /// Records that were never sent.
    pub(in crate::mapping) fn unsent(records: Vec<PendingRecord>, now: Instant) -> Self {
        Self {
            records,
            consecutive_failures: 0,
            failed_attempts: 0,
            invocations: 0,
            due_at: now,
            last_invocation: None,
            discard_reason: None,
        }
    }

    pub(in crate::mapping) fn len(&self) -> usize {
        self.records.len()
    }

    pub(in crate::mapping) fn bytes(&self) -> usize {
        self.records.iter().map(|pending| pending.size).sum()
    }

    pub(in crate::mapping) fn first_offset(&self) -> Option<i64> {
        self.records.first().map(|pending| pending.record.offset)
    }

    /// Retains the records for which `keep` holds, and returns the others, with the same history.
    pub(in crate::mapping) fn split_by(&mut self, keep: impl Fn(&PendingRecord) -> bool) -> Self {
        let (kept, others) = std::mem::take(&mut self.records).into_iter().partition(keep);
        self.records = kept;
        self.with_history(others)
    }

    /// Splits off the second half, with the same history.
    pub(in crate::mapping) fn split_off_half(&mut self) -> Self {
        let half = self.records.split_off(self.records.len().div_ceil(2));
        self.with_history(half)
    }

    fn with_history(&self, records: Vec<PendingRecord>) -> Self {
        Self {
            records,
            last_invocation: self.last_invocation.clone(),
            ..*self
        }
    }

    /// Puts off the next attempt after one that failed.
    pub(in crate::mapping) fn back_off(&mut self, now: Instant) {
        self.due_at = now + backoff(self.consecutive_failures);
        self.consecutive_failures = self.consecutive_failures.saturating_add(1);
    }
}

/// The pause after so many failures before, a tenth more or less, so that what failed together spreads out.
fn backoff(failures_before: u32) -> Duration {
    let exponential = FIRST_BACKOFF.saturating_mul(1 << failures_before.min(16));
    exponential.min(LONGEST_BACKOFF).mul_f64(rand::random_range(0.9..=1.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let mut previous = Duration::ZERO;
        for failures in 0..40 {
            let pause = backoff(failures);
            assert!(
                pause > previous || pause >= LONGEST_BACKOFF.mul_f64(0.9),
                "{pause:?} after {previous:?}"
            );
            assert!(pause <= LONGEST_BACKOFF.mul_f64(1.1));
            previous = pause;
        }
    }
}
