//! The loop of one mapping: what is sent, what an answer means, what is committed.

mod batch;

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use krafka::consumer::{Consumer, OffsetAndMetadata, TopicPartition};
use krafka::error::KrafkaError;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Mapping;
use super::answer::{self, Verdict};
use super::event::{EVENT_LIMIT, Envelope};
use super::partition::Partition;
use super::source::{self, Message, Source};
use crate::emulator::function::{Invocation, InvokeError};
use crate::emulator::status::MappingState;
use crate::emulator::with_causes;

use batch::Batch;

/// How long after a first failed commit the next is tried; after each further one, twice as long.
const COMMIT_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between commits.
const LONGEST_COMMIT_PAUSE: Duration = Duration::from_secs(2);
/// Reading ahead stops at two batches, but not below this many records.
const LEAST_READ_AHEAD: usize = 1_000;

/// A position to commit: the next offset to read, and the leader epoch of the record before it.
type Position = (i64, Option<i32>);
type Committed = (BTreeMap<i32, Position>, Result<(), KrafkaError>);

pub(super) struct Engine {
    mapping: Arc<Mapping>,
    envelope: Envelope,
    source: Source,
    stop: watch::Receiver<bool>,
    partitions: BTreeMap<i32, Partition>,
    /// The partition that the next batch starts with, so that a busy one does not starve the others.
    turn: usize,
    consumer: Option<Arc<Consumer>>,
    /// Whether the group has handed out partitions: it takes no commits before.
    is_assigned: bool,
    to_commit: BTreeMap<i32, Position>,
    commit_after: Instant,
    failed_commits: u32,
    in_flight: Option<BoxFuture<'static, (Batch, Result<Invocation, InvokeError>)>>,
    committing: Option<BoxFuture<'static, Committed>>,
}

impl Engine {
    pub(super) fn start(mapping: Arc<Mapping>, stop: watch::Receiver<bool>) -> Self {
        let source = Source::start(mapping.spec.clone(), mapping.bootstrap.clone(), stop.clone());
        Self {
            envelope: Envelope::new(&mapping.spec.source, &mapping.bootstrap),
            mapping,
            source,
            stop,
            partitions: BTreeMap::new(),
            turn: 0,
            consumer: None,
            is_assigned: false,
            to_commit: BTreeMap::new(),
            commit_after: Instant::now(),
            failed_commits: 0,
            in_flight: None,
            committing: None,
        }
    }

    pub(super) async fn run(mut self) {
        let mut stop = self.stop.clone();
        loop {
            let is_stopping = *stop.borrow();
            let now = Instant::now();
            if !is_stopping && self.in_flight.is_none() {
                self.send(now);
            }
            self.commit(now, is_stopping);
            if is_stopping && self.in_flight.is_none() && self.committing.is_none() {
                break;
            }
            self.hold_or_resume().await;
            let wake = self.wake(now);
            tokio::select! {
                // An answer frees the function, so it goes before reading ahead.
                biased;
                (batch, result) = next(&mut self.in_flight) => self.judge(batch, result),
                (positions, result) = next(&mut self.committing) => self.committed(positions, result),
                Some(message) = self.source.messages.recv() => self.take_in(message),
                () = sleep_until(wake) => {}
                _ = stop.wait_for(|stopped| *stopped), if !is_stopping => {}
            }
        }
        self.source.ended().await;
        if let Some(consumer) = &self.consumer {
            source::close(consumer).await;
        }
    }

    fn take_in(&mut self, message: Message) {
        match message {
            Message::Joined { consumer, starts } => {
                self.consumer = Some(consumer);
                self.is_assigned = false;
                for (partition, offset) in starts {
                    // Committed at once: else a restart would skip what came in between.
                    self.to_commit.entry(partition).or_insert((offset, None));
                }
            }
            Message::Reset {
                partitions,
                is_assigned,
            } => {
                self.is_assigned = is_assigned;
                partitions
                    .iter()
                    .for_each(|number| self.partitions.entry(*number).or_default().reset());
                self.mapping.note(|progress| {
                    progress.state = if is_assigned {
                        MappingState::Running
                    } else {
                        MappingState::Starting
                    };
                });
            }
            Message::Records(records) => {
                let now = Instant::now();
                for record in records {
                    self.partitions.entry(record.partition).or_default().push(record, now);
                }
                self.note_state();
            }
            Message::Trouble(error) => {
                tracing::warn!(
                    kafka.topic = self.mapping.spec.topic,
                    kafka.group = self.mapping.spec.consumer_group,
                    "Could not read topic {}: {error}",
                    self.mapping.spec.topic
                );
                self.mapping.note(|progress| {
                    progress.state = MappingState::Disconnected;
                    progress.last_error = Some(error);
                });
            }
        }
    }

