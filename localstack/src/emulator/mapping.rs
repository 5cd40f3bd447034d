//! Kafka event source mappings: a topic's records, in batches, as invocations of a function.
//!
//! Promises, as on AWS: at least once; order kept inside a partition; one invocation at a time for each mapping; offsets
//! are committed only after success, so a group's lag is what its function has not done. Only this module speaks to Kafka.
//!
//! `source` reads ahead, `partition` holds what is read, `engine` decides what is sent and what an answer means.

mod answer;
mod engine;
mod event;
mod offsets;
mod partition;
mod source;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::function::Function;
use super::kafka::KafkaAccess;
use super::lock;
use super::status::{MappingState, MappingStatus};
use super::template::MappingSpec;

pub(super) use offsets::Offsets;

/// One mapping and the record of its work.
pub(super) struct Mapping {
    spec: MappingSpec,
    function: Arc<Function>,
    kafka: KafkaAccess,
    progress: Mutex<Progress>,
}

/// What a mapping has done so far.
#[derive(Default)]
struct Progress {
    state: MappingState,
    batches: u64,
    records: u64,
    retries: u64,
    discarded: u64,
    last_error: Option<String>,
    last_batch_records: Option<usize>,
    last_duration: Option<Duration>,
}

impl Mapping {
    pub(super) fn new(spec: MappingSpec, function: Arc<Function>, kafka: &KafkaAccess) -> Self {
        Self {
            spec,
            function,
            kafka: kafka.clone(),
            progress: Mutex::default(),
        }
    }

    /// Reads and invokes until `stop` turns true and the batch that is under way has ended.
    pub(super) async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        if self.spec.is_enabled {
            engine::Engine::start(Arc::clone(&self), stop).run().await;
            self.note(|progress| progress.state = MappingState::Stopped);
        } else {
            self.note(|progress| progress.state = MappingState::Disabled);
        }
    }

    /// The record of its work, and the lag as Kafka tells it.
    pub(super) async fn status(&self, offsets: &Offsets) -> MappingStatus {
        let partitions = offsets.of_group(&self.spec.consumer_group, &self.spec.topic).await;
        let progress = lock(&self.progress);
        let mut status = MappingStatus {
            function: self.spec.function.clone(),
            topic: self.spec.topic.clone(),
            consumer_group: self.spec.consumer_group.clone(),
            state: progress.state,
            batch_size: self.spec.batch_size,
            window_seconds: self.spec.window.as_secs_f64(),
            lag: None,
            partitions: Vec::new(),
            batches: progress.batches,
            records: progress.records,
            retries: progress.retries,
            discarded: progress.discarded,
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
        change(&mut lock(&self.progress));
    }
}
