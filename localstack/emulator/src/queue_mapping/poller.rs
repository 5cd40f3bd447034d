//! The loop of one mapping: what is received, what is sent, what is deleted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::QueueMapping;
use super::answer::{self, Verdict};
use super::event;
use crate::function::{Invocation, InvokeError};
use crate::status::MappingState;
use crate::{PAYLOAD_LIMIT, lock, with_causes};

/// A long poll; AWS allows 20 s, but whoever ends the emulator waits for it, so that no message is received by nobody.
const LONG_POLL_SECONDS: i32 = 2;
/// The most messages that SQS gives at once.
const MOST_RECEIVED: usize = 10;
/// The pause after SQS could not be asked.
const PAUSE: Duration = Duration::from_millis(500);
/// The pause between two looks at a queue in a window that is nearly over.
const SHORT_PAUSE: Duration = Duration::from_millis(50);
/// How long a message waits that SQS gave while another of its group was under way, in seconds.
const BUSY_GROUP_SECONDS: i32 = 1;

pub(super) struct Poller {
    mapping: Arc<QueueMapping>,
    /// Groups of which a batch is under way. SQS itself gives no message of them; LocalStack sometimes does.
    busy: Arc<Mutex<BTreeSet<String>>>,
    slots: Arc<Semaphore>,
    /// What was received and did not fit into the last batch.
    left: Vec<(Message, Vec<u8>)>,
}

/// Messages on their way to the function, each with its record of the event.
struct Batch {
    messages: Vec<Message>,
    records: Vec<Vec<u8>>,
    groups: BTreeSet<String>,
}

impl Poller {
    pub(super) fn new(mapping: Arc<QueueMapping>) -> Self {
        let slots = Arc::new(Semaphore::new(mapping.spec.maximum_concurrency));
        Self {
            mapping,
            busy: Arc::default(),
            slots,
            left: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        self.mapping.note(|progress| progress.state = MappingState::Running);
        let mut under_way = JoinSet::new();
        loop {
            let slot = tokio::select! {
                slot = Arc::clone(&self.slots).acquire_owned() => slot,
                _ = stop.wait_for(|stopped| *stopped) => break,
            };
            let Ok(slot) = slot else { break };
            while under_way.try_join_next().is_some() {}
            let received = self.gather(&mut stop).await;
            if *stop.borrow() {
                // Given back at once: nobody will see to them here.
                self.show_again(received.iter().map(|(message, _)| message), 0).await;
                break;
            }
            if let Some(batch) = self.batch(received).await {
                let (mapping, busy) = (Arc::clone(&self.mapping), Arc::clone(&self.busy));
                under_way.spawn(handle(mapping, busy, batch, slot));
            }
        }
        self.show_again(self.left.iter().map(|(message, _)| message), 0).await;
        while under_way.join_next().await.is_some() {}
    }

    /// Receives until the batch is full, its window is over, the event would be too large, or `stop` turns true.
    async fn gather(&mut self, stop: &mut watch::Receiver<bool>) -> Vec<(Message, Vec<u8>)> {
        let spec = &self.mapping.spec;
        let mut gathered = std::mem::take(&mut self.left);
        let mut window = (!gathered.is_empty()).then(|| Instant::now() + spec.window);
        let mut bytes: usize = gathered.iter().map(|(_, record)| record.len() + 1).sum();
        while gathered.len() < spec.batch_size && !*stop.borrow() {
            if window.is_some_and(|end| Instant::now() >= end) {
                break;
            }
            let room = (spec.batch_size - gathered.len()).min(MOST_RECEIVED);
            let until = window.map(|end| end.saturating_duration_since(Instant::now()));
            let received = match self.receive(room, until).await {
                Ok(received) => received,
                Err(error) => {
                    tracing::warn!(
                        queue.name = spec.queue_name(),
                        "Could not read {}: {error}",
                        spec.queue_name()
                    );
                    self.mapping.note(|progress| {
                        progress.state = MappingState::Disconnected;
                        progress.last_error = Some(error);
                    });
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => continue,
                        _ = stop.wait_for(|stopped| *stopped) => break,
                    }
                }
            };
            self.mapping.note(|progress| {
                if progress.state == MappingState::Disconnected {
                    progress.state = MappingState::Running;
                }
            });
            if received.is_empty() {
                if window.is_some() {
                    // The last second of a window is shorter than any long poll.
                    tokio::time::sleep(SHORT_PAUSE).await;
                }
                continue;
            }
            window.get_or_insert_with(|| Instant::now() + spec.window);
            for message in received {
                match event::record(&message, &spec.queue_arn) {
                    Ok(record) => {
                        bytes += record.len() + 1;
                        // The first always goes, whatever its size.
                        if bytes > PAYLOAD_LIMIT && !gathered.is_empty() {
                            self.left.push((message, record));
                        } else {
                            gathered.push((message, record));
                        }
                    }
                    Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "Lost sight of a message"),
                }
            }
            if !self.left.is_empty() {
                break;
            }
        }
        gathered
    }

    async fn receive(&self, most: usize, until: Option<Duration>) -> Result<Vec<Message>, String> {
        let seconds = until.map_or(LONG_POLL_SECONDS, |left| {
            i32::try_from(left.as_secs()).map_or(LONG_POLL_SECONDS, |left| left.min(LONG_POLL_SECONDS))
        });
        let request = self.mapping.client.receive_message().queue_url(&self.mapping.url);
        let answer = request
            .max_number_of_messages(i32::try_from(most).unwrap_or(1))
            .wait_time_seconds(seconds)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(|error| DisplayErrorContext(error).to_string())?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// What may be sent of what was received: nothing of a group that is under way.
    async fn batch(&self, received: Vec<(Message, Vec<u8>)>) -> Option<Batch> {
        let mut batch = Batch {
            messages: Vec::new(),
            records: Vec::new(),
            groups: BTreeSet::new(),
        };
        let mut too_early = Vec::new();
        {
            let mut busy = lock(&self.busy);
            for (message, record) in received {
                match group(&message) {
                    Some(group) if busy.contains(group) => too_early.push(message),
                    group => {
                        batch.groups.extend(group.map(str::to_owned));
                        batch.messages.push(message);
                        batch.records.push(record);
                    }
                }
            }
            busy.extend(batch.groups.iter().cloned());
        }
        self.show_again(too_early.iter(), BUSY_GROUP_SECONDS).await;
        (!batch.messages.is_empty()).then_some(batch)
    }

    async fn show_again(&self, messages: impl Iterator<Item = &Message>, seconds: i32) {
        let messages: Vec<&Message> = messages.collect();
        for messages in messages.chunks(MOST_RECEIVED) {
            let entries = messages.iter().enumerate().map(|(place, message)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(place.to_string())
                    .receipt_handle(message.receipt_handle().unwrap_or_default())
                    .visibility_timeout(seconds)
                    .build()
            });
            let Ok(entries) = entries.collect::<Result<Vec<_>, _>>() else {
                continue;
            };
            let request = self.mapping.client.change_message_visibility_batch();
            let request = request.queue_url(&self.mapping.url).set_entries(Some(entries));
            if let Err(error) = request.send().await {
                let error = DisplayErrorContext(error).to_string();
                tracing::warn!(
                    queue.name = self.mapping.spec.queue_name(),
                    "Could not give {} messages back: {error}",
                    messages.len()
                );
            }
        }
    }
}

