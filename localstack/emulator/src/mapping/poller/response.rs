//! What a response means for its batch: which records are done, which are retried, which are discarded.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::Poller;
use super::batch::{Batch, PartitionSlice};
use super::in_flight::FinishedInvocation;
use crate::batch_response::PartialResponse;
use crate::error_chain::with_causes;
use crate::invocation::{Invocation, InvokeError};
use crate::mapping::partition::{DiscardReason, LastInvocation, RetryBatch};
use crate::mapping::progress::Progress;
use crate::mapping::response::{self, BatchOutcome};
use crate::template::MappingSpec;

/// How much of an error the status shows.
const SHOWN_ERROR: usize = 2_000;

impl Poller {
    /// Sorts the batch into what is done, what is retried and what is discarded.
    pub(super) fn handle_response(&mut self, FinishedInvocation { batch, result }: FinishedInvocation) {
        let now = Instant::now();
        let duration = result.as_ref().ok().map(|invocation| invocation.duration);
        let last = result.as_ref().ok().map(|invocation| LastInvocation {
            request_id: invocation.request_id.clone(),
            function_error: invocation.function_error.clone(),
        });
        let is_throttled = matches!(result, Err(InvokeError::Throttled { .. }));
        let outcome = outcome(&self.mapping.spec, &batch, result);
        let is_alone = batch.slices.len() == 1;
        self.mapping
            .partition_locks
            .unlock(batch.slices.iter().map(|slice| slice.partition));
        let (mut is_retried, mut is_bisected) = (false, false);
        for PartitionSlice {
            partition: number,
            assignment_epoch,
            mut retry,
        } in batch.slices
        {
            let partition = self.partitions.entry(number).or_default();
            if partition.assignment_epoch != assignment_epoch {
                continue;
            }
            partition.mark_idle();
            if last.is_some() {
                retry.invocations = retry.invocations.saturating_add(1);
                retry.last_invocation.clone_from(&last);
            }
            let failed = match &outcome {
                BatchOutcome::Succeeded => Vec::new(),
                BatchOutcome::PartiallyFailed(named) => match named.get(&number) {
                    Some(offsets) => vec![remaining(retry, offsets, self.mapping.partial_response)],
                    None => Vec::new(),
                },
                // What never reached the function says nothing about the records, so it uses up no attempt and splits nothing.
                BatchOutcome::Failed(_) if last.is_none() => vec![retry],
                BatchOutcome::Failed(_) if self.mapping.spec.bisects && !(is_alone && retry.len() == 1) => {
                    is_bisected = true;
                    bisect(retry, is_alone, now)
                }
                BatchOutcome::Failed(_) => {
                    retry.failed_attempts += 1;
                    vec![retry]
                }
            };
            for mut retry in failed {
                if !is_bisected {
                    retry.back_off(now);
                }
                if has_exhausted_retries(&self.mapping.spec, &retry) {
                    self.discard(number, retry, DiscardReason::RetryAttemptsExhausted);
                } else {
                    is_retried = true;
                    self.partitions.entry(number).or_default().requeue(retry);
                }
            }
            self.queue_commit(number);
        }
        self.mapping.with_progress(|progress| {
            progress.last_duration = duration.or(progress.last_duration);
            progress.retries += u64::from(is_retried);
            progress.bisections += u64::from(is_bisected);
            progress.throttles += u64::from(is_throttled);
            note_failure(progress, outcome);
        });
        self.update_state();
    }
}

fn outcome(spec: &MappingSpec, batch: &Batch, result: Result<Invocation, InvokeError>) -> BatchOutcome {
    match result {
        Err(error) => BatchOutcome::Failed(with_causes(&error)),
        Ok(invocation) => match invocation.function_error {
            Some(_) => BatchOutcome::Failed(String::from_utf8_lossy(&invocation.payload).into_owned()),
            None if spec.report_item_failures => {
                response::outcome(&invocation.payload, &spec.topic, |partition, offset| {
                    batch.contains(partition, offset)
                })
            }
            None => BatchOutcome::Succeeded,
        },
    }
}

/// What remains to be done after a partial batch response. Its attempts are counted anew when its first record is done.
fn remaining(mut retry: RetryBatch, named: &BTreeSet<i64>, reading: PartialResponse) -> RetryBatch {
    let first_before = retry.first_offset();
    let first_named = named.first().copied().unwrap_or(i64::MAX);
    drop(retry.split_by(|pending| match reading {
        PartialResponse::OnlyNamed => named.contains(&pending.record.offset),
        PartialResponse::FromFirstNamed => pending.record.offset >= first_named,
    }));
    if retry.first_offset() != first_before {
        (retry.failed_attempts, retry.consecutive_failures) = (0, 0);
    }
    retry.failed_attempts += 1;
    retry
}

/// Bisects: a batch of several partitions into these, one of a single partition into halves. Neither uses up an attempt,
/// and both are tried at once.
fn bisect(mut retry: RetryBatch, is_alone: bool, now: Instant) -> Vec<RetryBatch> {
    retry.due_at = now;
    if !is_alone {
        return vec![retry];
    }
    let second = retry.split_off_half();
    vec![retry, second]
}

fn has_exhausted_retries(spec: &MappingSpec, retry: &RetryBatch) -> bool {
    spec.maximum_retry_attempts
        .is_some_and(|most| retry.failed_attempts > most)
}

fn note_failure(progress: &mut Progress, outcome: BatchOutcome) {
    match outcome {
        BatchOutcome::Succeeded => {}
        BatchOutcome::PartiallyFailed(named) => {
            let named: Vec<String> = named
                .iter()
                .filter_map(|(partition, offsets)| Some((partition, offsets.first()?, offsets.len())))
                .map(|(partition, first, count)| format!("partition {partition} from offset {first} ({count} named)"))
                .collect();
            progress.last_error = Some(format!("the function could not do {}", named.join(", ")));
        }
        BatchOutcome::Failed(reason) => progress.last_error = Some(reason.chars().take(SHOWN_ERROR).collect()),
    }
}
