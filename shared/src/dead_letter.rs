//! The SQS queue for records that can never be applied: each with its payload, where it stood in Kafka, and why it was refused.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::config::{ConfigError, Get, required, var};
use crate::record::KafkaRecord;

/// Payload bytes a message carries. Base64 makes 240 kB of them, which leaves room for headers and reason in SQS's 256 KiB.
const PART_BYTES: usize = 180_000;
/// SQS takes 10 messages and 256 KiB a call.
const CALL_MESSAGES: usize = 10;
const CALL_BYTES: usize = 262_144;
/// Headers longer than this in all are cut to their first ones: the payload goes before.
const HEADER_BYTES: usize = 8_192;

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
    /// The store refused the values.
    ValueRefused,
}

/// A refused record on its way to the queue. One message each, or several when the payload is larger than a message: `part` of `parts`, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// One per refused record; shared by its parts.
    pub id: Uuid,
    /// The function that refused it.
    pub function: String,
    /// Where it stood.
    pub topic: String,
    /// Where it stood.
    pub partition: i32,
    /// Where it stood.
    pub offset: i64,
    /// When it was written to Kafka, milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// The record's key, base64.
    pub key: Option<String>,
    /// Names and base64 values.
    pub headers: Vec<(String, String)>,
    /// The value (this part of it), base64; null for a record without one.
    pub payload: Option<String>,
    /// 1 for the first.
    pub part: usize,
    /// How many messages carry the record.
    pub parts: usize,
    /// Why.
    pub error_code: RefusalCode,
    /// Why, in a sentence.
    pub reason: String,
}

/// Why refused records are not in the queue.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// SQS could not be reached or refused the call.
    #[error("cannot send to the dead-letter queue")]
    Send(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// SQS took the call but not every message.
    #[error("the dead-letter queue refused {0} messages: {1}")]
    Refused(usize, String),
    /// A dead letter cannot be written as JSON.
    #[error("cannot write a dead letter")]
    Json(#[from] serde_json::Error),
}

/// The queue. Connects at the first dead letter.
pub struct DeadLetters {
    queue_url: String,
    function: String,
    client: OnceCell<Client>,
}

impl DeadLetters {
    /// The queue of `DEAD_LETTER_QUEUE_URL`.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            queue_url: required(get, var::DEAD_LETTER_QUEUE_URL)?,
            function: required(get, var::FUNCTION_NAME)?,
            client: OnceCell::new(),
        })
    }

    /// Sends `refused` records; returns when SQS has them all.
    ///
    /// # Errors
    /// [`DeadLetterError`]; some may have been sent, so a repeated record can have two dead letters.
    pub async fn send(&self, refused: &[(&KafkaRecord<'_>, RefusalCode, String)]) -> Result<(), DeadLetterError> {
        let mut bodies = Vec::new();
        for (record, code, reason) in refused {
            for letter in self.letters(record, *code, reason) {
                bodies.push(serde_json::to_string(&letter)?);
            }
        }
        let mut call: Vec<String> = Vec::new();
        for body in bodies {
            let bytes: usize = call.iter().map(String::len).sum();
            if call.len() == CALL_MESSAGES || (!call.is_empty() && bytes + body.len() > CALL_BYTES) {
                self.call(std::mem::take(&mut call)).await?;
            }
            call.push(body);
        }
        if call.is_empty() { Ok(()) } else { self.call(call).await }
    }

    fn letters(&self, record: &KafkaRecord<'_>, error_code: RefusalCode, reason: &str) -> Vec<DeadLetter> {
        let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
        let value = record.value();
        let payload = value.as_deref().unwrap_or_default();
        let chunks: Vec<&[u8]> = if payload.is_empty() {
            vec![&[]]
        } else {
            payload.chunks(PART_BYTES).collect()
        };
        let mut room = HEADER_BYTES;
        let headers: Vec<(String, String)> = record
            .headers()
            .into_iter()
            .take_while(|(name, value)| {
                let fits = name.len() + value.len() <= room;
                room = room.saturating_sub(name.len() + value.len());
                fits
            })
            .map(|(name, value)| (name, base64(&value)))
            .collect();
        let letter = DeadLetter {
            id: Uuid::now_v7(),
            function: self.function.clone(),
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key().map(|key| base64(&key[..key.len().min(1024)])),
            headers,
            payload: None,
            part: 1,
            parts: chunks.len(),
            error_code,
            reason: reason.to_owned(),
        };
        let numbered = chunks.iter().zip(1..);
        let has_value = value.is_some();
        numbered
            .map(|(chunk, part)| DeadLetter {
                payload: has_value.then(|| base64(chunk)),
                part,
                ..letter.clone()
            })
            .collect()
    }

    async fn call(&self, bodies: Vec<String>) -> Result<(), DeadLetterError> {
        let send = |error: Box<dyn std::error::Error + Send + Sync>| DeadLetterError::Send(error);
        let entries = bodies.into_iter().zip(0_u32..).map(|(body, id)| {
            SendMessageBatchRequestEntry::builder()
                .id(id.to_string())
                .message_body(body)
                .build()
                .map_err(|error| send(error.into()))
        });
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        let client = self
            .client
            .get_or_init(|| async { Client::new(&aws_config::load_from_env().await) })
            .await;
        let request = client
            .send_message_batch()
            .queue_url(&self.queue_url)
            .set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| send(error.into()))?;
        match answer.failed() {
            [] => Ok(()),
            failed => Err(DeadLetterError::Refused(
                failed.len(),
                failed[0].message().unwrap_or(failed[0].code()).to_owned(),
            )),
        }
    }
}
