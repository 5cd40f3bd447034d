//! What the desk answers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::kafka::reader::Span;

use super::ROWS;
use super::entry::Entry;
use super::queue::{Held, Queue};
use super::request::{Action, Target};
use super::show::Show;

/// The answer to one request.
#[derive(Debug, Serialize)]
pub struct DeskReport {
    /// What was asked.
    pub action: Action,
    /// What came of it.
    #[serde(flatten)]
    pub done: Done,
    /// About how many messages somebody else held when the request came: they may be of letters that are not told of here.
    pub hidden: u64,
    /// Whether all visible messages were looked at; else the time or the memory did not suffice, and the request may be repeated.
    pub complete: bool,
    /// Messages that could not be made visible again at once; they are when their time is over.
    pub not_given_back: usize,
}

/// What came of a request.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// Of `list`.
    Listed(Listing),
    /// Of `show`.
    Shown(Box<Show>),
    /// Of `replay`.
    Replayed(Replay),
    /// Of `purge`.
    Purged(Purge),
}

/// What stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A record that a function refused.
    Letter,
    /// A batch that Lambda gave up.
    OnFailure,
    /// Something else.
    Unreadable,
}

/// One letter, without its record.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What it is.
    pub kind: Kind,
    /// For `show`, `replay` and `purge`.
    pub id: String,
    /// The function that refused it.
    pub function: Option<String>,
    /// The record's topic.
    pub topic: Option<String>,
    /// The record's partition.
    pub partition: Option<i32>,
    /// The record's offset.
    pub offset: Option<i64>,
    /// Of an on-failure record: where its records stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<Span>,
    /// When the record was written to Kafka.
    pub timestamp: Option<DateTime<Utc>>,
    /// When it was refused or given up; of anything else when it was sent to the queue.
    pub refused_at: Option<DateTime<Utc>>,
    /// The refusal's code, or the condition of an on-failure record.
    pub error_code: Option<String>,
    /// Why, in a sentence.
    pub reason: String,
    /// The length of the record's value.
    pub payload_bytes: Option<usize>,
    /// How many messages carry it.
    pub parts: usize,
    /// Those of them that are not to be seen now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts_missing: Vec<usize>,
}

/// What matches, newest first.
#[derive(Debug, Serialize)]
pub struct Listing {
    /// How many match.
    pub matched: usize,
    /// The newest of them.
    pub letters: Vec<Row>,
    /// How many more match.
    pub left_out: usize,
    /// How many match, by function, by topic and by error code.
    pub counts: Counts,
}

/// How many letters, by each.
#[derive(Debug, Default, Serialize)]
pub struct Counts {
    /// By function.
    pub function: BTreeMap<String, usize>,
    /// By topic.
    pub topic: BTreeMap<String, usize>,
    /// By error code or condition.
    pub error_code: BTreeMap<String, usize>,
}

/// What became of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The function took it; it is deleted.
    Applied,
    /// Kafka has it; it is deleted.
    Published,
    /// Deleted by `purge`.
    Deleted,
    /// A dry run: it would be done.
    Would,
    /// The function refused it again; it stays.
    Refused,
    /// It could not be done; it stays.
    Failed,
    /// There was no time or memory; it stays.
    Left,
}

/// A letter and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where that is a question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The letter.
    #[serde(flatten)]
    pub letter: Row,
}

/// What became of the letters that match.
#[derive(Debug, Serialize)]
pub struct Replay {
    /// Where they were sent.
    pub to: Target,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// How many match, within the limit.
    pub matched: usize,
    /// How many are done and deleted.
    pub replayed: usize,
    /// Records that were sent: an on-failure record names many.
    pub records: usize,
    /// How many stay because they failed or were refused again.
    pub failed: usize,
    /// How many stay because there was no time or memory.
    pub left: usize,
    /// Each of them, those that stay first.
    pub letters: Vec<Line>,
    /// How many are not among `letters` because there are too many.
    pub left_out: usize,
}

/// What was deleted.
#[derive(Debug, Serialize)]
pub struct Purge {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// How many match, within the limit.
    pub matched: usize,
    /// How many are deleted.
    pub deleted: usize,
    /// Each of them, those that stay first.
    pub letters: Vec<Line>,
    /// How many are not among `letters` because there are too many.
    pub left_out: usize,
}

pub(super) fn list(entries: Vec<Entry>, limit: Option<usize>) -> Listing {
    const USUAL: usize = 100;
    let mut counts = Counts::default();
    let count = |by: &mut BTreeMap<String, usize>, name: Option<&str>| {
        *by.entry(name.unwrap_or("unknown").to_owned()).or_default() += 1;
    };
    for entry in &entries {
        let facts = entry.facts();
        count(&mut counts.function, facts.function);
        count(&mut counts.topic, facts.spans.first().map(|span| span.topic.as_str()));
        count(&mut counts.error_code, facts.error_code);
    }
    let limit = limit.unwrap_or(USUAL);
    Listing {
        matched: entries.len(),
        letters: entries.iter().take(limit).map(Entry::row).collect(),
        left_out: entries.len().saturating_sub(limit),
        counts,
    }
}

pub(super) async fn purge(entries: Vec<Entry>, queue: &Queue, held: &mut Held, dry_run: bool) -> Purge {
    let mut lines = Vec::with_capacity(entries.len());
    for entry in &entries {
        let letter = entry.row();
        let (outcome, why) = if dry_run {
            (Outcome::Would, None)
        } else {
            match queue.delete(&held.take(&entry.messages)).await {
                Ok(()) => (Outcome::Deleted, None),
                Err(why) => (Outcome::Failed, Some(why)),
            }
        };
        lines.push(Line { outcome, why, letter });
    }
    let deleted = lines.iter().filter(|line| line.outcome == Outcome::Deleted).count();
    let (letters, left_out) = within_an_answer(lines);
    Purge {
        dry_run,
        matched: entries.len(),
        deleted,
        letters,
        left_out,
    }
}

/// The first [`ROWS`] lines, those of letters that stay before the others.
pub(super) fn within_an_answer(mut lines: Vec<Line>) -> (Vec<Line>, usize) {
    let stays = |line: &Line| matches!(line.outcome, Outcome::Refused | Outcome::Failed | Outcome::Left);
    lines.sort_by_key(|line| !stays(line));
    let left_out = lines.len().saturating_sub(ROWS);
    lines.truncate(ROWS);
    (lines, left_out)
}
