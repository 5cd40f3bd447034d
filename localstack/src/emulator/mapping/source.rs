//! Reading: a consumer in the mapping's group, on a task of its own, that keeps reading whatever happens to Kafka.

use std::sync::Arc;
use std::time::Duration;

use krafka::admin::{ListConsumerGroupOffsetsOptions, OffsetSpec, TopicPartition};
use krafka::consumer::{AutoOffsetReset, Consumer, ConsumerRebalanceListener, ConsumerRecord};
use krafka::error::KrafkaError;
use krafka::{CloseOptions, GroupMembershipOperation, Kafka};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::offsets;
use crate::emulator::template::{MappingSpec, StartingPosition};

/// How long one poll waits; a record that comes ends the wait.
const POLL: Duration = Duration::from_millis(500);
/// The first pause after an error; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause after an error.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// After so many failed polls in a row the consumer is built anew.
const PATIENCE: u32 = 20;
/// Well above the largest record the local Kafka takes; one fetch of a partition fills an event.
const PARTITION_FETCH_BYTES: i32 = 8 * 1024 * 1024;
const FETCH_BYTES: i32 = 32 * 1024 * 1024;
/// Short, so that the partitions of an emulator that was killed are free again soon. Kafka allows no less than 6 s.
const SESSION: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(2);
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
    /// The group has handed these partitions out anew, or taken them: what was read of them counts for nothing.
    Reset { partitions: Vec<i32>, is_assigned: bool },
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
    /// Starts reading, until `stop` turns true. What is read is bounded by pausing partitions, not by the channel.
    pub(super) fn start(spec: MappingSpec, bootstrap: String, stop: watch::Receiver<bool>) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let reader = Reader {
            spec,
            bootstrap,
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

struct Reader {
    spec: MappingSpec,
    bootstrap: String,
    sender: mpsc::UnboundedSender<Message>,
    stop: watch::Receiver<bool>,
}

impl Reader {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        while !*self.stop.borrow() {
            let mut stop = self.stop.clone();
            let joined = tokio::select! {
                joined = self.join() => joined,
                _ = stop.wait_for(|stopped| *stopped) => return,
            };
            match joined {
                Ok(consumer) => {
                    pause = FIRST_PAUSE;
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
                    ask_again(consumer, &self.spec.topic).await;
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
                    if error.is_fatal() || failures >= PATIENCE {
                        return false;
                    }
                    self.rest(FIRST_PAUSE * failures.min(10)).await;
                }
            }
        }
    }

    /// A consumer that has subscribed. The topic must exist: a consumer that waits for one would learn of it minutes late.
    async fn join(&self) -> Result<Arc<Consumer>, KrafkaError> {
        let spec = &self.spec;
        let kafka = Kafka::builder(&self.bootstrap)
            .client_id(format!("localstack-{}", spec.name))
            .connect_timeout(Duration::from_secs(3))
            .request_timeout(Duration::from_secs(10))
            .metadata_max_age(Duration::from_secs(30))
            .connect()
            .await?;
        let admin = kafka.admin();
        let partitions = offsets::partitions_of(&admin, &spec.topic).await?;
        let starts = match spec.starting_position {
            StartingPosition::TrimHorizon => Vec::new(),
            StartingPosition::Latest => starts(&admin, spec, partitions, OffsetSpec::Latest).await?,
            StartingPosition::AtTimestamp(time) => {
                starts(&admin, spec, partitions, OffsetSpec::Timestamp(time)).await?
            }
        };
        let consumer = kafka
            .consumer(&spec.consumer_group)
            // A partition that is added later, or whose records retention has removed, is read from its first record.
            .auto_offset_reset(AutoOffsetReset::Earliest)
            .initial_offsets(starts.clone())
            .enable_auto_commit(false)
            // Known by name, so that an emulator that was killed is replaced by the next one at once.
            .group_instance_id(&spec.name)
            .session_timeout(SESSION)
            .heartbeat_interval(HEARTBEAT)
            .fetch_max_bytes(FETCH_BYTES)
            .max_partition_fetch_bytes(PARTITION_FETCH_BYTES)
            // All that a fetch brings: `Partition` holds it, and reading pauses when it holds enough.
            .max_poll_records(-1)
            .max_buffered_records(0)
            .metrics_push(false)
            .rebalance_listener(Listener {
                topic: spec.topic.clone(),
                sender: self.sender.clone(),
            })
            .build()
            .await?;
        let consumer = Arc::new(consumer);
        if let Err(error) = consumer.subscribe([&spec.topic]).await {
            close(&consumer).await;
            return Err(error);
        }
        let starts = starts
            .into_iter()
            .map(|(partition, offset)| (partition.partition, offset))
            .collect();
        self.send(Message::Joined {
            consumer: Arc::clone(&consumer),
            starts,
        });
        Ok(consumer)
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

/// Where partitions start that the group never committed.
async fn starts(
    admin: &krafka::admin::AdminClient,
    spec: &MappingSpec,
    partitions: Vec<TopicPartition>,
    position: OffsetSpec,
) -> Result<Vec<(TopicPartition, i64)>, KrafkaError> {
    let options = ListConsumerGroupOffsetsOptions::default().partitions(partitions.clone());
    let committed = admin.list_consumer_group_offsets(&spec.consumer_group, options).await?;
    let mut fresh = Vec::new();
    for partition in partitions {
        let offset = match committed.get(&partition) {
            Some(found) => found.as_ref().map_err(Clone::clone)?.offset,
            None => None,
        };
        if offset.is_none() {
            fresh.push(partition);
        }
    }
    let found = offsets::at(admin, &fresh, position).await?;
    let ends = offsets::at(admin, &fresh, OffsetSpec::Latest).await?;
    // Kafka says -1 when no record is that new: then the partition starts at its end.
    let starts = found
        .into_iter()
        .zip(ends)
        .map(|(found, end)| if found < 0 { end } else { found });
    Ok(fresh.into_iter().zip(starts).collect())
}

/// Reports what the group does with partitions; krafka calls it inside `poll`, so it stands in order with the records.
struct Listener {
    topic: String,
    sender: mpsc::UnboundedSender<Message>,
}

impl Listener {
    fn report(&self, partitions: &[TopicPartition], is_assigned: bool) {
        let partitions = partitions
            .iter()
            .filter(|partition| partition.topic == self.topic)
            .map(|partition| partition.partition)
            .collect();
        if self
            .sender
            .send(Message::Reset {
                partitions,
                is_assigned,
            })
            .is_err()
        {
            tracing::debug!("A consumer's group changed after its mapping had ended");
        }
    }
}

impl ConsumerRebalanceListener for Listener {
    async fn on_partitions_assigned(&self, partitions: &[TopicPartition]) {
        self.report(partitions, true);
    }

    async fn on_partitions_revoked(&self, partitions: &[TopicPartition]) {
        self.report(partitions, false);
    }

    async fn on_partitions_lost(&self, partitions: &[TopicPartition]) {
        self.report(partitions, false);
    }
}