/// Invokes the function with a batch and deletes what it did.
async fn handle(
    mapping: Arc<QueueMapping>,
    busy: Arc<Mutex<BTreeSet<String>>>,
    batch: Batch,
    slot: OwnedSemaphorePermit,
) {
    mapping.note(|progress| {
        progress.batches += 1;
        progress.messages += batch.messages.len() as u64;
    });
    let result = mapping.function.deliver(event::event(&batch.records).into()).await;
    let duration = result.as_ref().ok().map(|invocation| invocation.duration);
    let verdict = judge(&mapping, &batch, result);
    let done: Vec<&Message> = match &verdict {
        Verdict::Failed(_) => Vec::new(),
        Verdict::DoneExcept(failed) => batch
            .messages
            .iter()
            .filter(|message| !failed.contains(id(message)))
            .collect(),
    };
    let mut trouble = None;
    for messages in done.chunks(MOST_RECEIVED) {
        if let Err(error) = delete(&mapping, messages).await {
            tracing::warn!(
                queue.name = mapping.spec.queue_name(),
                "Could not delete {} messages, so they come again: {error}",
                messages.len()
            );
            trouble = Some(error);
        }
    }
    let failures = batch.messages.len() - done.len();
    {
        let mut busy = lock(&busy);
        busy.retain(|group| !batch.groups.contains(group));
    }
    drop(slot);
    mapping.note(|progress| {
        progress.failures += failures as u64;
        progress.last_duration = duration.or(progress.last_duration);
        progress.state = if failures > 0 {
            MappingState::Retrying
        } else {
            MappingState::Running
        };
        match verdict {
            Verdict::Failed(reason) => progress.last_error = Some(reason.chars().take(2_000).collect()),
            Verdict::DoneExcept(_) if failures > 0 => {
                progress.last_error = Some(format!(
                    "the function could not do {failures} of {} messages",
                    batch.messages.len()
                ));
            }
            Verdict::DoneExcept(_) => {}
        }
        progress.last_error = trouble.or(progress.last_error.take());
    });
}

fn judge(mapping: &QueueMapping, batch: &Batch, result: Result<Invocation, InvokeError>) -> Verdict {
    match result {
        Err(error) => Verdict::Failed(with_causes(&error)),
        Ok(invocation) => match invocation.function_error {
            Some(_) => Verdict::Failed(String::from_utf8_lossy(&invocation.payload).into_owned()),
            None if mapping.spec.report_item_failures => answer::read(&invocation.payload, |named| {
                batch.messages.iter().any(|message| id(message) == named)
            }),
            None => Verdict::DoneExcept(BTreeSet::new()),
        },
    }
}

async fn delete(mapping: &QueueMapping, messages: &[&Message]) -> Result<(), String> {
    let entries = messages.iter().enumerate().map(|(place, message)| {
        DeleteMessageBatchRequestEntry::builder()
            .id(place.to_string())
            .receipt_handle(message.receipt_handle().unwrap_or_default())
            .build()
            .map_err(|error| error.to_string())
    });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    let request = mapping.client.delete_message_batch().queue_url(&mapping.url);
    let answer = request.set_entries(Some(entries)).send().await;
    let answer = answer.map_err(|error| DisplayErrorContext(error).to_string())?;
    match answer.failed() {
        [] => Ok(()),
        [first, ..] => Err(first.message().unwrap_or(first.code()).to_owned()),
    }
}

fn id(message: &Message) -> &str {
    message.message_id().unwrap_or_default()
}

fn group(message: &Message) -> Option<&str> {
    let attributes = message.attributes()?;
    attributes
        .get(&MessageSystemAttributeName::MessageGroupId)
        .map(String::as_str)
}
