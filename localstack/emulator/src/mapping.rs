//! Kafka event source mappings: a topic's records, in batches, as invocations of a function.
//!
//! Promises, as on AWS: at least once; order kept inside a partition; a partition is in one invocation at a time; offsets
//! are committed only after success, so a group's lag is what its function has not done. Only this module speaks to Kafka.
//! What AWS leaves open and how it is decided here stands in the README of this crate.
//!
//! `pollers` starts and ends pollers. Of each, `source` reads ahead, `partition` holds what is read, `engine` decides what is sent and
//! what an answer means. `destination` takes what is given up.

mod answer;
mod claims;
mod destination;
mod engine;
mod event;
mod offsets;
mod partition;
mod pollers;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::ValueEnum;
use krafka::error::KrafkaError;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::function::Function;
use super::kafka::KafkaAccess;
use super::status::{MappingState, MappingStatus};
use super::template::MappingSpec;
use super::{EmulatorError, EmulatorOptions, lock};
use claims::Claims;
use destination::Destination;
use pollers::Pollers;

pub(super) use offsets::Offsets;

/// How the trouble of a commit begins, which ends with the next that works.
const COMMIT_TROUBLE: &str = "could not commit offsets";

/// What a partial batch response means for the records that it does not name.
///
/// AWS's page says that only the named records are tried again; some who use it found that a partition goes on from the first
/// named one. A function that names its first failure and every later record of that partition is right under both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum PartialResponse {
    /// They are done, also those behind a named one.
    #[default]
    OnlyNamed,
    /// Those before the first named one of their partition are done; the others are tried again with it.
    FromFirstNamed,
}

impl std::str::FromStr for PartialResponse {
    type Err = String;

    /// `only-named` or `from-first-named`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        <Self as ValueEnum>::from_str(text, false).map_err(|_| {
            format!("reading of partial batch responses is {text:?}, allowed: only-named, from-first-named")
        })
    }
}

/// One mapping and the record of its work.
pub(super) struct Mapping {
    spec: MappingSpec,
    function: Arc<Function>,
    kafka: KafkaAccess,
    offsets: Arc<Offsets>,
    partial_response: PartialResponse,
    destination: Option<Arc<Destination>>,
    claims: Claims,
    is_enabled: watch::Sender<bool>,
    /// Whether the starts of partitions that were never committed are committed.
    settled: watch::Sender<bool>,
    progress: Mutex<Progress>,
}

/// What a mapping has done so far.
#[derive(Default)]
struct Progress {
    /// What it is when no poller runs.
    rest: MappingState,
    pollers: BTreeMap<usize, PollerProgress>,
    batches: u64,
    records: u64,
    filtered: u64,
    retries: u64,
    bisections: u64,
    throttles: u64,
    discarded: u64,
    sent_to_destination: u64,
    last_error: Option<String>,
    last_batch_records: Option<usize>,
    last_duration: Option<Duration>,
}

/// What one poller is doing.
struct PollerProgress {
    state: MappingState,
    retrying: BTreeSet<i32>,
}

impl Progress {
    fn could_not_commit(&mut self, error: &KrafkaError) {
        self.last_error = Some(format!("{COMMIT_TROUBLE}: {error}"));
    }

    /// A commit that failed while pollers came and went is no trouble any more once one has worked.
    fn has_committed(&mut self) {
        let is_over = |error: &String| error.starts_with(COMMIT_TROUBLE);
        self.last_error = self.last_error.take().filter(|error| !is_over(error));
    }

    /// The state of the poller that needs most attention.
    fn state(&self) -> MappingState {
        let states = [
            MappingState::Disconnected,
            MappingState::Retrying,
            MappingState::Running,
        ];
        let has = |state: &MappingState| self.pollers.values().any(|poller| poller.state == *state);
        match states.into_iter().find(has) {
            Some(state) => state,
            None if self.pollers.is_empty() => self.rest,
            None => MappingState::Starting,
        }
    }

    fn retrying(&self) -> BTreeSet<i32> {
        self.pollers
            .values()
            .flat_map(|poller| poller.retrying.iter().copied())
            .collect()
    }
}

