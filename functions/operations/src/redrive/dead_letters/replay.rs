//! Sending dead letters again, and deleting those that are done.

mod batch;
mod deliver;
mod item;

use std::error::Error;

use shared::dead_letter::{DeadLetterOutcome, DeadLetterRequest, Outcome, ReplayReport, ReplayTarget};
use shared::error_chain::error_chain;
use shared::kafka::Republisher;
use shared::kafka::reader::OffsetReader;
use shared::record::ConsumerRecord;
use tokio::time::{Duration, Instant};

use self::deliver::deliver;
use self::item::{ReplayItem, ReplayOutcome, next_chunk, prepare};
use super::clients::Clients;
use super::entry::{Content, Entry};
use super::outcomes::within_an_answer;
use super::queue::InFlight;

/// With less time than this nothing more is begun.
const LEAST: Duration = Duration::from_secs(1);

/// One replay.
pub(super) struct Replayer<'a> {
    clients: &'a Clients,
    reader: &'a OffsetReader,
    republisher: &'a Republisher,
    deadline: Instant,
    in_flight: &'a mut InFlight,
    outcomes: Vec<DeadLetterOutcome>,
    records: usize,
}

impl<'a> Replayer<'a> {
    pub(super) fn new(
        clients: &'a Clients,
        reader: &'a OffsetReader,
        republisher: &'a Republisher,
        deadline: Instant,
        in_flight: &'a mut InFlight,
    ) -> Self {
        Self {
            clients,
            reader,
            republisher,
            deadline,
            in_flight,
            outcomes: Vec::new(),
            records: 0,
        }
    }

    /// Sends `entries`, which are in the order in which they shall go.
    pub(super) async fn replay(mut self, entries: Vec<Entry>, request: &DeadLetterRequest) -> ReplayReport {
        let (to, matched) = (request.to.unwrap_or_default(), entries.len());
        let (mut items, mut batches) = (Vec::new(), Vec::new());
        for mut entry in entries {
            match prepare(&mut entry, to) {
                Err(outcome) => self.record(&entry, outcome),
                Ok(_) if request.dry_run => {
                    self.record(&entry, ReplayOutcome::without_question(Outcome::Would, 0));
                }
                Ok(Some(dead_letter)) => items.push(ReplayItem { entry, dead_letter }),
                Ok(None) => batches.push(entry),
            }
        }
        match to {
            ReplayTarget::Function => self.send_to_functions(items).await,
            ReplayTarget::Topic => self.send_to_topics(items).await,
        }
        for entry in batches {
            let outcome = match &entry.content {
                Content::OnFailure(batch) if self.has_time() => self.replay_batch(batch, to).await,
                _ => ReplayOutcome::out_of_time(),
            };
            self.finish(entry, outcome).await;
        }
        self.report(to, request.dry_run, matched)
    }

    fn report(self, to: ReplayTarget, dry_run: bool, matched: usize) -> ReplayReport {
        let count = |outcomes: &[Outcome]| {
            self.outcomes
                .iter()
                .filter(|done| outcomes.contains(&done.outcome))
                .count()
        };
        let replayed = count(&[Outcome::Applied, Outcome::Published]);
        let failed = count(&[Outcome::Refused, Outcome::Failed]);
        let not_tried = count(&[Outcome::NotTried]);
        let (dead_letters, left_out) = within_an_answer(self.outcomes);
        ReplayReport {
            to,
            dry_run,
            matched,
            replayed,
            records: self.records,
            failed,
            not_tried,
            dead_letters,
            left_out,
        }
    }

    async fn send_to_functions(&mut self, items: Vec<ReplayItem>) {
        let mut by_function: Vec<(String, Vec<ReplayItem>)> = Vec::new();
        for item in items {
            let function = &item.dead_letter.function;
            match by_function.iter_mut().find(|(name, _)| name == function) {
                Some((_, items)) => items.push(item),
                None => by_function.push((function.clone(), vec![item])),
            }
        }
        for (function, mut items) in by_function {
            let mut unavailable = None;
            while !items.is_empty() {
                let chunk = next_chunk(&mut items);
                unavailable = self.send_to_function(&function, chunk, unavailable).await;
            }
        }
    }

