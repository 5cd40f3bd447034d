//! Committing what is done, so that the group's lag is what the function has not done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use krafka::consumer::{OffsetAndMetadata, TopicPartition};
use krafka::error::KrafkaError;
use tokio::time::Instant;

use super::Engine;
use crate::mapping::Progress;
use crate::mapping::partition::Position;

/// How long after a first failed commit the next is tried; after each further one, twice as long.
const COMMIT_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between commits.
const LONGEST_COMMIT_PAUSE: Duration = Duration::from_secs(2);

/// What a commit tried, and how it ended.
pub(super) type Committed = (BTreeMap<i32, Position>, Result<(), KrafkaError>);

impl Engine {
    /// Commits what is done, one request at a time.
    pub(super) fn commit(&mut self, now: Instant, is_stopping: bool) {
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

    pub(super) fn committed(&mut self, positions: BTreeMap<i32, Position>, result: Result<(), KrafkaError>) {
        let Err(error) = result else {
            self.failed_commits = 0;
            self.mapping.note(Progress::has_committed);
            self.settle();
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
        self.mapping.note(|progress| progress.could_not_commit(&error));
        let pause = COMMIT_PAUSE
            .saturating_mul(1 << self.failed_commits.min(8))
            .min(if self.is_letting_go() {
                COMMIT_PAUSE
            } else {
                LONGEST_COMMIT_PAUSE
            });
        self.commit_after = Instant::now() + pause;
        self.failed_commits += 1;
        if *self.stop.borrow() {
            // Nobody will try again; the records are delivered once more by whoever comes next.
            return;
        }
        for (partition, position) in positions.into_iter().filter(|(number, _)| self.owned.contains(number)) {
            self.to_commit.entry(partition).or_insert(position);
        }
    }
}
