//! The dead-letter queue: receiving its messages, releasing them and deleting them.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageSystemAttributeName,
    QueueAttributeName,
};
use chrono::{DateTime, Utc};
use shared::error_chain::error_chain;

use super::error::DeadLetterAdminError;
use crate::redrive::sqs_error::SqsError;

/// SQS's most for one call.
const MESSAGES: usize = 10;
/// Calls at a time.
const CALLS: usize = 4;
/// SQS's longest time for a message to stay hidden, 12 hours.
const LONGEST_HIDDEN: i32 = 43_200;
/// With a wait, SQS asks all its servers, so nothing received means nothing visible.
const WAIT_SECONDS: i32 = 1;

/// A message that was received.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) receipt_handle: String,
    pub(super) body: String,
    pub(super) sent_at: Option<DateTime<Utc>>,
}

/// Receipt handles of the messages that are in flight: received here, and hidden from others until they are deleted or released. By message id.
#[derive(Default)]
pub(super) struct InFlight(BTreeMap<String, String>);

impl InFlight {
    pub(super) fn add(&mut self, message: &Message) {
        // A message received twice is known by its newer receipt handle.
        self.0.insert(message.id.clone(), message.receipt_handle.clone());
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The receipt handles of these messages, which are in flight no more.
    pub(super) fn take<'a>(&mut self, ids: impl IntoIterator<Item = &'a String>) -> Vec<String> {
        ids.into_iter().filter_map(|id| self.0.remove(id)).collect()
    }

    /// The receipt handles of all other messages, which are in flight no more.
    pub(super) fn take_all_but(&mut self, keeps: impl Fn(&String) -> bool) -> Vec<String> {
        let (kept, others) = std::mem::take(&mut self.0).into_iter().partition(|(id, _)| keeps(id));
        self.0 = kept;
        let others: BTreeMap<String, String> = others;
        others.into_values().collect()
    }

    pub(super) fn into_receipt_handles(self) -> Vec<String> {
        self.0.into_values().collect()
    }
}

/// The queue.
pub(super) struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    pub(super) fn new(config: &SdkConfig, url: &str) -> Self {
        Self {
            client: Client::new(config),
            url: url.to_owned(),
        }
    }

    /// About how many messages somebody has received and neither deleted nor released.
    pub(super) async fn hidden(&self) -> Result<u64, DeadLetterAdminError> {
        let name = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = request
            .attribute_names(name.clone())
            .send()
            .await
            .map_err(failed("look at"))?;
        let hidden = answer.attributes.and_then(|mut attributes| attributes.remove(&name));
        hidden
            .unwrap_or_default()
            .parse()
            .map_err(|error: std::num::ParseIntError| failed("look at")(error))
    }

    /// Some messages, hidden from others for `hide_for`; nothing when there are no more.
    pub(super) async fn receive(&self, hide_for: Duration) -> Result<Vec<Message>, DeadLetterAdminError> {
        let seconds = i32::try_from(hide_for.as_secs().max(1)).unwrap_or(LONGEST_HIDDEN);
        let call = || {
            let request = self.client.receive_message().queue_url(&self.url);
            request
                .max_number_of_messages(i32::try_from(MESSAGES).unwrap_or(1))
                .visibility_timeout(seconds.min(LONGEST_HIDDEN))
                .wait_time_seconds(WAIT_SECONDS)
                .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
                .send()
        };
        let mut messages = Vec::new();
        let mut failure = None;
        for answer in futures::future::join_all((0..CALLS).map(|_| call())).await {
            match answer {
                Ok(answer) => messages.extend(answer.messages.unwrap_or_default().into_iter().filter_map(message)),
                Err(error) => failure = Some(failed("read")(error)),
            }
        }
        match failure {
            // What came with it must be known, so that it is released; the next call fails again.
            Some(error) if messages.is_empty() => Err(error),
            _ => Ok(messages),
        }
    }

    /// Makes messages visible again; says how many were not, which are visible by themselves when their time is over.
    pub(super) async fn release(&self, receipt_handles: Vec<String>) -> usize {
        let mut failed = 0;
        for calls in receipt_handles.chunks(MESSAGES * CALLS) {
            let calls = calls
                .chunks(MESSAGES)
                .map(async |chunk| match self.make_visible(chunk).await {
                    Ok(failed) => failed,
                    Err(error) => {
                        tracing::warn!(error = error_chain(&error), "Could not release messages");
                        chunk.len()
                    }
                });
            failed += futures::future::join_all(calls).await.into_iter().sum::<usize>();
        }
        failed
    }

    async fn make_visible(&self, receipt_handles: &[String]) -> Result<usize, DeadLetterAdminError> {
        let entries = receipt_handles.iter().zip(0_u32..).map(|(receipt_handle, id)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(id.to_string())
                .receipt_handle(receipt_handle)
                .visibility_timeout(0)
                .build()
        });
        let entries = entries
            .collect::<Result<_, _>>()
            .map_err(failed("release messages of"))?;
        let request = self.client.change_message_visibility_batch().queue_url(&self.url);
        let answer = request.set_entries(Some(entries)).send().await;
        Ok(answer.map_err(failed("release messages of"))?.failed.len())
    }

    /// Deletes the messages of these receipt handles.
    pub(super) async fn delete(&self, receipt_handles: &[String]) -> Result<(), SqsError> {
        for chunk in receipt_handles.chunks(MESSAGES) {
            let entries = chunk.iter().zip(0_u32..).map(|(receipt_handle, id)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(id.to_string())
                    .receipt_handle(receipt_handle)
                    .build()
            });
            let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(SqsError::call)?;
            let request = self.client.delete_message_batch().queue_url(&self.url);
            let answer = request.set_entries(Some(entries)).send().await;
            SqsError::all_taken(answer.map_err(SqsError::call)?.failed())?;
        }
        Ok(())
    }
}

fn message(message: aws_sdk_sqs::types::Message) -> Option<Message> {
    let sent = message
        .attributes
        .as_ref()
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::SentTimestamp));
    Some(Message {
        sent_at: sent.and_then(|sent| DateTime::from_timestamp_millis(sent.parse().ok()?)),
        id: message.message_id?,
        receipt_handle: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
    })
}

fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    what: &'static str,
) -> impl FnOnce(E) -> DeadLetterAdminError {
    move |error| DeadLetterAdminError::Queue {
        what,
        source: error.into(),
    }
}
