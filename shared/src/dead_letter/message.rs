//! Dead letters as messages of a queue: whole where the record fits one, else in parts that share the letter's id. Each part says all about the letter but
//! the record, so that it is understandable alone.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DeadLetter, REASON_CHARACTERS, RefusalCode, Shown, shortened};
use crate::record::ConsumerRecord;

/// The longest body: 256 KiB, which every SQS takes (AWS's takes 1 MiB since 2025).
pub const MESSAGE_BYTES: usize = 262_144;
/// What a message holds of a record's JSON. The rest is for what is said about the letter: a topic has 249 characters at most, a function 140, a reason
/// about 2,000, and a character is six bytes at most.
const RECORD_BYTES: usize = 240_000;
/// More than any record needs: Lambda's events have 6 MB.
const PARTS: usize = 10_000;
/// The form of these messages.
const VERSION: u32 = 1;
/// Ids are made below it (UUID version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x6a1e_8f52_3c0b_4d7e_9a45_2f70_c1d8_b36e);

/// One message of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterMessage {
    /// The message's form; 1.
    pub version: u32,
    /// The letter's.
    pub id: Uuid,
    /// The function that refused the record.
    pub function: String,
    /// Where it stood.
    pub topic: String,
    /// Where it stood.
    pub partition: i32,
    /// Where it stood.
    pub offset: i64,
    /// When it was written to Kafka, milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// When it was refused.
    pub refused_at: DateTime<Utc>,
    /// Why.
    pub error_code: RefusalCode,
    /// Why, in a sentence.
    pub reason: String,
    /// The length of its value; null for a record without one.
    pub payload_bytes: Option<usize>,
    /// 1 for the first.
    pub part: usize,
    /// How many messages carry the record.
    pub parts: usize,
    /// The record, where it fits one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Contents>,
    /// Else this part of the record's JSON; all parts joined in their order are the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    piece: Option<String>,
}

/// What a record holds beside its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Contents {
    key: Option<Shown>,
    headers: Vec<(String, Shown)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unread_headers: Option<String>,
    payload: Option<Shown>,
}

/// Why messages are no letter.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The body is no such message.
    #[error("not a dead letter")]
    Json(#[from] serde_json::Error),
    /// The message is of a form that this program does not know.
    #[error("a dead letter of version {0}; known is {VERSION}")]
    Version(u32),
    /// The message counts its parts in a way that no letter does.
    #[error("part {0} of {1} is not one of a dead letter")]
    Count(usize, usize),
    /// Some messages of the letter are not here.
    #[error("parts {0:?} of {1} are missing")]
    Missing(Vec<usize>, usize),
    /// What is joined is not what was sent.
    #[error("the record in dead letter {0} is not the one that was put into it")]
    Altered(Uuid),
}

impl LetterMessage {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// [`JoinError`] when it is something else.
    pub fn parse(body: &str) -> Result<Self, JoinError> {
        let message: Self = serde_json::from_str(body)?;
        if message.version != VERSION {
            Err(JoinError::Version(message.version))
        } else if message.part == 0 || message.part > message.parts || message.parts > PARTS {
            Err(JoinError::Count(message.part, message.parts))
        } else {
            Ok(message)
        }
    }

    /// The parts that are not among `present`.
    #[must_use]
    pub fn missing(parts: usize, present: impl Fn(usize) -> bool) -> Vec<usize> {
        (1..=parts).filter(|part| !present(*part)).collect()
    }

    /// Drops the record and keeps what is said about it.
    pub fn forget_record(&mut self) {
        (self.record, self.piece) = (None, None);
    }
}

