//! The way of refused records into the dead-letter queue.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use chrono::{SubsecRound, Utc};
use tokio::sync::OnceCell;

use super::letter::DeadLetter;
use super::refused_record::RefusedRecord;
use crate::config::{ConfigError, Get, required, var};
use crate::record::ConsumerRecord;
use crate::sqs::{self, CALL_BYTES, CALL_MESSAGES};

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
    /// [`DeadLetterError`]; some may have been sent. A record that comes again for it has the same id, so it stays one dead letter.
    pub async fn send(&self, refused: &[RefusedRecord<'_>]) -> Result<(), DeadLetterError> {
        let refused_at = Utc::now().trunc_subsecs(3);
        let mut call: Vec<String> = Vec::new();
        let mut call_bytes = 0;
        for RefusedRecord { record, code, reason } in refused {
            let record = ConsumerRecord::from(*record);
            let dead_letter = DeadLetter::new(&self.function, refused_at, *code, reason, record)?;
            for body in dead_letter.messages()? {
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
        let client = self.client.get_or_init(sqs::client).await;
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
