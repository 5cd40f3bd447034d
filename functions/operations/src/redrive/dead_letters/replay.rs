//! Sending letters again, and deleting those that are done.

mod batch;
mod deliver;
pub(super) mod spans;

use shared::dead_letter::DeadLetter;
use shared::event::Topic;
use shared::kafka::reader::Records;
use shared::record::WholeRecord;
use tokio::time::{Duration, Instant};

use super::entry::{Content, Entry};
use super::queue::{Held, Queue};
use super::report::{Line, Outcome, Replay, within_an_answer};
use super::request::{DeskRequest, Target};
use crate::lambda::Lambda;
use deliver::{Delivery, deliver};

/// Letters of one call, and their bytes in the event: Lambda takes 6 MB.
const LETTERS: usize = 100;
const EVENT_BYTES: usize = 5_500_000;
/// With less time than this nothing more is begun.
const LEAST: Duration = Duration::from_secs(1);

/// A letter that is about to be sent.
struct Item {
    entry: Entry,
    letter: DeadLetter,
}

/// What became of a letter, and how many records were sent for it.
struct Fate {
    outcome: Outcome,
    why: Option<String>,
    records: usize,
}

impl Fate {
    fn stays(outcome: Outcome, why: impl Into<String>) -> Self {
        Self {
            outcome,
            why: Some(why.into()),
            records: 0,
        }
    }
}

/// One replay.
pub(super) struct Replayer<'a> {
    queue: &'a Queue,
    lambda: &'a Lambda,
    kafka: &'a Records,
    deadline: Instant,
    held: &'a mut Held,
    lines: Vec<Line>,
    records: usize,
}

impl<'a> Replayer<'a> {
    pub(super) fn new(
        queue: &'a Queue,
        lambda: &'a Lambda,
        kafka: &'a Records,
        deadline: Instant,
        held: &'a mut Held,
    ) -> Self {
        Self {
            queue,
            lambda,
            kafka,
            deadline,
            held,
            lines: Vec::new(),
            records: 0,
        }
    }

    /// Sends `entries`, which are in the order in which they shall go.
    pub(super) async fn replay(mut self, entries: Vec<Entry>, request: &DeskRequest) -> Replay {
        let (to, matched) = (request.to.unwrap_or_default(), entries.len());
        let (mut items, mut batches) = (Vec::new(), Vec::new());
        for mut entry in entries {
            match ready(&mut entry, to) {
                Err(fate) => self.told(&entry, fate),
                Ok(_) if request.dry_run => {
                    let would = Fate {
                        outcome: Outcome::Would,
                        why: None,
                        records: 0,
                    };
                    self.told(&entry, would);
                }
                Ok(Some(letter)) => items.push(Item { entry, letter }),
                Ok(None) => batches.push(entry),
            }
        }
        match to {
            Target::Function => self.send_to_functions(items).await,
            Target::Topic => self.send_to_topics(items).await,
        }
        for entry in batches {
            let fate = match &entry.content {
                Content::OnFailure(batch) if self.has_time() => self.batch(batch, to).await,
                _ => late(),
            };
            self.settle(entry, fate).await;
        }
        let count = |outcomes: &[Outcome]| {
            self.lines
                .iter()
                .filter(|line| outcomes.contains(&line.outcome))
                .count()
        };
        let replayed = count(&[Outcome::Applied, Outcome::Published]);
        let (failed, left) = (count(&[Outcome::Refused, Outcome::Failed]), count(&[Outcome::Left]));
        let (letters, left_out) = within_an_answer(self.lines);
        Replay {
            to,
            dry_run: request.dry_run,
            matched,
            replayed,
            records: self.records,
            failed,
            left,
            letters,
            left_out,
        }
    }

    async fn send_to_functions(&mut self, items: Vec<Item>) {
        let mut by_function: Vec<(String, Vec<Item>)> = Vec::new();
        for item in items {
            let function = &item.letter.function;
            match by_function.iter_mut().find(|(name, _)| name == function) {
                Some((_, items)) => items.push(item),
                None => by_function.push((function.clone(), vec![item])),
            }
        }
        for (function, mut items) in by_function {
            let mut away = None;
            while !items.is_empty() {
                let rest = items.split_off(chunk(&items));
                let chunk = std::mem::replace(&mut items, rest);
                away = self.send_to_function(&function, chunk, away).await;
            }
        }
    }

