//! The group assigns partitions and revokes them. A revoked one goes when what is in flight of it has ended and what is
//! done of it is committed, so that its next consumer continues exactly there.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Poller;
use super::in_flight::Revocation;
use crate::mapping::partition::Position;
use crate::status::MappingState;

/// How long a commit is tried before partitions go without it. In the middle of a rebalance Kafka refuses commits for a moment.
const COMMIT_LIMIT: Duration = Duration::from_secs(10);

impl Poller {
    /// The group has assigned these partitions.
    pub(super) fn on_assigned(&mut self, partitions: &[i32]) {
        // Once in the group, commits are taken; one that is not is tried again.
        self.has_assignment = true;
        self.assigned.extend(partitions);
        // Of what belonged to a former membership, only what is assigned again may be committed.
        self.to_commit.retain(|number, _| self.assigned.contains(number));
        if let Some(revocation) = &mut self.revocation {
            revocation.partitions.retain(|number| !partitions.contains(number));
        }
        for number in partitions {
            self.partitions.entry(*number).or_default().reset();
            // Committed at once: else a restart would skip what came in between.
            if let Some(offset) = self.starting_offsets.remove(number) {
                self.to_commit.entry(*number).or_insert(Position::at(offset));
            }
        }
        self.announce_committed_starts();
        self.set_state(MappingState::Running);
    }

    /// The group has taken these partitions without asking: what is in flight of them is another member's.
    pub(super) fn on_lost(&mut self, partitions: &[i32]) {
        for number in partitions {
            self.forget(*number);
        }
        self.set_state(MappingState::Starting);
    }

    /// The group is revoking these partitions: nothing more of them is sent.
    pub(super) fn on_revoking(&mut self, partitions: Vec<i32>, reply: oneshot::Sender<()>) {
        for number in &partitions {
            self.partitions.entry(*number).or_default().is_revoking = true;
        }
        // A former revocation that is still open is not waited for any more: its poll was given up.
        self.revocation = Some(Revocation {
            partitions: partitions.into_iter().collect(),
            reply,
            commit_deadline: None,
        });
        self.failed_commits = 0;
        self.next_commit_at = Instant::now();
    }

    /// Lets revoked partitions go when nothing of them is in flight any more.
    pub(super) fn finish_revocation(&mut self, now: Instant) {
        let Some(revocation) = &mut self.revocation else { return };
        let numbers = &revocation.partitions;
        let is_in_flight = |number| {
            let partition = self.partitions.get(number);
            partition.is_some_and(|partition| partition.is_in_flight())
        };
        if numbers.iter().any(is_in_flight) {
            return;
        }
        let is_committed =
            self.commit_in_flight.is_none() && !numbers.iter().any(|number| self.to_commit.contains_key(number));
        if !is_committed && now < *revocation.commit_deadline.get_or_insert(now + COMMIT_LIMIT) {
            return;
        }
        let Some(revocation) = self.revocation.take() else {
            return;
        };
        for number in &revocation.partitions {
            self.forget(*number);
        }
        if revocation.reply.send(()).is_err() {
            tracing::debug!("The consumer does not wait any more for the revocation to finish");
        }
    }

    fn forget(&mut self, number: i32) {
        self.partitions.entry(number).or_default().reset();
        self.to_commit.remove(&number);
        self.assigned.remove(&number);
    }

    /// When the starting offsets of new partitions are committed, further pollers may join: they would know nothing of them.
    pub(super) fn announce_committed_starts(&self) {
        if self.has_assignment && self.to_commit.is_empty() {
            self.mapping.has_committed_starts.send_replace(true);
        }
    }

    /// When revoked partitions go at the latest, if some wait for their commit.
    pub(super) fn revocation_deadline(&self) -> Option<Instant> {
        self.revocation.as_ref()?.commit_deadline
    }
}
