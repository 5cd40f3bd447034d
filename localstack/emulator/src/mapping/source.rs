//! Reading: a consumer in the mapping's group, on a task of its own, that keeps reading whatever happens to Kafka.

mod join;

use std::sync::Arc;
use std::time::Duration;

use krafka::consumer::{Consumer, ConsumerRecord};
use krafka::error::{ErrorCode, KrafkaError};
use krafka::{CloseOptions, GroupMembershipOperation};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub(super) use join::instance_id;

use crate::kafka::KafkaAccess;
use crate::mapping::Mapping;
use crate::template::MappingSpec;

/// How long one poll waits; a record that comes ends the wait.
const POLL: Duration = Duration::from_millis(500);
/// The first pause after an error; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause after an error.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// After so many failed polls in a row the consumer is built anew.
const PATIENCE: u32 = 20;
/// How long leaving the group may take at the end.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);

/// What the reading task reports, in order.
pub(super) enum Message {
    /// A consumer is ready; offsets are committed through it. The starts are those of partitions that the group never
    /// committed, where they are not simply the first record.
    Joined {
        consumer: Arc<Consumer>,
        starts: Vec<(i32, i64)>,
    },
    /// The group has given these partitions: they are read from their committed offsets.
    Assigned(Vec<i32>),
    /// The group is taking these partitions, and waits until they may go.
    Revoking {
        partitions: Vec<i32>,
        reply: oneshot::Sender<()>,
    },
    /// The group has taken these partitions: what was read of them counts for nothing.
    Lost(Vec<i32>),
    /// Records, in order inside each partition.
    Records(Vec<ConsumerRecord>),
    /// Kafka cannot be read just now.
    Trouble(String),
}

/// The reading task.
pub(super) struct Source {
    pub(super) messages: mpsc::UnboundedReceiver<Message>,
    task: JoinHandle<()>,
}

impl Source {
    /// Starts reading as the mapping's poller of this number, until `stop` turns true. What is read is bounded by pausing
    /// partitions, not by the channel.
    pub(super) fn start(mapping: &Mapping, number: usize, stop: watch::Receiver<bool>) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let reader = Reader {
            member: Member {
                spec: mapping.spec.clone(),
                kafka: mapping.kafka.clone(),
                number,
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
    pub(super) async fn ended(self) {
        // Whoever asks from now on whether partitions may go gets no answer, which means yes.
        drop(self.messages);
        if let Err(error) = self.task.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "A mapping's reader ended badly"
            );
        }
    }
}

/// Leaves the group, so that whoever comes next need not wait for the session to end.
pub(super) async fn close(consumer: &Consumer) {
    let options = CloseOptions::new()
        .timeout(CLOSE_LIMIT)
        .group_membership_operation(GroupMembershipOperation::LeaveGroup);
    if let Err(error) = consumer.close_with(options).await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "Could not leave the consumer group"
        );
    }
}

/// Lets the next poll ask Kafka at once. By itself krafka waits up to 30 s after a failed fetch, and a broker that was
/// restarted is back long before.
async fn ask_again(consumer: &Consumer, topic: &str) {
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

/// Who joins the group, and what for.
struct Member {
    spec: MappingSpec,
    kafka: KafkaAccess,
    number: usize,
    function_timeout: Duration,
}

struct Reader {
    member: Member,
    sender: mpsc::UnboundedSender<Message>,
    stop: watch::Receiver<bool>,
}

impl Reader {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        while !*self.stop.borrow() {
            let mut stop = self.stop.clone();
            let joined = tokio::select! {
                joined = join::join(&self.member, &self.sender) => joined,
                _ = stop.wait_for(|stopped| *stopped) => return,
            };
            match joined {
                Ok((consumer, starts)) => {
                    pause = FIRST_PAUSE;
                    self.send(Message::Joined {
                        consumer: Arc::clone(&consumer),
                        starts,
                    });
                    if self.read(&consumer).await {
                        return;
                    }
                    close(&consumer).await;
                }
                Err(error) => {
                    self.report(&error);
                    self.rest(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
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
                polled = consumer.poll(POLL) => polled,
                _ = stop.wait_for(|stopped| *stopped) => return true,
            };
            // krafka counts a failed fetch, but the poll around it only comes back empty.
            let errors = consumer.metrics().consumer.errors;
            let has_failed = errors > std::mem::replace(&mut known_errors, errors);
            match polled {
                Ok(records) if records.is_empty() && has_failed => {
                    failures += 1;
                    if failures == 1 {
                        self.send(Message::Trouble("Kafka does not answer".to_owned()));
                    }
                    ask_again(consumer, &self.member.spec.topic).await;
                }
                Ok(records) => {
                    // Also when it is empty, after an error: that Kafka answers again is news.
                    if !records.is_empty() || failures > 0 {
                        self.send(Message::Records(records));
                    }
                    failures = 0;
                }
                Err(error) => {
                    failures += 1;
                    self.report(&error);
                    if error.is_fatal() || is_fenced(&error) || failures >= PATIENCE {
                        return false;
                    }
                    self.rest(FIRST_PAUSE * failures.min(10)).await;
                }
            }
        }
    }

    fn report(&self, error: &KrafkaError) {
        self.send(Message::Trouble(error.to_string()));
    }

    fn send(&self, message: Message) {
        if self.sender.send(message).is_err() {
            tracing::debug!("A mapping's reader has nobody to report to");
        }
    }

    async fn rest(&self, pause: Duration) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
    }
}
