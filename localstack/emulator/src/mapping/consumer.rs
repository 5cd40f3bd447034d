//! Reading: a consumer in the mapping's group, on a task of its own, that keeps reading whatever happens to Kafka.

mod membership;
mod message;

use std::sync::Arc;
use std::time::Duration;

use krafka::consumer::Consumer;
use krafka::error::{ErrorCode, KrafkaError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::state::Mapping;
use membership::GroupMember;

pub(super) use membership::{instance_id, leave_group};
pub(super) use message::ConsumerMessage;

/// How long one poll waits; a record that comes ends the wait.
const POLL_TIMEOUT: Duration = Duration::from_millis(500);
/// The first pause after an error; each further one is twice as long.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// The longest pause after an error.
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);
/// After so many failed polls in a row the consumer is built anew.
const MAX_FAILED_POLLS: u32 = 20;

/// The reading task.
pub(super) struct ConsumerTask {
    pub(super) messages: mpsc::UnboundedReceiver<ConsumerMessage>,
    task: JoinHandle<()>,
}

impl ConsumerTask {
    /// Starts reading as the mapping's poller of this number, until `stop` turns true. What is read is bounded by pausing
    /// partitions, not by the channel.
    pub(super) fn start(mapping: &Mapping, number: usize, stop: watch::Receiver<bool>) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let reader = Reader {
            member: GroupMember {
                spec: mapping.spec.clone(),
                kafka: mapping.kafka.clone(),
                poller: number,
                function_timeout: mapping.function.timeout(),
            },
            sender,
            stop,
        };
        Self {
            messages,
            task: tokio::spawn(reader.run()),
        }
    }

    /// Waits until the task has ended.
    pub(super) async fn join(self) {
        // From now on the rebalance listener gets no reply, which means that its partitions may go.
        drop(self.messages);
        if let Err(error) = self.task.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "A mapping's reader ended badly"
            );
        }
    }
}

/// Makes the next poll fetch at once. By itself krafka waits up to 30 s after a failed fetch, and a broker that was
/// restarted is back long before.
async fn refetch_now(consumer: &Consumer, topic: &str) {
    let paused = consumer.paused_partitions().await;
    for (partition, lag) in consumer.lag().await {
        // A paused partition may hold records that a seek would throw away; it is not fetched anyway.
        if let Some(position) = lag.position
            && !paused.contains(&(topic.to_owned(), partition.partition))
            && let Err(error) = consumer.seek(topic, partition.partition, position).await
        {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "Could not seek to the position of {topic}"
            );
        }
    }
}

/// Whether the group has taken another for this member. It would poll on without partitions, so it has to join anew.
fn is_fenced(error: &KrafkaError) -> bool {
    matches!(
        error,
        KrafkaError::Broker {
            code: ErrorCode::FencedInstanceId | ErrorCode::UnknownMemberId,
            ..
        }
    )
}

/// Polls the consumer, and builds it anew when it is of no more use.
struct Reader {
    member: GroupMember,
    sender: mpsc::UnboundedSender<ConsumerMessage>,
    stop: watch::Receiver<bool>,
}

impl Reader {
    async fn run(mut self) {
        let mut pause = FIRST_BACKOFF;
        while !*self.stop.borrow() {
            let mut stop = self.stop.clone();
            let joined = tokio::select! {
                joined = membership::join(&self.member, &self.sender) => joined,
                _ = stop.wait_for(|stopped| *stopped) => return,
            };
            match joined {
                Ok(joined) => {
                    pause = FIRST_BACKOFF;
                    let consumer = Arc::clone(&joined.consumer);
                    self.send(ConsumerMessage::Joined(joined));
                    if self.read(&consumer).await {
                        return;
                    }
                    leave_group(&consumer).await;
                }
                Err(error) => {
                    self.report(&error);
                    self.back_off(pause).await;
                    pause = LONGEST_BACKOFF.min(pause * 2);
                }
            }
        }
    }

    /// Reads until the end (true), or until the consumer is of no more use (false).
    async fn read(&mut self, consumer: &Consumer) -> bool {
        let mut stop = self.stop.clone();
        let mut failures = 0;
        let mut known_errors = 0;
        loop {
            let polled = tokio::select! {
                polled = consumer.poll(POLL_TIMEOUT) => polled,
                _ = stop.wait_for(|stopped| *stopped) => return true,
            };
            // krafka counts a failed fetch, but the poll around it only comes back empty.
            let errors = consumer.metrics().consumer.errors;
            let has_failed = errors > std::mem::replace(&mut known_errors, errors);
            match polled {
                Ok(records) if records.is_empty() && has_failed => {
                    failures += 1;
                    if failures == 1 {
                        self.send(ConsumerMessage::ReadFailed("Kafka does not answer".to_owned()));
                    }
                    refetch_now(consumer, &self.member.spec.topic).await;
                }
                Ok(records) => {
                    // Also when it is empty, after an error: that Kafka answers again is news.
                    if !records.is_empty() || failures > 0 {
                        self.send(ConsumerMessage::Records(records));
                    }
                    failures = 0;
                }
                Err(error) => {
                    failures += 1;
                    self.report(&error);
                    if error.is_fatal() || is_fenced(&error) || failures >= MAX_FAILED_POLLS {
                        return false;
                    }
                    self.back_off(FIRST_BACKOFF * failures.min(10)).await;
                }
            }
        }
    }

    fn report(&self, error: &KrafkaError) {
        self.send(ConsumerMessage::ReadFailed(error.to_string()));
    }

    fn send(&self, message: ConsumerMessage) {
        if self.sender.send(message).is_err() {
            tracing::debug!("A mapping's reader has nobody to report to");
        }
    }

    async fn back_off(&self, pause: Duration) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
    }
}
