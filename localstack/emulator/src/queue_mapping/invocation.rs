//! A batch on its way to the function, and what becomes of its messages.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_sqs::types::Message;

use super::event;
use super::queue::MAX_MESSAGES;
use super::response::{self, MessageOutcome};
use super::state::QueueMapping;
use crate::error_chain::with_causes;
use crate::invocation::{Invocation, InvokeError};
use crate::status::MappingState;

/// How much of an error the status shows.
const SHOWN_ERROR: usize = 2_000;

/// Messages on their way to the function, each with its record of the event.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) messages: Vec<Message>,
    pub(super) records: Vec<Vec<u8>>,
    pub(super) groups: BTreeSet<String>,
}

/// How a batch ended.
pub(super) struct FinishedBatch {
    outcome: MessageOutcome,
    messages: usize,
    failures: usize,
    duration: Option<Duration>,
    delete_error: Option<String>,
}

/// Invokes the function with a batch and deletes what it processed.
pub(super) async fn invoke(mapping: &QueueMapping, batch: Batch) -> FinishedBatch {
    mapping.with_progress(|progress| {
        progress.batches += 1;
        progress.messages += batch.messages.len() as u64;
    });
    let result = mapping.function.deliver(event::event(&batch.records).into()).await;
    let duration = result.as_ref().ok().map(|invocation| invocation.duration);
    let outcome = handle_response(mapping, &batch, result);
    let done: Vec<&Message> = match &outcome {
        MessageOutcome::Failed(_) => Vec::new(),
        MessageOutcome::DoneExcept(failed) => batch
            .messages
            .iter()
            .filter(|message| !failed.contains(id(message)))
            .collect(),
    };
    let mut delete_error = None;
    for messages in done.chunks(MAX_MESSAGES) {
        if let Err(error) = mapping.queue.delete(messages).await {
            let error = with_causes(&error);
            tracing::warn!(
                queue.name = mapping.spec.queue_name(),
                "Could not delete {} messages, so they come again: {error}",
                messages.len()
            );
            delete_error = Some(error);
        }
    }
    FinishedBatch {
        failures: batch.messages.len() - done.len(),
        messages: batch.messages.len(),
        outcome,
        duration,
        delete_error,
    }
}

impl FinishedBatch {
    /// Adds it to the mapping's progress.
    pub(super) fn record(self, mapping: &QueueMapping) {
        let Self {
            outcome,
            messages,
            failures,
            duration,
            delete_error,
        } = self;
        mapping.with_progress(|progress| {
            progress.failures += failures as u64;
            progress.last_duration = duration.or(progress.last_duration);
            progress.state = if failures > 0 {
                MappingState::Retrying
            } else {
                MappingState::Running
            };
            match outcome {
                MessageOutcome::Failed(reason) => {
                    progress.last_error = Some(reason.chars().take(SHOWN_ERROR).collect());
                }
                MessageOutcome::DoneExcept(_) if failures > 0 => {
                    progress.last_error = Some(format!("the function could not do {failures} of {messages} messages"));
                }
                MessageOutcome::DoneExcept(_) => {}
            }
            progress.last_error = delete_error.or(progress.last_error.take());
        });
    }
}

fn handle_response(mapping: &QueueMapping, batch: &Batch, result: Result<Invocation, InvokeError>) -> MessageOutcome {
    match result {
        Err(error) => MessageOutcome::Failed(with_causes(&error)),
        Ok(invocation) => match invocation.function_error {
            Some(_) => MessageOutcome::Failed(String::from_utf8_lossy(&invocation.payload).into_owned()),
            None if mapping.spec.report_item_failures => response::outcome(&invocation.payload, |named| {
                batch.messages.iter().any(|message| id(message) == named)
            }),
            None => MessageOutcome::DoneExcept(BTreeSet::new()),
        },
    }
}

fn id(message: &Message) -> &str {
    message.message_id().unwrap_or_default()
}
