//! One thing in the queue: a dead letter with the messages that carry it, an on-failure record of Lambda, or something else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::dead_letter::{DeadLetterKind, DeadLetterPart, DeadLetterSummary, JoinError, shortened};
use shared::kafka::reader::OffsetRange;

use super::facts::Facts;
use super::on_failure::OnFailure;
use super::queue::Message;

/// A dead letter, an on-failure record, or what is neither.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) refused_at: Option<DateTime<Utc>>,
    /// The ids of the messages that carry it, copies included.
    pub(super) messages: BTreeSet<String>,
    pub(super) ranges: Vec<OffsetRange>,
    pub(super) content: Content,
    /// Whether its record was dropped from memory because there were too many.
    pub(super) is_dropped: bool,
}

/// What the messages hold.
pub(super) enum Content {
    /// By part; without the record where nobody asked for it.
    RefusedRecord(BTreeMap<usize, DeadLetterPart>),
    OnFailure(OnFailure),
    Unreadable {
        reason: String,
        body: String,
    },
}

impl Entry {
    /// What a message holds.
    pub(super) fn new(message: &Message) -> Self {
        let mut entry = Self {
            id: message.id.clone(),
            refused_at: message.sent_at,
            messages: BTreeSet::from([message.id.clone()]),
            ranges: Vec::new(),
            content: content(&message.body),
            is_dropped: false,
        };
        match &entry.content {
            Content::RefusedRecord(parts) => {
                if let Some(part) = parts.values().next() {
                    entry.id = part.id.to_string();
                    entry.refused_at = Some(part.refused_at);
                    entry.ranges = vec![OffsetRange {
                        topic: part.topic.clone(),
                        partition: part.partition,
                        first: part.offset,
                        last: part.offset,
                    }];
                }
            }
            Content::OnFailure(record) => {
                entry.refused_at = record.at.or(message.sent_at);
                entry.ranges.clone_from(&record.ranges);
            }
            Content::Unreadable { .. } => (),
        }
        entry
    }

    /// Takes in another message of the same dead letter.
    pub(super) fn join(&mut self, other: Self) {
        self.messages.extend(other.messages);
        if let (Content::RefusedRecord(parts), Content::RefusedRecord(more)) = (&mut self.content, other.content) {
            for (place, part) in more {
                parts.entry(place).or_insert(part);
            }
        }
    }

    /// Drops the records and keeps what is said about them. What is no dead letter keeps its text only for who wants to see it.
    pub(super) fn forget_records(&mut self) {
        match &mut self.content {
            Content::RefusedRecord(parts) => parts.values_mut().for_each(DeadLetterPart::forget_record),
            Content::Unreadable { body, .. } => body.clear(),
            Content::OnFailure(_) => (),
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        let part = self.part();
        let (function, error_code) = match (&self.content, part) {
            (Content::OnFailure(record), _) => (record.function.as_deref(), record.condition.as_deref()),
            (_, Some(part)) => (Some(part.function.as_str()), Some(part.error_code.name())),
            _ => (None, None),
        };
        Facts {
            id: &self.id,
            function,
            error_code,
            refused_at: self.refused_at,
            ranges: &self.ranges,
        }
    }

    /// Any message of the dead letter: each says all about it but the record.
    pub(super) fn part(&self) -> Option<&DeadLetterPart> {
        match &self.content {
            Content::RefusedRecord(parts) => parts.values().next(),
            _ => None,
        }
    }

    /// What a list says of it.
    pub(super) fn summary(&self) -> DeadLetterSummary {
        let facts = self.facts();
        let mut summary = DeadLetterSummary {
            kind: DeadLetterKind::Unreadable,
            id: self.id.clone(),
            function: facts.function.map(str::to_owned),
            topic: self.ranges.first().map(|range| range.topic.clone()),
            partition: None,
            offset: None,
            offsets: Vec::new(),
            timestamp: None,
            refused_at: self.refused_at,
            error_code: facts.error_code.map(str::to_owned),
            reason: String::new(),
            payload_bytes: None,
            parts: self.messages.len(),
            parts_missing: Vec::new(),
        };
        match &self.content {
            Content::RefusedRecord(parts) => {
                summary.kind = DeadLetterKind::RefusedRecord;
                if let Some(part) = self.part() {
                    summary.partition = Some(part.partition);
                    summary.offset = Some(part.offset);
                    summary.timestamp = part.timestamp.and_then(DateTime::from_timestamp_millis);
                    summary.reason.clone_from(&part.reason);
                    summary.payload_bytes = part.payload_bytes;
                    summary.parts = part.parts;
                    summary.parts_missing = DeadLetterPart::missing(part.parts, |part| parts.contains_key(&part));
                }
            }
            Content::OnFailure(record) => {
                summary.kind = DeadLetterKind::OnFailure;
                summary.offsets.clone_from(&record.ranges);
                summary.reason = record.reason();
            }
            Content::Unreadable { reason, .. } => summary.reason.clone_from(reason),
        }
        summary
    }
}

fn content(body: &str) -> Content {
    let error = match DeadLetterPart::parse(body) {
        Ok(part) => return Content::RefusedRecord(BTreeMap::from([(part.part, part)])),
        Err(error) => error,
    };
    let value: Option<Value> = serde_json::from_str(body).ok();
    let reason = match value.as_ref().map(OnFailure::parse) {
        Some(Ok(Some(record))) => return Content::OnFailure(record),
        Some(Err(reason)) => format!("an on-failure record of Lambda that cannot be read: {reason}"),
        Some(Ok(None)) | None => reason(&error, value.as_ref()),
    };
    Content::Unreadable {
        reason: shortened(&reason, 500),
        body: body.to_owned(),
    }
}

fn reason(error: &JoinError, value: Option<&Value>) -> String {
    let field = |name| value.and_then(|value| value.get(name));
    match (error, field("reason").and_then(Value::as_str)) {
        // A message of the backup queue that can never be published, with the reason beside it.
        (_, Some(reason)) if field("backup_message").is_some() => format!("a message of the backup queue: {reason}"),
        (JoinError::Json(error), _) if field("version").is_some() && field("parts").is_some() => {
            format!("a dead letter that cannot be read: {error}")
        }
        (JoinError::Json(_), _) => "neither a dead letter nor an on-failure record of Lambda".to_owned(),
        (error, _) => error.to_string(),
    }
}
