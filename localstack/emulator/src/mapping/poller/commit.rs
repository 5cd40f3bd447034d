//! Committing what is done, so that the group's lag is what the function has not done.

use std::sync::Arc;
use std::time::Duration;

use krafka::consumer::{OffsetAndMetadata, TopicPartition};
use tokio::time::Instant;

use super::Poller;
use super::in_flight::FinishedCommit;
use crate::mapping::progress::Progress;

/// How long after a first failed commit the next is tried; after each further one, twice as long.
const COMMIT_BACKOFF: Duration = Duration::from_millis(250);
/// The longest pause between commits.
const LONGEST_COMMIT_BACKOFF: Duration = Duration::from_secs(2);

impl Poller {
    /// Commits what is done, one request at a time.
    pub(super) fn commit(&mut self, now: Instant, is_stopping: bool) {
        let Some(consumer) = self.consumer.as_ref().filter(|_| self.has_assignment) else {
            return;
        };
        let is_backing_off = now < self.next_commit_at && !is_stopping;
        if self.to_commit.is_empty() || self.commit_in_flight.is_some() || is_backing_off {
            return;
        }
        let positions = std::mem::take(&mut self.to_commit);
        let consumer = Arc::clone(consumer);
        let topic = self.mapping.spec.topic.clone();
        self.commit_in_flight = Some(Box::pin(async move {
            let offsets = positions.iter().map(|(partition, position)| {
                let offset = match position.leader_epoch {
                    Some(epoch) => OffsetAndMetadata::with_epoch(position.offset, epoch),
                    None => OffsetAndMetadata::new(position.offset),
                };
                (TopicPartition::new(topic.as_str(), *partition), offset)
            });
            let result = consumer.commit_offsets(offsets.collect::<Vec<_>>()).await;
            FinishedCommit { positions, result }
        }));
    }

    /// A commit that failed is tried again, unless the poller stops.
    pub(super) fn on_commit(&mut self, FinishedCommit { positions, result }: FinishedCommit) {
        let Err(error) = result else {
            self.failed_commits = 0;
            self.mapping.with_progress(Progress::clear_commit_error);
            self.announce_committed_starts();
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
        self.mapping.with_progress(|progress| progress.set_commit_error(&error));
        let pause = COMMIT_BACKOFF
            .saturating_mul(1 << self.failed_commits.min(8))
            .min(if self.revocation.is_some() {
                COMMIT_BACKOFF
            } else {
                LONGEST_COMMIT_BACKOFF
            });
        self.next_commit_at = Instant::now() + pause;
        self.failed_commits += 1;
        if *self.stop.borrow() {
            // The poller ends, so it does not try again: the next consumer of these partitions receives the records once more.
            return;
        }
        for (partition, position) in positions
            .into_iter()
            .filter(|(number, _)| self.assigned.contains(number))
        {
            self.to_commit.entry(partition).or_insert(position);
        }
    }
}
