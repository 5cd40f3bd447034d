//! Records of one partition that were sent together, are not done, and are tried again or given up together.

use std::time::Duration;

use tokio::time::Instant;

use super::Pending;

/// The first pause before a retry; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause before a retry.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Why records are given up, in the words of an on-failure record's `condition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Condition {
    /// They failed once more than `MaximumRetryAttempts`.
    RetryAttemptsExhausted,
    /// They are older than `MaximumRecordAgeInSeconds`.
    RecordAgeExceeded,
    /// One record alone is more than an event may be.
    MaximumPayloadSizeExceeded,
}

impl Condition {
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
pub(in crate::mapping) struct LastAnswer {
    pub(in crate::mapping) request_id: String,
    pub(in crate::mapping) function_error: Option<String>,
}

/// Records of one partition that belong together.
pub(in crate::mapping) struct Chunk {
    /// In order, not always without gaps: what stood between them may be done.
    pub(in crate::mapping) records: Vec<Pending>,
    /// Failures in a row, of whatever cause; the pause grows with them.
    pub(in crate::mapping) failures: u32,
    /// Failures that count towards `MaximumRetryAttempts`.
    pub(in crate::mapping) attempts: u32,
    /// Invocations that these records were in.
    pub(in crate::mapping) invocations: u32,
    /// When it goes on.
    pub(in crate::mapping) due: Instant,
    pub(in crate::mapping) last: Option<LastAnswer>,
    /// Why it is given up; then it goes to the destination instead of the function.
    pub(in crate::mapping) given_up: Option<Condition>,
}

impl Chunk {
    /// Records that were never sent.
    pub(in crate::mapping) fn fresh(records: Vec<Pending>, now: Instant) -> Self {
        Self {
            records,
            failures: 0,
            attempts: 0,
            invocations: 0,
            due: now,
            last: None,
            given_up: None,
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

    /// Keeps the records that `stays` tells, and gives the others, with the same past.
    pub(in crate::mapping) fn separate(&mut self, stays: impl Fn(&Pending) -> bool) -> Self {
        let (kept, others) = std::mem::take(&mut self.records).into_iter().partition(stays);
        self.records = kept;
        self.with_past(others)
    }

    /// Takes away the second half, with the same past.
    pub(in crate::mapping) fn second_half(&mut self) -> Self {
        let half = self.records.split_off(self.records.len().div_ceil(2));
        self.with_past(half)
    }

    fn with_past(&self, records: Vec<Pending>) -> Self {
        Self {
            records,
            last: self.last.clone(),
            ..*self
        }
    }
}

/// The pause after so many failures before, a tenth more or less, so that what failed together spreads out.
pub(in crate::mapping) fn pause(failures_before: u32) -> Duration {
    let exponential = FIRST_PAUSE.saturating_mul(1 << failures_before.min(16));
    exponential.min(LONGEST_PAUSE).mul_f64(rand::random_range(0.9..=1.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let mut previous = Duration::ZERO;
        for failures in 0..40 {
            let pause = pause(failures);
            assert!(
                pause > previous || pause >= LONGEST_PAUSE.mul_f64(0.9),
                "{pause:?} after {previous:?}"
            );
            assert!(pause <= LONGEST_PAUSE.mul_f64(1.1));
            previous = pause;
        }
    }
}
