//! The group gives partitions and takes them. One that is taken is let go of when what is under way of it has ended and what is
//! done of it is committed, so that whoever gets it goes on exactly there.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Engine;
use crate::status::MappingState;

/// Partitions that the group is taking.
pub(super) struct Revoking {
    partitions: BTreeSet<i32>,
    /// Gets word when they may go.
    reply: oneshot::Sender<()>,
    /// When they go although their commit fails; known when nothing of them is under way any more.
    give_up_at: Option<Instant>,
}

/// How long a commit is tried before partitions go without it. In the middle of a rebalance Kafka refuses commits for a moment.
const COMMIT_LIMIT: Duration = Duration::from_secs(10);

impl Engine {
    /// The group has given these partitions.
    pub(super) fn assigned(&mut self, partitions: &[i32]) {
        // Once in the group, commits are taken; one that is not is tried again.
        self.is_assigned = true;
        self.owned.extend(partitions);
        // Of what belonged to a former membership, only what is ours again may be committed.
        self.to_commit.retain(|number, _| self.owned.contains(number));
        if let Some(revoking) = &mut self.revoking {
            revoking.partitions.retain(|number| !partitions.contains(number));
        }
        for number in partitions {
            self.partitions.entry(*number).or_default().reset();
            // Committed at once: else a restart would skip what came in between.
            if let Some(offset) = self.starts.remove(number) {
                self.to_commit.entry(*number).or_insert((offset, None));
            }
        }
        self.settle();
        self.set_state(MappingState::Running);
    }

    /// The group has taken these partitions without asking: what is under way of them is not ours any more.
    pub(super) fn lost(&mut self, partitions: &[i32]) {
        for number in partitions {
            self.forget(*number);
        }
        self.set_state(MappingState::Starting);
    }

    /// The group is taking these partitions: nothing more of them is sent.
    pub(super) fn revoke(&mut self, partitions: Vec<i32>, reply: oneshot::Sender<()>) {
        for number in &partitions {
            self.partitions.entry(*number).or_default().is_leaving = true;
        }
        // A former question that is still open has nobody left who waits: its poll was given up.
        self.revoking = Some(Revoking {
            partitions: partitions.into_iter().collect(),
            reply,
            give_up_at: None,
        });
        self.failed_commits = 0;
        self.commit_after = Instant::now();
    }

    /// Lets partitions go of which nothing is under way any more.
    pub(super) fn let_go(&mut self, now: Instant) {
        let Some(revoking) = &mut self.revoking else { return };
        let numbers = &revoking.partitions;
        let is_busy = |number| self.partitions.get(number).is_some_and(|partition| partition.is_busy());
        if numbers.iter().any(is_busy) {
            return;
        }
        let is_committed =
            self.committing.is_none() && !numbers.iter().any(|number| self.to_commit.contains_key(number));
        if !is_committed && now < *revoking.give_up_at.get_or_insert(now + COMMIT_LIMIT) {
            return;
        }
        let Some(revoking) = self.revoking.take() else { return };
        for number in &revoking.partitions {
            self.forget(*number);
        }
        if revoking.reply.send(()).is_err() {
            tracing::debug!("Nobody waits any more for partitions to be let go");
        }
    }

    fn forget(&mut self, number: i32) {
        self.partitions.entry(number).or_default().reset();
        self.to_commit.remove(&number);
        self.owned.remove(&number);
    }

    /// When the starts of new partitions are committed, further pollers may join: they would know nothing of them.
    pub(super) fn settle(&self) {
        if self.is_assigned && self.to_commit.is_empty() {
            self.mapping.settled.send_replace(true);
        }
    }

    /// When partitions go at the latest, if some wait for their commit.
    pub(super) fn goes_at(&self) -> Option<Instant> {
        self.revoking.as_ref()?.give_up_at
    }

    /// Whether partitions wait for their commit.
    pub(super) fn is_letting_go(&self) -> bool {
        self.revoking.is_some()
    }
}
