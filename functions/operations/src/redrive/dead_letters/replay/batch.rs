//! Sending a batch again that Lambda gave up: its records are read from Kafka by their offsets.

use shared::error_chain::error_chain;
use shared::kafka::reader::Span;
use shared::record::WholeRecord;

use super::deliver::{Delivery, deliver};
use super::spans::held_part;
use super::{EVENT_BYTES, Fate, Replayer};
use crate::redrive::dead_letters::on_failure::OnFailure;
use crate::redrive::dead_letters::report::Outcome;
use crate::redrive::dead_letters::request::Target;

/// What was done of a batch.
#[derive(Default)]
struct Progress {
    sent: usize,
    /// Refused, and put aside by the function, each with a letter of its own.
    put_aside: usize,
    /// What is not in Kafka.
    gone: Vec<String>,
}

impl Replayer<'_> {
    /// Sends what Kafka still holds of a batch. It is done when that is all of it.
    pub(super) async fn batch(&mut self, batch: &OnFailure, to: Target) -> Fate {
        let mut progress = Progress::default();
        let mut failure = None;
        for span in &batch.spans {
            if let Err(why) = self.span(span, batch, to, &mut progress).await {
                failure = Some(why);
                break;
            }
        }
        let Progress { sent, put_aside, gone } = progress;
        let aside = match put_aside {
            0 => String::new(),
            count => format!("; {count} were refused and have dead letters of their own"),
        };
        let (outcome, why) = match (failure, to) {
            (Some(why), _) => (
                Outcome::Failed,
                Some(format!("{why}; {sent} records were sent before{aside}")),
            ),
            (None, _) if !gone.is_empty() => {
                let why = format!("{}; the other {sent} records were sent{aside}", gone.join("; "));
                (Outcome::Failed, Some(why))
            }
            (None, Target::Function) => {
                let why = (put_aside > 0).then(|| format!("{sent} records were sent{aside}"));
                (Outcome::Applied, why)
            }
            (None, Target::Topic) => (Outcome::Published, None),
        };
        Fate {
            outcome,
            why,
            records: sent,
        }
    }

    async fn span(
        &mut self,
        span: &Span,
        batch: &OnFailure,
        to: Target,
        progress: &mut Progress,
    ) -> Result<(), String> {
        let (here, gone) = held_part(span, self.kafka).await?;
        progress.gone.extend(gone);
        let Some(mut here) = here else { return Ok(()) };
        loop {
            let read = self.kafka.read(&here, EVENT_BYTES, self.deadline).await;
            let read = read.map_err(|error| error_chain(&error))?;
            let records: Vec<&WholeRecord> = read.records.iter().collect();
            match (to, &batch.function) {
                (Target::Function, Some(function)) => self.some(function, &records, progress).await?,
                _ => self.publish(&records, progress).await?,
            }
            match read.next {
                Some(next) => here.first = next,
                None => return Ok(()),
            }
        }
    }

    /// Hands records to the function. Those that it refuses are handed over once more, for it to put them aside one by one: the batch as a whole would
    /// never be done else.
    async fn some(&self, function: &str, records: &[&WholeRecord], progress: &mut Progress) -> Result<(), String> {
        if records.is_empty() {
            return Ok(());
        }
        let outcomes = match deliver(self.lambda, function, records, true, self.deadline).await {
            Delivery::Each(outcomes) => outcomes,
            Delivery::Away(why) | Delivery::Failed(why) => return Err(why),
        };
        let refused: Vec<&WholeRecord> = records
            .iter()
            .zip(&outcomes)
            .filter_map(|(record, outcome)| outcome.is_err().then_some(*record))
            .collect();
        if !refused.is_empty() {
            match deliver(self.lambda, function, &refused, false, self.deadline).await {
                Delivery::Each(again) => {
                    if let Some(Err(why)) = again.into_iter().find(Result::is_err) {
                        return Err(why);
                    }
                }
                Delivery::Away(why) | Delivery::Failed(why) => return Err(why),
            }
        }
        progress.sent += records.len();
        progress.put_aside += refused.len();
        Ok(())
    }

    async fn publish(&self, records: &[&WholeRecord], progress: &mut Progress) -> Result<(), String> {
        for outcome in self.kafka.write(records, self.deadline).await {
            outcome?;
            progress.sent += 1;
        }
        Ok(())
    }
}
