//! The counts and states that a mapping's pollers keep, for its status.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use krafka::error::KrafkaError;

use crate::status::MappingState;

/// How the error of a commit begins, which ends with the next that works.
const COMMIT_ERROR: &str = "could not commit offsets";

/// What a mapping has done so far.
#[derive(Default)]
pub(super) struct Progress {
    /// What it is when no poller runs.
    pub(super) state_without_pollers: MappingState,
    pub(super) pollers: BTreeMap<usize, PollerProgress>,
    pub(super) batches: u64,
    pub(super) records: u64,
    pub(super) filtered: u64,
    pub(super) retries: u64,
    pub(super) bisections: u64,
    pub(super) throttles: u64,
    pub(super) discarded: u64,
    pub(super) sent_to_destination: u64,
    pub(super) last_error: Option<String>,
    pub(super) last_batch_records: Option<usize>,
    pub(super) last_duration: Option<Duration>,
}

/// What one poller is doing.
pub(super) struct PollerProgress {
    pub(super) state: MappingState,
    pub(super) retrying_partitions: BTreeSet<i32>,
}

impl Progress {
    pub(super) fn set_commit_error(&mut self, error: &KrafkaError) {
        self.last_error = Some(format!("{COMMIT_ERROR}: {error}"));
    }

    /// A commit that failed while pollers came and went is no error any more once one has worked.
    pub(super) fn clear_commit_error(&mut self) {
        let is_of_commit = |error: &String| error.starts_with(COMMIT_ERROR);
        self.last_error = self.last_error.take().filter(|error| !is_of_commit(error));
    }

    /// The state of the poller that needs most attention.
    pub(super) fn state(&self) -> MappingState {
        let states = [
            MappingState::Disconnected,
            MappingState::Retrying,
            MappingState::Running,
        ];
        let has = |state: &MappingState| self.pollers.values().any(|poller| poller.state == *state);
        match states.into_iter().find(has) {
            Some(state) => state,
            None if self.pollers.is_empty() => self.state_without_pollers,
            None => MappingState::Starting,
        }
    }

    pub(super) fn retrying_partitions(&self) -> BTreeSet<i32> {
        self.pollers
            .values()
            .flat_map(|poller| poller.retrying_partitions.iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_works_clears_the_error_of_the_one_before_and_no_other() {
        let mut progress = Progress::default();
        progress.set_commit_error(&KrafkaError::timeout("committing"));
        assert!(
            progress
                .last_error
                .as_ref()
                .is_some_and(|error| error.starts_with("could not commit offsets: "))
        );
        progress.clear_commit_error();
        assert_eq!(progress.last_error, None);
        progress.last_error = Some("the function failed".to_owned());
        progress.clear_commit_error();
        assert_eq!(progress.last_error.as_deref(), Some("the function failed"));
    }
}
