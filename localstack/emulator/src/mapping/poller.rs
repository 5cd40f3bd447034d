//! One poller: what is sent, what a response means, what is committed.
//!
//! This file is its loop. `buffering` reads ahead, `batch` chooses what goes into one invocation, `response` sorts what comes back, `discard` writes what is given up to the
//! destination, `commit` commits, and `rebalance` follows the consumer group.

mod batch;
mod buffering;
mod commit;
mod discard;
mod in_flight;
mod rebalance;
mod response;

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use krafka::consumer::Consumer;
use tokio::sync::watch;
use tokio::time::Instant;

use super::consumer::{self, ConsumerMessage, ConsumerTask};
use super::event::Envelope;
use super::partition::{Partition, Position};
use super::progress::PollerProgress;
use super::state::Mapping;
use crate::aws::PAYLOAD_LIMIT;
use crate::status::MappingState;

use batch::{Batch, PartitionSlice};
use in_flight::{FinishedCommit, FinishedInvocation, FinishedWrite, Revocation};

pub(super) struct Poller {
    mapping: Arc<Mapping>,
    /// Which of the mapping's pollers this is, from 1.
    number: usize,
    envelope: Envelope,
    consumer_task: ConsumerTask,
    stop: watch::Receiver<bool>,
    partitions: BTreeMap<i32, Partition>,
    /// The round-robin cursor: which partition the next batch starts with, so that a busy one does not starve the others.
    round_robin: usize,
    consumer: Option<Arc<Consumer>>,
    /// Whether the group has assigned partitions: it takes no commits before.
    has_assignment: bool,
    /// The partitions that the group has assigned to this poller.
    assigned: BTreeSet<i32>,
    /// Where partitions start that the group never committed, until they are assigned to this poller.
    starting_offsets: BTreeMap<i32, i64>,
    to_commit: BTreeMap<i32, Position>,
    next_commit_at: Instant,
    failed_commits: u32,
    /// Batches with the function, no more than a poller may have there, and no two of one partition.
    invocations: FuturesUnordered<BoxFuture<'static, FinishedInvocation>>,
    commit_in_flight: Option<BoxFuture<'static, FinishedCommit>>,
    destination_writes: FuturesUnordered<BoxFuture<'static, FinishedWrite>>,
    revocation: Option<Revocation>,
}

impl Poller {
    pub(super) fn start(mapping: Arc<Mapping>, number: usize, stop: watch::Receiver<bool>) -> Self {
        let consumer_task = ConsumerTask::start(&mapping, number, stop.clone());
        Self {
            envelope: Envelope::new(&mapping.spec.source, &mapping.kafka.bootstrap),
            mapping,
            number,
            consumer_task,
            stop,
            partitions: BTreeMap::new(),
            round_robin: 0,
            consumer: None,
            has_assignment: false,
            assigned: BTreeSet::new(),
            starting_offsets: BTreeMap::new(),
            to_commit: BTreeMap::new(),
            next_commit_at: Instant::now(),
            failed_commits: 0,
            invocations: FuturesUnordered::new(),
            commit_in_flight: None,
            destination_writes: FuturesUnordered::new(),
            revocation: None,
        }
    }

