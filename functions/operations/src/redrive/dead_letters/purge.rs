//! Deleting entries, whatever they hold.

use shared::dead_letter::{DeadLetterOutcome, Outcome, PurgeReport};
use shared::error_chain::error_chain;

use super::entry::Entry;
use super::outcomes::within_an_answer;
use super::queue::{InFlight, Queue};

/// Deletes `entries`, unless it is a dry run.
pub(super) async fn purge(entries: &[Entry], queue: &Queue, in_flight: &mut InFlight, dry_run: bool) -> PurgeReport {
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        let dead_letter = entry.summary();
        let (outcome, why) = if dry_run {
            (Outcome::Would, None)
        } else {
            match queue.delete(&in_flight.take(&entry.messages)).await {
                Ok(()) => (Outcome::Deleted, None),
                Err(error) => (Outcome::Failed, Some(error_chain(&error))),
            }
        };
        outcomes.push(DeadLetterOutcome {
            outcome,
            why,
            dead_letter,
        });
    }
    let deleted = outcomes.iter().filter(|done| done.outcome == Outcome::Deleted).count();
    let (dead_letters, left_out) = within_an_answer(outcomes);
    PurgeReport {
        dry_run,
        matched: entries.len(),
        deleted,
        dead_letters,
        left_out,
    }
}
