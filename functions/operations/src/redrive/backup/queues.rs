//! What the redrive does to the two queues: messages that failed are shown again soon, messages that are none of ours are dead-lettered.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry;
use serde::Serialize;
use shared::error_chain::error_chain;
use shared::sqs;
use tokio::sync::OnceCell;

use super::SqsMessage;
use crate::redrive::sqs_error::SqsError;

/// Bytes of a message that a dead letter carries. JSON makes at most twice of them, which leaves room for the reason in [`sqs::CALL_BYTES`].
const PART_BYTES: usize = 120_000;
/// A reason quotes what it refuses, so it is cut.
const REASON_CHARACTERS: usize = 1_000;

/// A message that is no event. Several when it is too large for one: `part` of `parts`, in order.
#[derive(Debug, Serialize)]
struct OddMessage<'a> {
    backup_message: &'a str,
    reason: &'a str,
    part: usize,
    parts: usize,
}

/// The backup queue and the dead-letter queue. Connects when first needed.
pub(super) struct Queues {
    backup_url: String,
    dead_letter_url: String,
    retry_seconds: i32,
    client: OnceCell<Client>,
}

impl Queues {
    pub(super) fn new(backup_url: String, dead_letter_url: String, retry_seconds: i32) -> Self {
        Self {
            backup_url,
            dead_letter_url,
            retry_seconds,
            client: OnceCell::new(),
        }
    }

    /// Has the messages become visible after the retry delay, each group's in order. When SQS does not do it, they become visible when the queue's own
    /// timeout ends, which is later and no loss.
    pub(super) async fn show_again(&self, messages: &[&SqsMessage]) {
        for messages in messages.chunks(sqs::CALL_MESSAGES) {
            if let Err(error) = self.change_visibility(messages).await {
                tracing::warn!(
                    count = messages.len(),
                    error = error_chain(&error),
                    "Could not shorten the wait of messages in the backup queue"
                );
            }
        }
    }

    /// Sends a message that is no event to the dead-letter queue, with the reason.
    ///
    /// # Errors
    /// [`SqsError`]; a part of it may have been sent.
    pub(super) async fn dead_letter(&self, body: &str, reason: &str) -> Result<(), SqsError> {
        let reason: String = reason.chars().take(REASON_CHARACTERS).collect();
        let chunks = parts_of(body);
        for (chunk, part) in chunks.iter().zip(1..) {
            let odd = OddMessage {
                backup_message: chunk,
                reason: &reason,
                part,
                parts: chunks.len(),
            };
            let text = serde_json::to_string(&odd).map_err(SqsError::call)?;
            let client = self.client.get_or_init(sqs::client).await;
            let request = client
                .send_message()
                .queue_url(&self.dead_letter_url)
                .message_body(text);
            request.send().await.map_err(SqsError::call)?;
        }
        Ok(())
    }

    async fn change_visibility(&self, messages: &[&SqsMessage]) -> Result<(), SqsError> {
        let entries = messages.iter().enumerate().map(|(place, message)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(place.to_string())
                .receipt_handle(&message.receipt_handle)
                .visibility_timeout(self.retry_seconds)
                .build()
        });
        let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(SqsError::call)?;
        let client = self.client.get_or_init(sqs::client).await;
        let request = client
            .change_message_visibility_batch()
            .queue_url(&self.backup_url)
            .set_entries(Some(entries));
        let answer = request.send().await.map_err(SqsError::call)?;
        SqsError::all_taken(answer.failed())
    }
}

/// The text in parts of at most [`PART_BYTES`], cut between characters; an empty text is one part.
fn parts_of(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > PART_BYTES {
        let (part, left) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
        parts.push(part);
        rest = left;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_message_is_split_between_characters_and_never_cut() {
        let text = "환율".repeat(50_000);
        let parts = parts_of(&text);
        assert_eq!((parts.concat(), parts.len()), (text.clone(), 3));
        assert!(parts.iter().all(|part| part.len() <= PART_BYTES));
        assert_eq!(parts_of(""), [""]);
    }
}
