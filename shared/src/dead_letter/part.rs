//! One message of the queue: a dead letter whole where its record fits, else one of the parts that share the dead letter's id. Each part says all about the
//! dead letter but the record, so that it is understandable alone.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::refused_record::RefusalCode;
use super::text_or_base64::TextOrBase64;

/// What a message of [`crate::sqs::CALL_BYTES`] holds of a record's JSON. The rest is for what is said about the dead letter: a topic has 249 characters at
/// most, a function 140, a reason about 2,000, and a character is six bytes at most.
pub(super) const RECORD_BYTES: usize = 240_000;
/// More than any record needs: Lambda's events have 6 MB.
const PARTS: usize = 10_000;
/// The form of these messages.
pub(super) const VERSION: u32 = 1;

/// One message of a dead letter, as its body says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterPart {
    /// The message's form; 1.
    pub version: u32,
    /// The dead letter's.
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
    pub(super) record: Option<Contents>,
    /// Else this part of the record's JSON; all parts joined in their order are the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) piece: Option<String>,
}

/// What a record holds beside its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) key: Option<TextOrBase64>,
    pub(super) headers: Vec<(String, TextOrBase64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unread_headers: Option<String>,
    pub(super) payload: Option<TextOrBase64>,
}

/// Why messages are no dead letter.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The body is no such message.
    #[error("not a dead letter")]
    Json(#[from] serde_json::Error),
    /// The message is of a form that this program does not know.
    #[error("a dead letter of version {0}; known is {VERSION}")]
    Version(u32),
    /// The message counts its parts in a way that no dead letter does.
    #[error("part {0} of {1} is not one of a dead letter")]
    Count(usize, usize),
    /// Some messages of the dead letter are not here.
    #[error("parts {0:?} of {1} are missing")]
    Missing(Vec<usize>, usize),
    /// What is joined is not what was sent.
    #[error("the record in dead letter {0} is not the one that was put into it")]
    Altered(Uuid),
}

impl DeadLetterPart {
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

    /// The message as JSON. SQS refuses two characters that JSON allows, U+FFFE and U+FFFF, so they are escaped.
    pub(super) fn body(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(self)?;
        Ok(text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    }
}

/// Cuts a text so that each piece has at most [`RECORD_BYTES`] as a string of JSON. Where it cuts depends on the text alone, so pieces of two copies fit
/// together.
pub(super) fn pieces(text: &str) -> Vec<&str> {
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
