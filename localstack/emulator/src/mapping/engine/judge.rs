//! What an answer means for its batch: which records are done, which come again, which are given up.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::Engine;
use super::batch::{Batch, Slice};
use crate::function::{Invocation, InvokeError};
use crate::mapping::answer::{self, Verdict};
use crate::mapping::partition::{Chunk, Condition, LastAnswer, pause};
use crate::mapping::{PartialResponse, Progress};
use crate::template::MappingSpec;
use crate::with_causes;

/// How much of an error the status shows.
const SHOWN_ERROR: usize = 2_000;

impl Engine {
    /// Sorts the batch into what is done, what is tried again and what is given up.
    pub(super) fn judge(&mut self, batch: Batch, result: Result<Invocation, InvokeError>) {
        let now = Instant::now();
        let duration = result.as_ref().ok().map(|invocation| invocation.duration);
        let last = result.as_ref().ok().map(|invocation| LastAnswer {
            request_id: invocation.request_id.clone(),
            function_error: invocation.function_error.clone(),
        });
        let is_throttled = matches!(result, Err(InvokeError::Throttled { .. }));
        let verdict = verdict(&self.mapping.spec, &batch, result);
        let is_alone = batch.slices.len() == 1;
        self.mapping
            .claims
            .release(batch.slices.iter().map(|slice| slice.partition));
        let (mut is_retried, mut is_bisected) = (false, false);
        for Slice {
            partition: number,
            epoch,
            mut chunk,
        } in batch.slices
        {
            let partition = self.partitions.entry(number).or_default();
            if partition.epoch != epoch {
                continue;
            }
            partition.come_back();
            if last.is_some() {
                chunk.invocations = chunk.invocations.saturating_add(1);
                chunk.last.clone_from(&last);
            }
            let failed = match &verdict {
                Verdict::Done => Vec::new(),
                Verdict::Named(named) => match named.get(&number) {
                    Some(offsets) => vec![left(chunk, offsets, self.mapping.partial_response)],
                    None => Vec::new(),
                },
                // What never reached the function says nothing about the records, so it uses up no attempt and splits nothing.
                Verdict::Failed(_) if last.is_none() => vec![chunk],
                Verdict::Failed(_) if self.mapping.spec.bisects && !(is_alone && chunk.len() == 1) => {
                    is_bisected = true;
                    split(chunk, is_alone, now)
                }
                Verdict::Failed(_) => {
                    chunk.attempts += 1;
                    vec![chunk]
                }
            };
            for mut chunk in failed {
                if !is_bisected {
                    chunk.due = now + pause(chunk.failures);
                    chunk.failures = chunk.failures.saturating_add(1);
                }
                if is_exhausted(&self.mapping.spec, &chunk) {
                    self.give_up(number, chunk, Condition::RetryAttemptsExhausted);
                } else {
                    is_retried = true;
                    self.partitions.entry(number).or_default().keep(chunk);
                }
            }
            self.note_position(number);
        }
        self.mapping.note(|progress| {
            progress.last_duration = duration.or(progress.last_duration);
            progress.retries += u64::from(is_retried);
            progress.bisections += u64::from(is_bisected);
            progress.throttles += u64::from(is_throttled);
            note_verdict(progress, verdict);
        });
        self.note_state();
    }
}

fn verdict(spec: &MappingSpec, batch: &Batch, result: Result<Invocation, InvokeError>) -> Verdict {
    match result {
        Err(error) => Verdict::Failed(with_causes(&error)),
        Ok(invocation) => match invocation.function_error {
            Some(_) => Verdict::Failed(String::from_utf8_lossy(&invocation.payload).into_owned()),
            None if spec.report_item_failures => answer::read(&invocation.payload, &spec.topic, |partition, offset| {
                batch.contains(partition, offset)
            }),
            None => Verdict::Done,
        },
    }
}

/// What is left of a chunk after a partial batch response. Its attempts are counted anew when its first record is done.
fn left(mut chunk: Chunk, named: &BTreeSet<i64>, reading: PartialResponse) -> Chunk {
    let first_before = chunk.first_offset();
    let first_named = named.first().copied().unwrap_or(i64::MAX);
    drop(chunk.separate(|pending| match reading {
        PartialResponse::OnlyNamed => named.contains(&pending.record.offset),
        PartialResponse::FromFirstNamed => pending.record.offset >= first_named,
    }));
    if chunk.first_offset() != first_before {
        (chunk.attempts, chunk.failures) = (0, 0);
    }
    chunk.attempts += 1;
    chunk
}

/// Bisects: a batch of several partitions into these, one of a single partition into halves. Neither uses up an attempt,
/// and both are tried at once.
fn split(mut chunk: Chunk, is_alone: bool, now: Instant) -> Vec<Chunk> {
    chunk.due = now;
    if !is_alone {
        return vec![chunk];
    }
    let second = chunk.second_half();
    vec![chunk, second]
}

fn is_exhausted(spec: &MappingSpec, chunk: &Chunk) -> bool {
    spec.maximum_retry_attempts.is_some_and(|most| chunk.attempts > most)
}

fn note_verdict(progress: &mut Progress, verdict: Verdict) {
    match verdict {
        Verdict::Done => {}
        Verdict::Named(named) => {
            let named: Vec<String> = named
                .iter()
                .filter_map(|(partition, offsets)| Some((partition, offsets.first()?, offsets.len())))
                .map(|(partition, first, count)| format!("partition {partition} from offset {first} ({count} named)"))
                .collect();
            progress.last_error = Some(format!("the function could not do {}", named.join(", ")));
        }
        Verdict::Failed(reason) => progress.last_error = Some(reason.chars().take(SHOWN_ERROR).collect()),
    }
}
