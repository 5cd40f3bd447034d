//! What of an entry is sent again, how much goes together, and what becomes of it.

use shared::dead_letter::{DeadLetter, DeadLetterPart, Outcome, ReplayTarget};
use shared::event::Topic;

use crate::redrive::dead_letters::entry::{Content, Entry};

/// Dead letters of one call, and their bytes in the event: Lambda takes 6 MB.
const DEAD_LETTERS: usize = 100;
pub(super) const EVENT_BYTES: usize = 5_500_000;

/// A dead letter that is about to be sent.
pub(super) struct ReplayItem {
    pub(super) entry: Entry,
    pub(super) dead_letter: DeadLetter,
}

/// What became of an entry, and how many records were sent for it.
pub(super) struct ReplayOutcome {
    pub(super) outcome: Outcome,
    pub(super) why: Option<String>,
    pub(super) records: usize,
}

impl ReplayOutcome {
    /// One record was sent, or would be.
    pub(super) const fn without_question(outcome: Outcome, records: usize) -> Self {
        Self {
            outcome,
            why: None,
            records,
        }
    }

    /// It stays in the queue.
    pub(super) fn stays(outcome: Outcome, why: impl Into<String>) -> Self {
        Self {
            outcome,
            why: Some(why.into()),
            records: 0,
        }
    }

    pub(super) fn out_of_time() -> Self {
        Self::stays(Outcome::NotTried, "there was no time left; replay again")
    }
}

/// The dead letter to send, or none for a batch that is yet to be read; or why there is nothing to send.
pub(super) fn prepare(entry: &mut Entry, to: ReplayTarget) -> Result<Option<DeadLetter>, ReplayOutcome> {
    if entry.is_dropped {
        return Err(ReplayOutcome::stays(
            Outcome::NotTried,
            "there are more dead letters than memory has room for; replay again",
        ));
    }
    let is_ours = |topic: &str| Topic::ALL.iter().any(|known| known.name() == topic);
    if to == ReplayTarget::Topic
        && let Some(range) = entry.ranges.iter().find(|range| !is_ours(&range.topic))
    {
        let allowed = Topic::ALL.map(Topic::name).join(", ");
        let why = format!("topic {:?} is not one of {allowed}", range.topic);
        return Err(ReplayOutcome::stays(Outcome::Failed, why));
    }
    match &mut entry.content {
        Content::RefusedRecord(parts) => {
            let dead_letter = DeadLetter::join(parts.values().cloned());
            // The dead letter holds the record from here on.
            parts.values_mut().for_each(DeadLetterPart::forget_record);
            dead_letter
                .map(Some)
                .map_err(|error| ReplayOutcome::stays(Outcome::Failed, error.to_string()))
        }
        Content::OnFailure(batch) if batch.function.is_none() && to == ReplayTarget::Function => {
            Err(ReplayOutcome::stays(
                Outcome::Failed,
                "the on-failure record names no function; replay it to the topic",
            ))
        }
        Content::OnFailure(_) => Ok(None),
        Content::Unreadable { reason, .. } => Err(ReplayOutcome::stays(Outcome::Failed, reason.clone())),
    }
}

/// Takes the first items that go together: none when there are none.
pub(super) fn next_chunk(items: &mut Vec<ReplayItem>) -> Vec<ReplayItem> {
    let mut bytes = 0;
    let fits = |item: &&ReplayItem| {
        bytes += item.dead_letter.record.event_bytes();
        bytes <= EVENT_BYTES
    };
    let count = items.iter().take(DEAD_LETTERS).take_while(fits).count().max(1);
    let rest = items.split_off(count.min(items.len()));
    std::mem::replace(items, rest)
}