impl DeadLetter {
    /// A letter about `record`.
    ///
    /// # Errors
    /// When the record cannot be written as JSON.
    pub fn new(
        function: &str,
        refused_at: DateTime<Utc>,
        error_code: RefusalCode,
        reason: &str,
        record: ConsumerRecord,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: id(function, &record, &contents(&record)?),
            function: function.to_owned(),
            refused_at,
            error_code,
            reason: shortened(reason, REASON_CHARACTERS),
            record,
        })
    }

    /// The bodies of the messages that carry the letter, in order.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn messages(&self) -> Result<Vec<String>, serde_json::Error> {
        let record = &self.record;
        let text = contents(record)?;
        let mut message = LetterMessage {
            version: VERSION,
            id: self.id,
            function: self.function.clone(),
            topic: record.topic.clone(),
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            refused_at: self.refused_at,
            error_code: self.error_code,
            reason: self.reason.clone(),
            payload_bytes: record.value.as_ref().map(Vec::len),
            part: 1,
            parts: 1,
            record: None,
            piece: None,
        };
        if text.len() <= RECORD_BYTES {
            message.record = Some(serde_json::from_str(&text)?);
            return Ok(vec![body(&message)?]);
        }
        let pieces = pieces(&text);
        message.parts = pieces.len();
        let bodies = pieces.into_iter().zip(1..).map(|(piece, part)| {
            (message.part, message.piece) = (part, Some(piece.to_owned()));
            body(&message)
        });
        bodies.collect()
    }

    /// The letter that `messages` carry. Copies and their order do not matter.
    ///
    /// # Errors
    /// [`JoinError`] names the parts that are missing.
    pub fn join(messages: impl IntoIterator<Item = LetterMessage>) -> Result<Self, JoinError> {
        let mut by_part: BTreeMap<usize, LetterMessage> = BTreeMap::new();
        for message in messages {
            by_part.entry(message.part).or_insert(message);
        }
        let Some(first) = by_part.values().next().cloned() else {
            return Err(JoinError::Missing(vec![1], 1));
        };
        let missing = LetterMessage::missing(first.parts, |part| by_part.contains_key(&part));
        if !missing.is_empty() {
            return Err(JoinError::Missing(missing, first.parts));
        }
        let altered = || JoinError::Altered(first.id);
        let contents = match first.record {
            Some(contents) => contents,
            None => {
                let pieces: String = by_part.into_values().filter_map(|message| message.piece).collect();
                serde_json::from_str(&pieces).map_err(|_| altered())?
            }
        };
        let bytes = |shown: &Shown| shown.bytes().map_err(|_| altered());
        let record = ConsumerRecord {
            topic: first.topic,
            partition: first.partition,
            offset: first.offset,
            timestamp: first.timestamp,
            key: contents.key.as_ref().map(bytes).transpose()?,
            headers: contents
                .headers
                .iter()
                .map(|(name, value)| Ok((name.clone(), bytes(value)?)))
                .collect::<Result<_, JoinError>>()?,
            unread_headers: contents.unread_headers,
            value: contents.payload.as_ref().map(bytes).transpose()?,
        };
        let letter = Self::new(
            &first.function,
            first.refused_at,
            first.error_code,
            &first.reason,
            record,
        )?;
        if letter.id == first.id {
            Ok(Self {
                reason: first.reason,
                ..letter
            })
        } else {
            Err(JoinError::Altered(first.id))
        }
    }
}

fn contents(record: &ConsumerRecord) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Contents {
        key: record.key.as_deref().map(Shown::new),
        headers: record
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), Shown::new(value)))
            .collect(),
        unread_headers: record.unread_headers.clone(),
        payload: record.value.as_deref().map(Shown::new),
    })
}

/// The same for the same record and function, and different for a record of a topic that was deleted and made anew.
fn id(function: &str, record: &ConsumerRecord, contents: &str) -> Uuid {
    let place = format!(
        "{function}\n{}\n{}\n{}\n{:?}\n",
        record.topic, record.partition, record.offset, record.timestamp
    );
    Uuid::new_v5(&NAMESPACE, (place + contents).as_bytes())
}

/// The message as JSON. SQS refuses two characters that JSON allows, U+FFFE and U+FFFF, so they are escaped.
fn body(message: &LetterMessage) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(message)?;
    Ok(text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
}

/// Cuts a text so that each piece has at most [`RECORD_BYTES`] as a string of JSON. Where it cuts depends on the text alone, so pieces of two copies fit
/// together.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (place, character) in text.char_indices() {
        let more = match character {
            '"' | '\\' => 2,
            // JSON has escaped control characters already; these two are escaped for SQS.
            '\u{fffe}' | '\u{ffff}' => 6,
            other => other.len_utf8(),
        };
        if bytes + more > RECORD_BYTES {
            pieces.push(&text[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += more;
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests;
