//! What an answer means for its batch: which records are done, which come again.

use tokio::time::Instant;

use super::Engine;
use super::batch::Batch;
use crate::emulator::function::{Invocation, InvokeError};
use crate::emulator::mapping::answer::{self, Verdict};
use crate::emulator::with_causes;

impl Engine {
    /// Sorts the batch into what is done and what is tried again.
    pub(super) fn judge(&mut self, batch: Batch, result: Result<Invocation, InvokeError>) {
        let now = Instant::now();
        let spec = &self.mapping.spec;
        // What never reached the function says nothing about the records, so it does not use up their attempts.
        let is_counted = result.is_ok();
        let duration = result.as_ref().ok().map(|invocation| invocation.duration);
        let verdict = match result {
            Err(error) => Verdict::Failed(with_causes(&error)),
            Ok(invocation) => match invocation.function_error {
                Some(_) => Verdict::Failed(String::from_utf8_lossy(&invocation.payload).into_owned()),
                None if spec.report_item_failures => {
                    answer::read(&invocation.payload, &spec.topic, |partition, offset| {
                        batch.contains(partition, offset)
                    })
                }
                None => Verdict::Done,
            },
        };
        let mut discarded = 0;
        let mut is_retried = false;
        for mut slice in batch.slices {
            let partition = self.partitions.entry(slice.partition).or_default();
            if partition.epoch != slice.epoch {
                continue;
            }
            let done = match &verdict {
                Verdict::Done => slice.records.len(),
                Verdict::Failed(_) => 0,
                Verdict::DoneBefore(first_failed) => match first_failed.get(&slice.partition) {
                    Some(offset) => slice
                        .records
                        .iter()
                        .take_while(|pending| pending.record.offset < *offset)
                        .count(),
                    None => slice.records.len(),
                },
            };
            let mut failed = slice.records.split_off(done);
            let mut last_done = slice
                .records
                .last()
                .map(|pending| (pending.record.offset + 1, pending.record.leader_epoch));
            if failed.is_empty() {
                partition.end_retry();
            } else {
                let count = failed.len();
                let attempts = partition.put_back(std::mem::take(&mut failed), is_counted, now);
                if spec.maximum_retry_attempts.is_some_and(|most| attempts > most) {
                    partition.end_retry();
                    let given_up = partition.take(count, usize::MAX, true);
                    last_done = given_up
                        .last()
                        .map(|pending| (pending.record.offset + 1, pending.record.leader_epoch));
                    discarded += given_up.len() as u64;
                    tracing::warn!(
                        kafka.topic = spec.topic,
                        kafka.partition = slice.partition,
                        kafka.offset = given_up.first().map(|pending| pending.record.offset),
                        "Gave up {} records of {}-{} after {attempts} attempts",
                        given_up.len(),
                        spec.topic,
                        slice.partition
                    );
                } else {
                    is_retried = true;
                }
            }
            if let Some(position) = last_done {
                self.to_commit.insert(slice.partition, position);
            }
        }
        self.mapping.note(|progress| {
            progress.last_duration = duration.or(progress.last_duration);
            progress.discarded += discarded;
            progress.retries += u64::from(is_retried);
            match verdict {
                Verdict::Done => {}
                Verdict::DoneBefore(first_failed) => {
                    let first: Vec<String> = first_failed
                        .iter()
                        .map(|(partition, offset)| format!("{partition} from offset {offset}"))
                        .collect();
                    progress.last_error = Some(format!(
                        "the function could not do partition {}",
                        first.join(", partition ")
                    ));
                }
                Verdict::Failed(reason) => progress.last_error = Some(reason.chars().take(2_000).collect()),
            }
        });
        self.note_state();
    }
}