    /// Sends some dead letters in one call. When the function is unavailable, or was, it says why.
    async fn send_to_function(
        &mut self,
        function: &str,
        chunk: Vec<ReplayItem>,
        unavailable: Option<String>,
    ) -> Option<String> {
        if let Some(why) = unavailable {
            self.finish_all(chunk, Outcome::NotTried, &format!("not tried: {why}"))
                .await;
            return Some(why);
        }
        if !self.has_time() {
            self.out_of_time(chunk).await;
            return None;
        }
        let records: Vec<&ConsumerRecord> = chunk.iter().map(|item| &item.dead_letter.record).collect();
        match deliver(&self.clients.lambda, function, &records, true, self.deadline).await {
            Ok(results) => {
                self.finish_each(chunk, results, Outcome::Applied, Outcome::Refused)
                    .await;
                None
            }
            Err(error) if error.is_unavailable() => {
                let why = error_chain(&error);
                self.finish_all(chunk, Outcome::Failed, &why).await;
                Some(why)
            }
            // One of them may be what the function cannot bear, so each goes alone.
            Err(_) if chunk.len() > 1 => {
                let mut unavailable = None;
                for item in chunk {
                    unavailable = Box::pin(self.send_to_function(function, vec![item], unavailable)).await;
                }
                unavailable
            }
            Err(error) => {
                self.finish_all(chunk, Outcome::Failed, &error_chain(&error)).await;
                None
            }
        }
    }

    async fn send_to_topics(&mut self, mut items: Vec<ReplayItem>) {
        while !items.is_empty() {
            let chunk = next_chunk(&mut items);
            if !self.has_time() {
                self.out_of_time(chunk).await;
                continue;
            }
            let records: Vec<&ConsumerRecord> = chunk.iter().map(|item| &item.dead_letter.record).collect();
            let results = self.republisher.write(&records, self.deadline).await;
            self.finish_each(chunk, results, Outcome::Published, Outcome::Failed)
                .await;
        }
    }

    fn has_time(&self) -> bool {
        Instant::now() + LEAST < self.deadline
    }

    async fn out_of_time(&mut self, chunk: Vec<ReplayItem>) {
        for item in chunk {
            self.finish(item.entry, ReplayOutcome::out_of_time()).await;
        }
    }

    async fn finish_all(&mut self, chunk: Vec<ReplayItem>, outcome: Outcome, why: &str) {
        for item in chunk {
            self.finish(item.entry, ReplayOutcome::stays(outcome, why)).await;
        }
    }

    /// Finishes dead letters of which each has a result of its own.
    async fn finish_each<E: Error + 'static>(
        &mut self,
        chunk: Vec<ReplayItem>,
        results: Vec<Result<(), E>>,
        done: Outcome,
        not_done: Outcome,
    ) {
        for (item, result) in chunk.into_iter().zip(results) {
            let outcome = match result {
                Ok(()) => ReplayOutcome::without_question(done, 1),
                Err(error) => ReplayOutcome::stays(not_done, error_chain(&error)),
            };
            self.finish(item.entry, outcome).await;
        }
    }

    /// Deletes a dead letter that is done, and records what became of it.
    async fn finish(&mut self, entry: Entry, mut outcome: ReplayOutcome) {
        if matches!(outcome.outcome, Outcome::Applied | Outcome::Published) {
            let receipt_handles = self.in_flight.take(&entry.messages);
            if let Err(error) = self.clients.queue.delete(&receipt_handles).await {
                let done = outcome.outcome.name();
                let why = format!("it is {done}, but still in the queue: {}", error_chain(&error));
                (outcome.outcome, outcome.why) = (Outcome::Failed, Some(why));
            }
        }
        self.record(&entry, outcome);
    }

    fn record(&mut self, entry: &Entry, outcome: ReplayOutcome) {
        self.records += outcome.records;
        self.outcomes.push(DeadLetterOutcome {
            outcome: outcome.outcome,
            why: outcome.why,
            dead_letter: entry.summary(),
        });
    }
}
