//! One poller: what is sent, what an answer means, what is committed.

mod batch;
mod commit;
mod judge;
mod leave;
mod rebalance;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use krafka::consumer::Consumer;
use tokio::sync::watch;
use tokio::time::Instant;

use super::event::{EVENT_LIMIT, Envelope};
use super::partition::{Partition, Position};
use super::source::{self, Message, Source};
use super::{Mapping, PollerProgress};
use crate::PAYLOAD_LIMIT;
use crate::function::{Invocation, InvokeError};
use crate::status::MappingState;

use batch::{Batch, Slice};
use commit::Committed;
use leave::Left;
use rebalance::Revoking;

/// Reading ahead stops at two batches, but not below this many records.
const LEAST_READ_AHEAD: usize = 1_000;

pub(super) struct Engine {
    mapping: Arc<Mapping>,
    /// Which of the mapping's pollers this is, from 1.
    number: usize,
    envelope: Envelope,
    source: Source,
    stop: watch::Receiver<bool>,
    partitions: BTreeMap<i32, Partition>,
    /// The partition that the next batch starts with, so that a busy one does not starve the others.
    turn: usize,
    consumer: Option<Arc<Consumer>>,
    /// Whether the group has handed out partitions: it takes no commits before.
    is_assigned: bool,
    /// The partitions that the group has handed to this poller.
    owned: BTreeSet<i32>,
    /// Where partitions start that the group never committed, until they are ours.
    starts: BTreeMap<i32, i64>,
    to_commit: BTreeMap<i32, Position>,
    commit_after: Instant,
    failed_commits: u32,
    /// Batches with the function, no more than a poller may have there, and no two of one partition.
    in_flight: FuturesUnordered<BoxFuture<'static, (Batch, Result<Invocation, InvokeError>)>>,
    committing: Option<BoxFuture<'static, Committed>>,
    leaving: FuturesUnordered<BoxFuture<'static, Left>>,
    revoking: Option<Revoking>,
}

impl Engine {
    pub(super) fn start(mapping: Arc<Mapping>, number: usize, stop: watch::Receiver<bool>) -> Self {
        let source = Source::start(&mapping, number, stop.clone());
        Self {
            envelope: Envelope::new(&mapping.spec.source, &mapping.kafka.bootstrap),
            mapping,
            number,
            source,
            stop,
            partitions: BTreeMap::new(),
            turn: 0,
            consumer: None,
            is_assigned: false,
            owned: BTreeSet::new(),
            starts: BTreeMap::new(),
            to_commit: BTreeMap::new(),
            commit_after: Instant::now(),
            failed_commits: 0,
            in_flight: FuturesUnordered::new(),
            committing: None,
            leaving: FuturesUnordered::new(),
            revoking: None,
        }
    }