    pub(super) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let mut unlocks = self.mapping.partition_locks.unlocks();
        loop {
            let is_stopping = *stop.borrow();
            let now = Instant::now();
            if !is_stopping {
                self.flush_discarded(now);
                while self.has_free_invocation() && self.invoke_next(now) {}
            }
            self.commit(now, is_stopping);
            self.finish_revocation(now);
            let is_idle =
                self.invocations.is_empty() && self.commit_in_flight.is_none() && self.destination_writes.is_empty();
            if is_stopping && is_idle {
                break;
            }
            self.pause_or_resume().await;
            let wakeup = self.next_wakeup(now);
            tokio::select! {
                // A response frees the function, so it goes before reading ahead.
                biased;
                Some(finished) = self.invocations.next() => self.handle_response(finished),
                finished = next(&mut self.commit_in_flight) => self.on_commit(finished),
                Some(finished) = self.destination_writes.next() => self.on_destination_write(finished),
                Some(message) = self.consumer_task.messages.recv() => self.on_message(message),
                // Another poller may hold a partition that was its own until just now.
                Ok(()) = unlocks.changed() => {}
                () = sleep_until(wakeup) => {}
                _ = stop.wait_for(|stopped| *stopped), if !is_stopping => {}
            }
        }
        self.consumer_task.join().await;
        if let Some(consumer) = &self.consumer {
            consumer::leave_group(consumer).await;
        }
        self.mapping.with_progress(|progress| {
            progress.pollers.remove(&self.number);
        });
    }

    fn on_message(&mut self, message: ConsumerMessage) {
        match message {
            ConsumerMessage::Joined(joined) => {
                self.consumer = Some(joined.consumer);
                self.has_assignment = false;
                self.assigned.clear();
                self.revocation = None;
                self.starting_offsets = joined.starting_offsets;
            }
            ConsumerMessage::Assigned(partitions) => self.on_assigned(&partitions),
            ConsumerMessage::Revoking { partitions, reply } => self.on_revoking(partitions, reply),
            ConsumerMessage::Lost(partitions) => self.on_lost(&partitions),
            ConsumerMessage::Records(records) => self.on_records(records),
            ConsumerMessage::ReadFailed(error) => {
                tracing::warn!(
                    kafka.topic = self.mapping.spec.topic,
                    kafka.group = self.mapping.spec.consumer_group,
                    "Could not read topic {}: {error}",
                    self.mapping.spec.topic
                );
                self.set_state(MappingState::Disconnected);
                self.mapping.with_progress(|progress| progress.last_error = Some(error));
            }
        }
    }

    /// Whether one more invocation may be under way.
    fn has_free_invocation(&self) -> bool {
        self.invocations.len() < self.mapping.spec.pollers.invocations()
    }

    /// Invokes the function, if a batch is due; false when none is.
    fn invoke_next(&mut self, now: Instant) -> bool {
        let mapping = Arc::clone(&self.mapping);
        let is_unlocked = |number: i32| mapping.partition_locks.is_unlocked(number);
        let due = Batch::take_due(
            &mut self.partitions,
            &mapping.spec,
            &mut self.round_robin,
            now,
            is_unlocked,
        );
        let Some(mut batch) = due else {
            return false;
        };
        self.discard_expired(&mut batch);
        // Since the batch was chosen, another poller may have locked a partition; then its records wait here.
        for PartitionSlice { partition, retry, .. } in batch.split_by(|number| mapping.partition_locks.try_lock(number))
        {
            let partition = self.partitions.entry(partition).or_default();
            partition.mark_idle();
            partition.requeue(retry);
        }
        if batch.slices.is_empty() {
            return true;
        }
        let event = batch.event(&self.envelope);
        if batch.len() == 1 && event.len() > PAYLOAD_LIMIT && mapping.destination.is_some() {
            self.discard_oversized(batch);
            return true;
        }
        mapping.with_progress(|progress| {
            progress.batches += 1;
            progress.records += batch.len() as u64;
            progress.last_batch_records = Some(batch.len());
        });
        self.invocations.push(Box::pin(async move {
            let result = mapping.function.deliver(event.into()).await;
            FinishedInvocation { batch, result }
        }));
        true
    }

    /// When something is due that no message announces: a full window, a retry, a write, a commit.
    fn next_wakeup(&self, now: Instant) -> Option<Instant> {
        let window = self.mapping.spec.window;
        let may_invoke = self.has_free_invocation();
        let batches = self
            .partitions
            .iter()
            .filter(|(number, partition)| partition.can_send() && self.mapping.partition_locks.is_unlocked(**number))
            .filter_map(|(_, partition)| match partition.next_retry() {
                Some(retry) => (may_invoke || retry.discard_reason.is_some()).then_some(retry.due_at),
                None => partition
                    .oldest_unsent_at()
                    .filter(|_| may_invoke)
                    .map(|oldest| oldest + window),
            });
        let commit = (!self.to_commit.is_empty() && self.has_assignment && self.next_commit_at > now)
            .then_some(self.next_commit_at);
        batches.chain(commit).chain(self.revocation_deadline()).min()
    }

    /// What of a partition may be committed now goes with the next commit.
    fn queue_commit(&mut self, number: i32) {
        let position = self.partitions.get_mut(&number).and_then(Partition::next_commit);
        if let Some(position) = position {
            self.to_commit.insert(number, position);
        }
    }

    fn update_state(&self) {
        let is_retrying = self.partitions.values().any(Partition::is_retrying);
        self.set_state(if is_retrying {
            MappingState::Retrying
        } else {
            MappingState::Running
        });
    }

    fn set_state(&self, state: MappingState) {
        let retrying = self.partitions.iter().filter(|(_, partition)| partition.is_retrying());
        let retrying_partitions = retrying.map(|(number, _)| *number).collect();
        let poller = PollerProgress {
            state,
            retrying_partitions,
        };
        self.mapping.with_progress(|progress| {
            progress.pollers.insert(self.number, poller);
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
