//! What is answered about dead letters: the output of the function `operations-redrive`, as the command and the console read it. The JSON's words are older
//! than the names here and stay: `letters`, `letter`, `left`, `not_given_back`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::request::ReplayTarget;
use super::text_or_base64::TextOrBase64;
use crate::kafka::reader::OffsetRange;
use crate::record::ConsumerRecord;

/// The answer to one request.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeadLetterReport {
    /// What was asked, and what came of it.
    #[serde(flatten)]
    pub result: DeadLetterResult,
    /// About how many messages somebody else had received when the request came: they may be of dead letters that are not reported here.
    pub hidden: u64,
    /// Whether all visible messages were looked at; else the time or the memory did not suffice, and the request may be repeated.
    pub complete: bool,
    /// Messages that could not be made visible again at once; they are when their time is over.
    #[serde(rename = "not_given_back")]
    pub not_released: usize,
}

/// What came of a request. Its `action` is that of the request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum DeadLetterResult {
    /// Those that match.
    List(DeadLetterList),
    /// One, with its records.
    Show(Box<DeadLetterDetail>),
    /// What became of each.
    Replay(ReplayReport),
    /// What became of each.
    Purge(PurgeReport),
}

/// What stands in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterKind {
    /// A record that a function refused.
    #[serde(rename = "letter")]
    RefusedRecord,
    /// A batch that Lambda gave up.
    OnFailure,
    /// Something else.
    Unreadable,
}

/// One dead letter, without its record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeadLetterSummary {
    /// What it is.
    pub kind: DeadLetterKind,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<OffsetRange>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts_missing: Vec<usize>,
}

/// What matches, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeadLetterList {
    /// How many match.
    pub matched: usize,
    /// The newest of them.
    #[serde(rename = "letters")]
    pub dead_letters: Vec<DeadLetterSummary>,
    /// How many more match.
    pub left_out: usize,
    /// How many match, by function, by topic and by error code.
    pub counts: DeadLetterCounts,
}

/// How many dead letters, by each.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct DeadLetterCounts {
    /// By function.
    pub function: BTreeMap<String, usize>,
    /// By topic.
    pub topic: BTreeMap<String, usize>,
    /// By error code or condition.
    pub error_code: BTreeMap<String, usize>,
}

/// What became of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(rename = "left")]
    NotTried,
}

impl Outcome {
    /// As the JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Published => "published",
            Self::Deleted => "deleted",
            Self::Would => "would",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NotTried => "left",
        }
    }
}

/// A dead letter and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeadLetterOutcome {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where that is a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The dead letter.
    #[serde(flatten)]
    pub dead_letter: DeadLetterSummary,
}

/// What became of the dead letters that match.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplayReport {
    /// Where they were sent.
    pub to: ReplayTarget,
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
    #[serde(rename = "left")]
    pub not_tried: usize,
    /// Each of them, those that stay first.
    #[serde(rename = "letters")]
    pub dead_letters: Vec<DeadLetterOutcome>,
    /// How many are not among `dead_letters` because there are too many.
    pub left_out: usize,
}

/// What was deleted.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeReport {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// How many match, within the limit.
    pub matched: usize,
    /// How many are deleted.
    pub deleted: usize,
    /// Each of them, those that stay first.
    #[serde(rename = "letters")]
    pub dead_letters: Vec<DeadLetterOutcome>,
    /// How many are not among `dead_letters` because there are too many.
    pub left_out: usize,
}

/// One dead letter and its record, or the records of a batch.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeadLetterDetail {
    /// What a list says of it.
    #[serde(rename = "letter")]
    pub dead_letter: DeadLetterSummary,
    /// Its record; of an on-failure record those that Kafka still holds, the first 100 of them.
    pub records: Vec<ShownRecord>,
    /// What cannot be shown, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_shown: Vec<String>,
    /// The message itself, where it is no dead letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A record as people read it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ShownRecord {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When it was written to Kafka.
    pub timestamp: Option<DateTime<Utc>>,
    /// Text or base64.
    pub key: Option<TextOrBase64>,
    /// Names and values.
    pub headers: Vec<(String, TextOrBase64)>,
    /// The headers' JSON where it was of no known shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_headers: Option<String>,
    /// Text or base64.
    pub payload: Option<TextOrBase64>,
}

impl From<&ConsumerRecord> for ShownRecord {
    fn from(record: &ConsumerRecord) -> Self {
        Self {
            topic: record.topic.clone(),
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp.and_then(DateTime::from_timestamp_millis),
            key: record.key.as_deref().map(TextOrBase64::new),
            headers: record
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), TextOrBase64::new(value)))
                .collect(),
            unread_headers: record.unread_headers.clone(),
            payload: record.value.as_deref().map(TextOrBase64::new),
        }
    }
}

#[cfg(test)]
mod tests;
