//! Sending a batch again that Lambda gave up: its records are read from Kafka by their offsets.

use shared::dead_letter::{Outcome, ReplayTarget};
use shared::error_chain::error_chain;
use shared::kafka::WriteError;
use shared::kafka::reader::{OffsetRange, ReadError};
use shared::record::ConsumerRecord;

use super::Replayer;
use super::deliver::{DeliveryError, Rejection, deliver};
use super::item::{EVENT_BYTES, ReplayOutcome};
use crate::redrive::dead_letters::on_failure::OnFailure;
use crate::redrive::dead_letters::retained::retained_part;

/// What was done of a batch.
#[derive(Default)]
struct Progress {
    sent: usize,
    /// Refused, and dead-lettered by the function, each with a dead letter of its own.
    dead_lettered: usize,
    /// What is not in Kafka.
    gone: Vec<String>,
}

/// Why the rest of a batch was not sent.
#[derive(Debug, thiserror::Error)]
enum BatchError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    #[error(transparent)]
    Rejection(#[from] Rejection),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Replayer<'_> {
    /// Sends what Kafka still holds of a batch. It is done when that is all of it.
    pub(super) async fn replay_batch(&mut self, batch: &OnFailure, to: ReplayTarget) -> ReplayOutcome {
        let mut progress = Progress::default();
        let mut failure = None;
        for range in &batch.ranges {
            if let Err(error) = self.replay_range(range, batch, to, &mut progress).await {
                failure = Some(error_chain(&error));
                break;
            }
        }
        let Progress {
            sent,
            dead_lettered,
            gone,
        } = progress;
        let refused = match dead_lettered {
            0 => String::new(),
            count => format!("; {count} were refused and have dead letters of their own"),
        };
        let (outcome, why) = match (failure, to) {
            (Some(why), _) => (
                Outcome::Failed,
                Some(format!("{why}; {sent} records were sent before{refused}")),
            ),
            (None, _) if !gone.is_empty() => {
                let why = format!("{}; the other {sent} records were sent{refused}", gone.join("; "));
                (Outcome::Failed, Some(why))
            }
            (None, ReplayTarget::Function) => {
                let why = (dead_lettered > 0).then(|| format!("{sent} records were sent{refused}"));
                (Outcome::Applied, why)
            }
            (None, ReplayTarget::Topic) => (Outcome::Published, None),
        };
        ReplayOutcome {
            outcome,
            why,
            records: sent,
        }
    }

    async fn replay_range(
        &self,
        range: &OffsetRange,
        batch: &OnFailure,
        to: ReplayTarget,
        progress: &mut Progress,
    ) -> Result<(), BatchError> {
        let retained = retained_part(range, self.reader).await?;
        progress.gone.extend(retained.gone);
        let Some(mut here) = retained.here else { return Ok(()) };
        loop {
            let read = self.reader.read(&here, EVENT_BYTES, self.deadline).await?;
            let records: Vec<&ConsumerRecord> = read.records.iter().collect();
            match (to, &batch.function) {
                (ReplayTarget::Function, Some(function)) => self.hand_over(function, &records, progress).await?,
                _ => self.publish(&records, progress).await?,
            }
            match read.next {
                Some(next) => here.first = next,
                None => return Ok(()),
            }
        }
    }

    /// Hands records to the function. Those that it refuses are handed over once more, for it to dead-letter them one by one: the batch as a whole would
    /// never be done else.
    async fn hand_over(
        &self,
        function: &str,
        records: &[&ConsumerRecord],
        progress: &mut Progress,
    ) -> Result<(), BatchError> {
        if records.is_empty() {
            return Ok(());
        }
        let lambda = &self.clients.lambda;
        let results = deliver(lambda, function, records, true, self.deadline).await?;
        let refused: Vec<&ConsumerRecord> = records
            .iter()
            .zip(&results)
            .filter_map(|(record, result)| result.is_err().then_some(*record))
            .collect();
        if !refused.is_empty() {
            for result in deliver(lambda, function, &refused, false, self.deadline).await? {
                result?;
            }
        }
        progress.sent += records.len();
        progress.dead_lettered += refused.len();
        Ok(())
    }

    async fn publish(&self, records: &[&ConsumerRecord], progress: &mut Progress) -> Result<(), BatchError> {
        for result in self.republisher.write(records, self.deadline).await {
            result?;
            progress.sent += 1;
        }
        Ok(())
    }
}
