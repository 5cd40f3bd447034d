//! A dead letter put together: a refused record and all that is known of its refusal, made into messages and joined from them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::part::{Contents, DeadLetterPart, JoinError, RECORD_BYTES, VERSION, pieces};
use super::refused_record::{REASON_CHARACTERS, RefusalCode, shortened};
use super::text_or_base64::TextOrBase64;
use crate::record::ConsumerRecord;

/// Ids are made below it (UUID version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x6a1e_8f52_3c0b_4d7e_9a45_2f70_c1d8_b36e);

/// A refused record and all that is known of its refusal. In the queue it is one [`DeadLetterPart`], or several when the record is larger than a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Made from function and record, so a record that is refused twice by one function has one id.
    pub id: Uuid,
    /// The function that refused it.
    pub function: String,
    /// When.
    pub refused_at: DateTime<Utc>,
    /// Why.
    pub error_code: RefusalCode,
    /// Why, in a sentence.
    pub reason: String,
    /// The record.
    pub record: ConsumerRecord,
}

impl DeadLetter {
    /// A dead letter about `record`.
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

    /// The bodies of the messages that carry the dead letter, in order.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    pub fn messages(&self) -> Result<Vec<String>, serde_json::Error> {
        let record = &self.record;
        let text = contents(record)?;
        let mut message = DeadLetterPart {
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
            return Ok(vec![message.body()?]);
        }
        let pieces = pieces(&text);
        message.parts = pieces.len();
        let bodies = pieces.into_iter().zip(1..).map(|(piece, part)| {
            (message.part, message.piece) = (part, Some(piece.to_owned()));
            message.body()
        });
        bodies.collect()
    }

    /// The dead letter that `messages` carry. Copies and their order do not matter.
    ///
    /// # Errors
    /// [`JoinError`] names the parts that are missing.
    pub fn join(messages: impl IntoIterator<Item = DeadLetterPart>) -> Result<Self, JoinError> {
        let mut by_part: BTreeMap<usize, DeadLetterPart> = BTreeMap::new();
        for message in messages {
            by_part.entry(message.part).or_insert(message);
        }
        let Some(first) = by_part.values().next().cloned() else {
            return Err(JoinError::Missing(vec![1], 1));
        };
        let missing = DeadLetterPart::missing(first.parts, |part| by_part.contains_key(&part));
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
        let bytes = |value: &TextOrBase64| value.bytes().map_err(|_| altered());
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
        let joined = Self::new(
            &first.function,
            first.refused_at,
            first.error_code,
            &first.reason,
            record,
        )?;
        if joined.id == first.id {
            Ok(Self {
                reason: first.reason,
                ..joined
            })
        } else {
            Err(JoinError::Altered(first.id))
        }
    }
}

fn contents(record: &ConsumerRecord) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Contents {
        key: record.key.as_deref().map(TextOrBase64::new),
        headers: record
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), TextOrBase64::new(value)))
            .collect(),
        unread_headers: record.unread_headers.clone(),
        payload: record.value.as_deref().map(TextOrBase64::new),
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

#[cfg(test)]
mod tests;