    /// Invokes the function, if a batch is due.
    fn send(&mut self, now: Instant) {
        let Some(batch) = Batch::due(&mut self.partitions, &self.mapping.spec, &mut self.turn, now) else {
            return;
        };
        let event = batch.event(&self.envelope);
        self.mapping.note(|progress| {
            progress.batches += 1;
            progress.records += batch.len() as u64;
            progress.last_batch_records = Some(batch.len());
        });
        let function = Arc::clone(&self.mapping.function);
        self.in_flight = Some(Box::pin(async move {
            let result = function.deliver(event.into()).await;
            (batch, result)
        }));
    }

    /// Sorts the batch into what is done and what is tried again.
    fn judge(&mut self, batch: Batch, result: Result<Invocation, InvokeError>) {
        let now = Instant::now();
        let spec = &self.mapping.spec;
        // What never reached the function says nothing about the records, so it does not use up their attempts.
        let is_counted = result.is_ok();
        let duration = result.as_ref().ok().map(|invocation| invocation.duration);
        let verdict = match result {
            Err(error) => Verdict::Failed(with_causes(&error)),
            Ok(invocation) => match invocation.function_error {
                Some(_) => Verdict::Failed(String::from_utf8_lossy(&invocation.payload).into_owned()),
                None if spec.report_item_failures => {
                    answer::read(&invocation.payload, &spec.topic, |partition, offset| {
                        batch.contains(partition, offset)
                    })
                }
                None => Verdict::Done,
            },
        };
        let mut discarded = 0;
        let mut is_retried = false;
        for mut slice in batch.slices {
            let partition = self.partitions.entry(slice.partition).or_default();
            if partition.epoch != slice.epoch {
                continue;
            }
            let done = match &verdict {
                Verdict::Done => slice.records.len(),
                Verdict::Failed(_) => 0,
                Verdict::DoneBefore(first_failed) => match first_failed.get(&slice.partition) {
                    Some(offset) => slice
                        .records
                        .iter()
                        .take_while(|pending| pending.record.offset < *offset)
                        .count(),
                    None => slice.records.len(),
                },
            };
            let mut failed = slice.records.split_off(done);
            let mut last_done = slice
                .records
                .last()
                .map(|pending| (pending.record.offset + 1, pending.record.leader_epoch));
            if failed.is_empty() {
                partition.end_retry();
            } else {
                let count = failed.len();
                let attempts = partition.put_back(std::mem::take(&mut failed), is_counted, now);
                if spec.maximum_retry_attempts.is_some_and(|most| attempts > most) {
                    partition.end_retry();
                    let given_up = partition.take(count, usize::MAX, true);
                    last_done = given_up
                        .last()
                        .map(|pending| (pending.record.offset + 1, pending.record.leader_epoch));
                    discarded += given_up.len() as u64;
                    tracing::warn!(
                        kafka.topic = spec.topic,
                        kafka.partition = slice.partition,
                        kafka.offset = given_up.first().map(|pending| pending.record.offset),
                        "Gave up {} records of {}-{} after {attempts} attempts",
                        given_up.len(),
                        spec.topic,
                        slice.partition
                    );
                } else {
                    is_retried = true;
                }
            }
            if let Some(position) = last_done {
                self.to_commit.insert(slice.partition, position);
            }
        }
        self.mapping.note(|progress| {
            progress.last_duration = duration.or(progress.last_duration);
            progress.discarded += discarded;
            progress.retries += u64::from(is_retried);
            match verdict {
                Verdict::Done => {}
                Verdict::DoneBefore(first_failed) => {
                    let first: Vec<String> = first_failed
                        .iter()
                        .map(|(partition, offset)| format!("{partition} from offset {offset}"))
                        .collect();
                    progress.last_error = Some(format!(
                        "the function could not do partition {}",
                        first.join(", partition ")
                    ));
                }
                Verdict::Failed(reason) => progress.last_error = Some(reason.chars().take(2_000).collect()),
            }
        });
        self.note_state();
    }

