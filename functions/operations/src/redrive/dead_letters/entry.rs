//! One thing in the queue: a letter with the messages that carry it, an on-failure record of Lambda, or something else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::dead_letter::{JoinError, LetterMessage, shortened};
use shared::kafka::reader::Span;

use super::on_failure::OnFailure;
use super::queue::Message;
use super::report::{Kind, Row};
use super::request::Facts;

/// A letter, an on-failure record, or what is neither.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) refused_at: Option<DateTime<Utc>>,
    /// The ids of the messages that carry it, copies included.
    pub(super) messages: BTreeSet<String>,
    pub(super) spans: Vec<Span>,
    pub(super) content: Content,
    /// Whether its record was dropped from memory because there were too many.
    pub(super) is_dropped: bool,
}

/// What the messages hold.
pub(super) enum Content {
    /// By part; without the record where nobody asked for it.
    Letter(BTreeMap<usize, LetterMessage>),
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
            spans: Vec::new(),
            content: content(&message.body),
            is_dropped: false,
        };
        match &entry.content {
            Content::Letter(parts) => {
                if let Some(part) = parts.values().next() {
                    entry.id = part.id.to_string();
                    entry.refused_at = Some(part.refused_at);
                    entry.spans = vec![Span {
                        topic: part.topic.clone(),
                        partition: part.partition,
                        first: part.offset,
                        last: part.offset,
                    }];
                }
            }
            Content::OnFailure(record) => {
                entry.refused_at = record.at.or(message.sent_at);
                entry.spans.clone_from(&record.spans);
            }
            Content::Unreadable { .. } => (),
        }
        entry
    }

    /// Takes in another message of the same letter.
    pub(super) fn join(&mut self, other: Self) {
        self.messages.extend(other.messages);
        if let (Content::Letter(parts), Content::Letter(more)) = (&mut self.content, other.content) {
            for (place, part) in more {
                parts.entry(place).or_insert(part);
            }
        }
    }

    /// Drops the records and keeps what is said about them. What is no letter keeps its text only for who wants to see it.
    pub(super) fn forget_records(&mut self) {
        match &mut self.content {
            Content::Letter(parts) => parts.values_mut().for_each(LetterMessage::forget_record),
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
            spans: &self.spans,
        }
    }

    /// Any message of the letter: each says all about it but the record.
    pub(super) fn part(&self) -> Option<&LetterMessage> {
        match &self.content {
            Content::Letter(parts) => parts.values().next(),
            _ => None,
        }
    }

    pub(super) fn row(&self) -> Row {
        let facts = self.facts();
        let mut row = Row {
            kind: Kind::Unreadable,
            id: self.id.clone(),
            function: facts.function.map(str::to_owned),
            topic: self.spans.first().map(|span| span.topic.clone()),
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
            Content::Letter(parts) => {
                row.kind = Kind::Letter;
                if let Some(part) = self.part() {
                    row.partition = Some(part.partition);
                    row.offset = Some(part.offset);
                    row.timestamp = part.timestamp.and_then(DateTime::from_timestamp_millis);
                    row.reason.clone_from(&part.reason);
                    row.payload_bytes = part.payload_bytes;
                    row.parts = part.parts;
                    row.parts_missing = LetterMessage::missing(part.parts, |part| parts.contains_key(&part));
                }
            }
            Content::OnFailure(record) => {
                row.kind = Kind::OnFailure;
                row.offsets.clone_from(&record.spans);
                row.reason = record.reason();
            }
            Content::Unreadable { reason, .. } => row.reason.clone_from(reason),
        }
        row
    }
}

fn content(body: &str) -> Content {
    let error = match LetterMessage::parse(body) {
        Ok(part) => return Content::Letter(BTreeMap::from([(part.part, part)])),
        Err(error) => error,
    };
    let value: Option<Value> = serde_json::from_str(body).ok();
    let reason = match value.as_ref().and_then(OnFailure::parse) {
        Some(Ok(record)) => return Content::OnFailure(record),
        Some(Err(reason)) => format!("an on-failure record of Lambda that cannot be read: {reason}"),
        None => reason(&error, value.as_ref()),
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
