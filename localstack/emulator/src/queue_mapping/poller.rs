//! The loop of one mapping: what is received, and what goes into a batch.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::event;
use super::invocation::{Batch, invoke};
use super::queue::MAX_MESSAGES;
use super::state::QueueMapping;
use crate::aws::PAYLOAD_LIMIT;
use crate::error_chain::with_causes;
use crate::status::MappingState;
use crate::sync::lock;

/// A long poll; AWS allows 20 s, but the end of the emulator waits for it, so that no message is received and dropped.
const LONG_POLL_SECONDS: i32 = 2;
/// The pause after SQS could not be asked.
const ERROR_PAUSE: Duration = Duration::from_millis(500);
/// The pause between two requests in a window that is nearly over.
const SHORT_PAUSE: Duration = Duration::from_millis(50);
/// How long a message waits that SQS gave while another of its group was under way, in seconds.
const BUSY_GROUP_SECONDS: i32 = 1;

pub(super) struct Poller {
    mapping: Arc<QueueMapping>,
    /// Groups of which a batch is in flight. SQS itself gives no message of them; LocalStack sometimes does.
    busy_groups: Arc<Mutex<BTreeSet<String>>>,
    concurrency: Arc<Semaphore>,
    /// What was received and did not fit into the last batch.
    carried_over: Vec<ReceivedMessage>,
}

/// A message and its record in the event.
struct ReceivedMessage {
    message: Message,
    record: Vec<u8>,
}

impl ReceivedMessage {
    /// The bytes that its record takes, with the comma.
    fn size(&self) -> usize {
        self.record.len() + 1
    }

    fn group(&self) -> Option<&str> {
        let attributes = self.message.attributes()?;
        attributes
            .get(&MessageSystemAttributeName::MessageGroupId)
            .map(String::as_str)
    }
}

impl Poller {
    pub(super) fn new(mapping: Arc<QueueMapping>) -> Self {
        let concurrency = Arc::new(Semaphore::new(mapping.spec.maximum_concurrency));
        Self {
            mapping,
            busy_groups: Arc::default(),
            concurrency,
            carried_over: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        self.mapping
            .with_progress(|progress| progress.state = MappingState::Running);
        let mut in_flight = JoinSet::new();
        loop {
            let permit = tokio::select! {
                permit = Arc::clone(&self.concurrency).acquire_owned() => permit,
                _ = stop.wait_for(|stopped| *stopped) => break,
            };
            let Ok(permit) = permit else { break };
            while in_flight.try_join_next().is_some() {}
            let received = self.receive_batch(&mut stop).await;
            if *stop.borrow() {
                // Released at once: they are not processed here any more.
                self.release(received.iter().map(|received| &received.message), 0).await;
                break;
            }
            if let Some(batch) = self.without_busy_groups(received).await {
                let (mapping, busy_groups) = (Arc::clone(&self.mapping), Arc::clone(&self.busy_groups));
                in_flight.spawn(async move {
                    let groups = batch.groups.clone();
                    let finished = invoke(&mapping, batch).await;
                    lock(&busy_groups).retain(|group| !groups.contains(group));
                    drop(permit);
                    finished.record(&mapping);
                });
            }
        }
        let carried_over = self.carried_over.iter().map(|received| &received.message);
        self.release(carried_over, 0).await;
        while in_flight.join_next().await.is_some() {}
    }

    /// Receives until the batch is full, its window is over, the event would be too large, or `stop` turns true.
    async fn receive_batch(&mut self, stop: &mut watch::Receiver<bool>) -> Vec<ReceivedMessage> {
        let mapping = Arc::clone(&self.mapping);
        let spec = &mapping.spec;
        let mut batch = std::mem::take(&mut self.carried_over);
        let mut window = (!batch.is_empty()).then(|| Instant::now() + spec.window);
        let mut bytes: usize = batch.iter().map(ReceivedMessage::size).sum();
        while batch.len() < spec.batch_size && self.carried_over.is_empty() && !*stop.borrow() {
            if window.is_some_and(|end| Instant::now() >= end) {
                break;
            }
            let room = (spec.batch_size - batch.len()).min(MAX_MESSAGES);
            let until = window.map(|end| end.saturating_duration_since(Instant::now()));
            let messages = match mapping.queue.receive(room, long_poll_seconds(until)).await {
                Ok(messages) => messages,
                Err(error) => {
                    self.note_disconnected(with_causes(&error));
                    tokio::select! {
                        () = tokio::time::sleep(ERROR_PAUSE) => continue,
                        _ = stop.wait_for(|stopped| *stopped) => break,
                    }
                }
            };
            self.note_connected();
            if messages.is_empty() {
                if window.is_some() {
                    // The last second of a window is shorter than any long poll.
                    tokio::time::sleep(SHORT_PAUSE).await;
                }
                continue;
            }
            window.get_or_insert_with(|| Instant::now() + spec.window);
            for message in messages {
                match event::record(&message, &spec.queue_arn) {
                    Ok(record) => {
                        let received = ReceivedMessage { message, record };
                        bytes += received.size();
                        // The first always goes, whatever its size.
                        if bytes > PAYLOAD_LIMIT && !batch.is_empty() {
                            self.carried_over.push(received);
                        } else {
                            batch.push(received);
                        }
                    }
                    Err(error) => tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "Could not write a message of {} as JSON",
                        spec.queue_name()
                    ),
                }
            }
        }
        batch
    }

    /// What may be sent of what was received: nothing of a group that is in flight.
    async fn without_busy_groups(&self, received: Vec<ReceivedMessage>) -> Option<Batch> {
        let mut batch = Batch::default();
        let mut too_early = Vec::new();
        {
            let mut busy_groups = lock(&self.busy_groups);
            for received in received {
                match received.group() {
                    Some(group) if busy_groups.contains(group) => too_early.push(received.message),
                    group => {
                        batch.groups.extend(group.map(str::to_owned));
                        batch.messages.push(received.message);
                        batch.records.push(received.record);
                    }
                }
            }
            busy_groups.extend(batch.groups.iter().cloned());
        }
        self.release(too_early.iter(), BUSY_GROUP_SECONDS).await;
        (!batch.messages.is_empty()).then_some(batch)
    }

    /// Releases messages, so that they are received again after `seconds`.
    async fn release(&self, messages: impl Iterator<Item = &Message>, seconds: i32) {
        let messages: Vec<&Message> = messages.collect();
        for messages in messages.chunks(MAX_MESSAGES) {
            if let Err(error) = self.mapping.queue.release(messages, seconds).await {
                tracing::warn!(
                    queue.name = self.mapping.spec.queue_name(),
                    "Could not give {} messages back: {}",
                    messages.len(),
                    with_causes(&error)
                );
            }
        }
    }

    fn note_disconnected(&self, error: String) {
        let queue = self.mapping.spec.queue_name();
        tracing::warn!(queue.name = queue, "Could not read {queue}: {error}");
        self.mapping.with_progress(|progress| {
            progress.state = MappingState::Disconnected;
            progress.last_error = Some(error);
        });
    }

    fn note_connected(&self) {
        self.mapping.with_progress(|progress| {
            if progress.state == MappingState::Disconnected {
                progress.state = MappingState::Running;
            }
        });
    }
}

/// A long poll that ends before the window does.
fn long_poll_seconds(until: Option<Duration>) -> i32 {
    until.map_or(LONG_POLL_SECONDS, |left| {
        i32::try_from(left.as_secs()).map_or(LONG_POLL_SECONDS, |left| left.min(LONG_POLL_SECONDS))
    })
}
