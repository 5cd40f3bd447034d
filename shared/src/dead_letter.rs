//! The SQS queue for records that can never be applied: each whole, with where it stood in Kafka, when and by whom it was refused, and why.

mod message;
mod shown;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use uuid::Uuid;

pub use self::message::{JoinError, LetterMessage, MESSAGE_BYTES};
pub use self::shown::Shown;
use crate::config::{ConfigError, Get, required, var};
use crate::record::{ConsumerRecord, KafkaRecord};

/// SQS takes 10 messages and, wherever it runs, 256 KiB a call (1 MiB on AWS since 2025).
const CALL_MESSAGES: usize = 10;
const CALL_BYTES: usize = 262_144;
/// Characters of a reason; PostgreSQL and serde repeat the value that they refuse, which can be long, and the payload holds it anyway.
const REASON_CHARACTERS: usize = 2_000;

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
    /// As letters and filters spell it.
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

/// A refused record and all that is known of its refusal. In the queue it is one [`LetterMessage`], or several when the record is larger than a message.
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

/// `text`, or its first `characters` and a word of how long it was.
#[must_use]
pub fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{} … (shortened, {} characters)", &text[..end], text.chars().count()),
    }
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
    /// [`DeadLetterError`]; some may have been sent. A record that comes again for it has the same id, so it stays one dead letter.
    pub async fn send(&self, refused: &[(&KafkaRecord<'_>, RefusalCode, String)]) -> Result<(), DeadLetterError> {
        let refused_at = Utc::now().trunc_subsecs(3);
        let mut call: Vec<String> = Vec::new();
        let mut call_bytes = 0;
        for (record, error_code, reason) in refused {
            let letter = DeadLetter::new(
                &self.function,
                refused_at,
                *error_code,
                reason,
                ConsumerRecord::from(*record),
            )?;
            for body in letter.messages()? {
                if call.len() == CALL_MESSAGES || (!call.is_empty() && call_bytes + body.len() > CALL_BYTES) {
                    self.call(std::mem::take(&mut call)).await?;
                    call_bytes = 0;
                }
                call_bytes += body.len();
                call.push(body);
            }
        }
        if call.is_empty() { Ok(()) } else { self.call(call).await }
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