    /// Sends some letters in one call. When the function is away, or was, it says why.
    async fn send_to_function(&mut self, function: &str, chunk: Vec<Item>, away: Option<String>) -> Option<String> {
        if let Some(why) = away {
            for item in chunk {
                self.settle(item.entry, Fate::stays(Outcome::Left, format!("not tried: {why}")))
                    .await;
            }
            return Some(why);
        }
        if !self.has_time() {
            for item in chunk {
                self.settle(item.entry, late()).await;
            }
            return None;
        }
        let records: Vec<&WholeRecord> = chunk.iter().map(|item| &item.letter.record).collect();
        match deliver(self.lambda, function, &records, true, self.deadline).await {
            Delivery::Each(outcomes) => {
                for (item, outcome) in chunk.into_iter().zip(outcomes) {
                    let fate = match outcome {
                        Ok(()) => Fate {
                            outcome: Outcome::Applied,
                            why: None,
                            records: 1,
                        },
                        Err(why) => Fate::stays(Outcome::Refused, why),
                    };
                    self.settle(item.entry, fate).await;
                }
                None
            }
            Delivery::Away(why) => {
                for item in chunk {
                    self.settle(item.entry, Fate::stays(Outcome::Failed, why.clone())).await;
                }
                Some(why)
            }
            // One of them may be what the function cannot bear, so each goes alone.
            Delivery::Failed(_) if chunk.len() > 1 => {
                let mut away = None;
                for item in chunk {
                    away = Box::pin(self.send_to_function(function, vec![item], away)).await;
                }
                away
            }
            Delivery::Failed(why) => {
                for item in chunk {
                    self.settle(item.entry, Fate::stays(Outcome::Failed, why.clone())).await;
                }
                None
            }
        }
    }

    async fn send_to_topics(&mut self, mut items: Vec<Item>) {
        while !items.is_empty() {
            let rest = items.split_off(chunk(&items));
            let chunk = std::mem::replace(&mut items, rest);
            if !self.has_time() {
                for item in chunk {
                    self.settle(item.entry, late()).await;
                }
                continue;
            }
            let records: Vec<&WholeRecord> = chunk.iter().map(|item| &item.letter.record).collect();
            let outcomes = self.kafka.write(&records, self.deadline).await;
            for (item, outcome) in chunk.into_iter().zip(outcomes) {
                let fate = match outcome {
                    Ok(()) => Fate {
                        outcome: Outcome::Published,
                        why: None,
                        records: 1,
                    },
                    Err(why) => Fate::stays(Outcome::Failed, why),
                };
                self.settle(item.entry, fate).await;
            }
        }
    }

    fn has_time(&self) -> bool {
        Instant::now() + LEAST < self.deadline
    }

    /// Deletes a letter that is done, and tells what became of it.
    async fn settle(&mut self, entry: Entry, mut fate: Fate) {
        if matches!(fate.outcome, Outcome::Applied | Outcome::Published) {
            let receipts = self.held.take(&entry.messages);
            if let Err(error) = self.queue.delete(&receipts).await {
                let done = if fate.outcome == Outcome::Applied {
                    "applied"
                } else {
                    "published"
                };
                (fate.outcome, fate.why) = (
                    Outcome::Failed,
                    Some(format!("it is {done}, but still in the queue: {error}")),
                );
            }
        }
        self.told(&entry, fate);
    }

    fn told(&mut self, entry: &Entry, fate: Fate) {
        self.records += fate.records;
        self.lines.push(Line {
            outcome: fate.outcome,
            why: fate.why,
            letter: entry.row(),
        });
    }
}

/// The letter to send, or none for a batch that is yet to be read; or why there is nothing to send.
fn ready(entry: &mut Entry, to: Target) -> Result<Option<DeadLetter>, Fate> {
    if entry.is_dropped {
        return Err(Fate::stays(
            Outcome::Left,
            "there are more letters than memory has room for; replay again",
        ));
    }
    let is_ours = |topic: &str| Topic::ALL.iter().any(|known| known.name() == topic);
    if to == Target::Topic
        && let Some(span) = entry.spans.iter().find(|span| !is_ours(&span.topic))
    {
        let allowed = Topic::ALL.map(Topic::name).join(", ");
        let why = format!("topic {:?} is not one of {allowed}", span.topic);
        return Err(Fate::stays(Outcome::Failed, why));
    }
    match &mut entry.content {
        Content::Letter(parts) => {
            let letter = DeadLetter::join(parts.values().cloned());
            // The letter holds the record from here on.
            parts
                .values_mut()
                .for_each(shared::dead_letter::LetterMessage::forget_record);
            letter
                .map(Some)
                .map_err(|error| Fate::stays(Outcome::Failed, error.to_string()))
        }
        Content::OnFailure(batch) if batch.function.is_none() && to == Target::Function => Err(Fate::stays(
            Outcome::Failed,
            "the on-failure record names no function; replay it to the topic",
        )),
        Content::OnFailure(_) => Ok(None),
        Content::Unreadable { reason, .. } => Err(Fate::stays(Outcome::Failed, reason.clone())),
    }
}

/// How many of the first letters go together.
fn chunk(items: &[Item]) -> usize {
    let mut bytes = 0;
    let fits = |item: &&Item| {
        bytes += item.letter.record.event_bytes();
        bytes <= EVENT_BYTES
    };
    items.iter().take(LETTERS).take_while(fits).count().max(1)
}

fn late() -> Fate {
    Fate::stays(Outcome::Left, "there was no time left; replay again")
}
