//! Why a record is refused for good: a code for filters and alarms, and a sentence for people.

use serde::{Deserialize, Serialize};

use crate::record::KafkaRecord;

/// Characters of a reason; PostgreSQL and serde repeat the value that they refuse, which can be long, and the payload holds it anyway.
pub(super) const REASON_CHARACTERS: usize = 2_000;

/// Why a record was refused; part of the dead letter and of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalCode {
    /// The record is of another topic than the function handles.
    WrongTopic,
    /// The value is no base64; the dead letter's payload is the text itself.
    NotBase64,
    /// Longer than [`crate::batch::MAX_VALUE_BYTES`].
    TooLarge,
    /// The value is no JSON.
    NotJson,
    /// JSON, but not the topic's payload.
    InvalidPayload,
    /// A rate of a time to come. It is applied when it is replayed in its time.
    NotYet,
    /// The store refused the values.
    ValueRefused,
}

impl RefusalCode {
    /// As dead letters and filters spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongTopic => "WRONG_TOPIC",
            Self::NotBase64 => "NOT_BASE64",
            Self::TooLarge => "TOO_LARGE",
            Self::NotJson => "NOT_JSON",
            Self::InvalidPayload => "INVALID_PAYLOAD",
            Self::NotYet => "NOT_YET",
            Self::ValueRefused => "VALUE_REFUSED",
        }
    }
}

/// A record of a batch that can never be applied.
#[derive(Debug)]
pub struct RefusedRecord<'a> {
    /// The record.
    pub record: &'a KafkaRecord<'a>,
    /// Why.
    pub code: RefusalCode,
    /// Why, in a sentence.
    pub reason: String,
}

/// `text`, or its first `characters` and a word of how long it was.
#[must_use]
pub fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{} … (shortened, {} characters)", &text[..end], text.chars().count()),
    }
}