    pub(super) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let mut released = self.mapping.claims.released();
        loop {
            let is_stopping = *stop.borrow();
            let now = Instant::now();
            if !is_stopping {
                self.leave(now);
                while self.may_send() && self.send(now) {}
            }
            self.commit(now, is_stopping);
            self.let_go(now);
            let is_idle = self.in_flight.is_empty() && self.committing.is_none() && self.leaving.is_empty();
            if is_stopping && is_idle {
                break;
            }
            self.hold_or_resume().await;
            let wake = self.wake(now);
            tokio::select! {
                // An answer frees the function, so it goes before reading ahead.
                biased;
                Some((batch, result)) = self.in_flight.next() => self.judge(batch, result),
                (positions, result) = next(&mut self.committing) => self.committed(positions, result),
                Some(left) = self.leaving.next() => self.left(left),
                Some(message) = self.source.messages.recv() => self.take_in(message),
                // Another poller may hold a partition that was its own until just now.
                Ok(()) = released.changed() => {}
                () = sleep_until(wake) => {}
                _ = stop.wait_for(|stopped| *stopped), if !is_stopping => {}
            }
        }
        self.source.ended().await;
        if let Some(consumer) = &self.consumer {
            source::close(consumer).await;
        }
        self.mapping.note(|progress| {
            progress.pollers.remove(&self.number);
        });
    }

    fn take_in(&mut self, message: Message) {
        match message {
            Message::Joined { consumer, starts } => {
                self.consumer = Some(consumer);
                self.is_assigned = false;
                self.owned.clear();
                self.revoking = None;
                self.starts = starts.into_iter().collect();
            }
            Message::Assigned(partitions) => self.assigned(&partitions),
            Message::Revoking { partitions, reply } => self.revoke(partitions, reply),
            Message::Lost(partitions) => self.lost(&partitions),
            Message::Records(records) => self.take_records(records),
            Message::Trouble(error) => {
                tracing::warn!(
                    kafka.topic = self.mapping.spec.topic,
                    kafka.group = self.mapping.spec.consumer_group,
                    "Could not read topic {}: {error}",
                    self.mapping.spec.topic
                );
                self.set_state(MappingState::Disconnected);
                self.mapping.note(|progress| progress.last_error = Some(error));
            }
        }
    }

    fn take_records(&mut self, records: Vec<krafka::consumer::ConsumerRecord>) {
        let now = Instant::now();
        let mut filtered = BTreeSet::new();
        let mut count = 0;
        for record in records {
            let partition = self.partitions.entry(record.partition).or_default();
            if self.mapping.spec.filters.lets_pass(record.value.as_deref()) {
                partition.push(record, now);
            } else {
                partition.pass_over(&record);
                filtered.insert(record.partition);
                count += 1;
            }
        }
        if count > 0 {
            self.mapping.note(|progress| progress.filtered += count);
            filtered.into_iter().for_each(|number| self.note_position(number));
        }
        self.note_state();
    }

    /// Whether one more invocation may be under way.
    fn may_send(&self) -> bool {
        self.in_flight.len() < self.mapping.spec.pollers.invocations()
    }

    /// Invokes the function, if a batch is due; false when none is.
    fn send(&mut self, now: Instant) -> bool {
        let mapping = Arc::clone(&self.mapping);
        let is_open = |number: i32| mapping.claims.is_free(number);
        let Some(mut batch) = Batch::due(&mut self.partitions, &mapping.spec, &mut self.turn, now, is_open) else {
            return false;
        };
        self.give_up_old(&mut batch);
        // Since they were looked at, another poller may have claimed one; then its records wait here.
        for Slice { partition, chunk, .. } in batch.without(|number| mapping.claims.claim(number)) {
            let partition = self.partitions.entry(partition).or_default();
            partition.come_back();
            partition.keep(chunk);
        }
        if batch.slices.is_empty() {
            return true;
        }
        let event = batch.event(&self.envelope);
        if batch.len() == 1 && event.len() > PAYLOAD_LIMIT && mapping.destination.is_some() {
            self.give_up_large(batch);
            return true;
        }
        mapping.note(|progress| {
            progress.batches += 1;
            progress.records += batch.len() as u64;
            progress.last_batch_records = Some(batch.len());
        });
        self.in_flight.push(Box::pin(async move {
            let result = mapping.function.deliver(event.into()).await;
            (batch, result)
        }));
        true
    }

    /// Pauses reading of partitions that hold enough, and resumes the others.
    async fn hold_or_resume(&mut self) {
        let Some(consumer) = &self.consumer else { return };
        let topic = self.mapping.spec.topic.as_str();
        let enough = (2 * self.mapping.spec.batch_size).max(LEAST_READ_AHEAD);
        for (number, partition) in self
            .partitions
            .iter_mut()
            .filter(|(_, partition)| !partition.is_leaving)
        {
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

    /// When something is due that no message announces: a full window, a retry, a write, a commit.
    fn wake(&self, now: Instant) -> Option<Instant> {
        let window = self.mapping.spec.window;
        let may_send = self.may_send();
        let batches = self
            .partitions
            .iter()
            .filter(|(number, partition)| partition.is_free() && self.mapping.claims.is_free(**number))
            .filter_map(|(_, partition)| match partition.next_chunk() {
                Some(chunk) => (may_send || chunk.given_up.is_some()).then_some(chunk.due),
                None => partition.oldest().filter(|_| may_send).map(|oldest| oldest + window),
            });
        let commit =
            (!self.to_commit.is_empty() && self.is_assigned && self.commit_after > now).then_some(self.commit_after);
        batches.chain(commit).chain(self.goes_at()).min()
    }

    /// What of a partition may be committed now goes with the next commit.
    fn note_position(&mut self, number: i32) {
        let position = self.partitions.get_mut(&number).and_then(Partition::new_position);
        if let Some(position) = position {
            self.to_commit.insert(number, position);
        }
    }

    fn note_state(&self) {
        let is_retrying = self.partitions.values().any(Partition::is_retrying);
        self.set_state(if is_retrying {
            MappingState::Retrying
        } else {
            MappingState::Running
        });
    }

    fn set_state(&self, state: MappingState) {
        let retrying = self.partitions.iter().filter(|(_, partition)| partition.is_retrying());
        let retrying = retrying.map(|(number, _)| *number).collect();
        self.mapping.note(|progress| {
            progress.pollers.insert(self.number, PollerProgress { state, retrying });
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