impl Mapping {
    /// A mapping that does nothing yet; `queue_url` finds a queue of the template by its ARN.
    pub(super) fn new(
        spec: MappingSpec,
        function: Arc<Function>,
        offsets: Arc<Offsets>,
        options: &EmulatorOptions,
        queue_url: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, EmulatorError> {
        let destination = Destination::new(&spec, options, queue_url)?;
        for warning in &spec.warnings {
            tracing::warn!(mapping.name = spec.name, "{}: {warning}", spec.name);
        }
        Ok(Self {
            is_enabled: watch::Sender::new(spec.is_enabled),
            spec,
            function,
            kafka: options.kafka.clone(),
            offsets,
            partial_response: options.partial_response,
            destination: destination.map(Arc::new),
            claims: Claims::default(),
            settled: watch::Sender::new(false),
            progress: Mutex::default(),
        })
    }

    pub(super) fn spec(&self) -> &MappingSpec {
        &self.spec
    }

    pub(super) fn is_enabled(&self) -> bool {
        *self.is_enabled.borrow()
    }

    /// Pauses the mapping, or resumes it where it stopped. Paused it commits what is done and leaves its group.
    pub(super) fn enable(&self, is_enabled: bool) {
        self.is_enabled.send_replace(is_enabled);
    }

    pub(super) fn state(&self) -> MappingState {
        lock(&self.progress).state()
    }

    /// Reads and invokes, as long as it is enabled, until `stop` turns true and the batches that are under way have ended.
    pub(super) async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let mut enabled = self.is_enabled.subscribe();
        while !has_ended(&stop) {
            let is_enabled = *enabled.borrow_and_update();
            self.note(|progress| {
                progress.rest = if is_enabled {
                    MappingState::Starting
                } else {
                    MappingState::Disabled
                };
            });
            let mut stop = stop.clone();
            // Both fail only when the emulator is gone, and then this is over as well.
            let is_over = async {
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => {}
                    _ = enabled.wait_for(|enabled| *enabled != is_enabled) => {}
                }
            };
            if is_enabled {
                Pollers::new(Arc::clone(&self), Arc::clone(&self.offsets))
                    .run(is_over)
                    .await;
            } else {
                is_over.await;
            }
        }
        self.note(|progress| progress.rest = MappingState::Stopped);
    }

    /// The record of its work, and the lag as Kafka tells it within `limit`.
    pub(super) async fn status(&self, limit: Duration) -> MappingStatus {
        let (group, topic) = (&self.spec.consumer_group, &self.spec.topic);
        let partitions = self.offsets.of_group(group, topic, limit).await;
        let progress = lock(&self.progress);
        let mut status = MappingStatus {
            uuid: self.spec.uuid.to_string(),
            function: self.spec.function.clone(),
            topic: self.spec.topic.clone(),
            consumer_group: self.spec.consumer_group.clone(),
            state: progress.state(),
            batch_size: self.spec.batch_size,
            window_seconds: self.spec.window.as_secs_f64(),
            partial_response: self.partial_response,
            pollers: progress.pollers.len(),
            maximum_pollers: self.spec.pollers.maximum,
            lag: None,
            partitions: Vec::new(),
            batches: progress.batches,
            records: progress.records,
            filtered: progress.filtered,
            retries: progress.retries,
            bisections: progress.bisections,
            throttles: progress.throttles,
            discarded: progress.discarded,
            sent_to_destination: progress.sent_to_destination,
            warnings: self.spec.warnings.clone(),
            last_error: progress.last_error.clone(),
            last_batch_records: progress.last_batch_records,
            last_duration_ms: progress.last_duration.map(|duration| duration.as_secs_f64() * 1_000.0),
        };
        match partitions {
            Ok(partitions) => {
                status.lag = Some(partitions.iter().map(|partition| partition.lag).sum());
                status.partitions = partitions;
            }
            Err(error) => {
                status.last_error = Some(format!("lag unknown: {error}"));
                if matches!(status.state, MappingState::Running | MappingState::Retrying) {
                    status.state = MappingState::Disconnected;
                }
            }
        }
        status
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        self.with_progress(change);
    }

    fn with_progress<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        change(&mut lock(&self.progress))
    }
}

/// Whether the emulator is told to end, or gone.
fn has_ended(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_works_ends_the_trouble_of_the_one_before_and_no_other() {
        let mut progress = Progress::default();
        progress.could_not_commit(&KrafkaError::timeout("committing"));
        assert!(
            progress
                .last_error
                .as_ref()
                .is_some_and(|error| error.starts_with("could not commit offsets: "))
        );
        progress.has_committed();
        assert_eq!(progress.last_error, None);
        progress.last_error = Some("the function failed".to_owned());
        progress.has_committed();
        assert_eq!(progress.last_error.as_deref(), Some("the function failed"));
    }
}