    /// Commits what is done, one request at a time.
    fn commit(&mut self, now: Instant, is_stopping: bool) {
        let Some(consumer) = self.consumer.as_ref().filter(|_| self.is_assigned) else {
            return;
        };
        if self.to_commit.is_empty() || self.committing.is_some() || (now < self.commit_after && !is_stopping) {
            return;
        }
        let positions = std::mem::take(&mut self.to_commit);
        let consumer = Arc::clone(consumer);
        let topic = self.mapping.spec.topic.clone();
        self.committing = Some(Box::pin(async move {
            let offsets = positions.iter().map(|(partition, (offset, epoch))| {
                let position = match epoch {
                    Some(epoch) => OffsetAndMetadata::with_epoch(*offset, *epoch),
                    None => OffsetAndMetadata::new(*offset),
                };
                (TopicPartition::new(topic.as_str(), *partition), position)
            });
            let result = consumer.commit_offsets(offsets.collect::<Vec<_>>()).await;
            (positions, result)
        }));
    }

    fn committed(&mut self, positions: BTreeMap<i32, Position>, result: Result<(), KrafkaError>) {
        let Err(error) = result else {
            self.failed_commits = 0;
            return;
        };
        let spec = &self.mapping.spec;
        if self.failed_commits == 0 {
            tracing::warn!(
                kafka.topic = spec.topic,
                kafka.group = spec.consumer_group,
                error = &error as &dyn std::error::Error,
                "Could not commit offsets of {}; trying again until it works",
                spec.topic
            );
        }
        self.mapping
            .note(|progress| progress.last_error = Some(format!("could not commit offsets: {error}")));
        let pause = COMMIT_PAUSE
            .saturating_mul(1 << self.failed_commits.min(8))
            .min(LONGEST_COMMIT_PAUSE);
        self.commit_after = Instant::now() + pause;
        self.failed_commits += 1;
        if *self.stop.borrow() {
            // Nobody will try again; the records are delivered once more by whoever comes next.
            return;
        }
        for (partition, position) in positions {
            self.to_commit.entry(partition).or_insert(position);
        }
    }

    /// Pauses reading of partitions that hold enough, and resumes the others.
    async fn hold_or_resume(&mut self) {
        let Some(consumer) = &self.consumer else { return };
        let topic = self.mapping.spec.topic.as_str();
        let enough = (2 * self.mapping.spec.batch_size).max(LEAST_READ_AHEAD);
        for (number, partition) in &mut self.partitions {
            let (records, bytes) = (partition.len(), partition.bytes());
            if !partition.is_paused && (records >= enough || bytes >= 2 * EVENT_LIMIT) {
                consumer.pause(topic, &[*number]).await;
                partition.is_paused = true;
            } else if partition.is_paused && records < enough / 2 && bytes < EVENT_LIMIT {
                consumer.resume(topic, &[*number]).await;
                partition.is_paused = false;
            }
        }
    }

    /// When something is due that no message announces: a full window, a retry, a commit.
    fn wake(&self, now: Instant) -> Option<Instant> {
        let window = self.mapping.spec.window;
        let is_free = self.in_flight.is_none();
        let batches = self
            .partitions
            .values()
            .filter(|_| is_free)
            .filter_map(|partition| match partition.retry() {
                Some((due, _)) => Some(due),
                None => partition.oldest().map(|oldest| oldest + window),
            });
        let commit =
            (!self.to_commit.is_empty() && self.is_assigned && self.commit_after > now).then_some(self.commit_after);
        batches.chain(commit).min()
    }

    fn note_state(&self) {
        let is_retrying = self.partitions.values().any(|partition| partition.retry().is_some());
        self.mapping.note(|progress| {
            progress.state = if is_retrying {
                MappingState::Retrying
            } else {
                MappingState::Running
            };
        });
    }
}

/// What is under way, once; for ever when nothing is.
async fn next<T>(under_way: &mut Option<BoxFuture<'static, T>>) -> T {
    match under_way {
        Some(future) => {
            let value = future.await;
            *under_way = None;
            value
        }
        None => pending().await,
    }
}

async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => pending().await,
    }
}
