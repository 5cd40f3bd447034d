//! The loop of one mapping: what is sent, what an answer means, what is committed.

mod batch;
mod commit;
mod judge;

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use futures::future::BoxFuture;
use krafka::consumer::Consumer;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Mapping;
use super::event::{EVENT_LIMIT, Envelope};
use super::partition::Partition;
use super::source::{self, Message, Source};
use crate::emulator::function::{Invocation, InvokeError};
use crate::emulator::status::MappingState;

use batch::Batch;
use commit::{Committed, Position};

/// Reading ahead stops at two batches, but not below this many records.
const LEAST_READ_AHEAD: usize = 1_000;

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
        let source = Source::start(mapping.spec.clone(), mapping.kafka.clone(), stop.clone());
        Self {
            envelope: Envelope::new(&mapping.spec.source, &mapping.kafka.bootstrap),
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
                // Once in the group, commits are taken; one that is not is tried again.
                self.is_assigned |= is_assigned;
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
