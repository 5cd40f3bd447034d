//! One mapping: its settings, its switch and its progress, which all of its pollers share.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::destination::Destination;
use super::offsets::Offsets;
use super::partition_locks::PartitionLocks;
use super::progress::Progress;
use crate::batch_response::PartialResponse;
use crate::error::EmulatorError;
use crate::function::Function;
use crate::kafka::KafkaAccess;
use crate::options::EmulatorOptions;
use crate::status::{MappingState, MappingStatus};
use crate::sync::lock;
use crate::template::MappingSpec;

/// One mapping and the progress of its work.
pub(crate) struct Mapping {
    pub(super) spec: MappingSpec,
    pub(super) function: Arc<Function>,
    pub(super) kafka: KafkaAccess,
    pub(super) offsets: Arc<Offsets>,
    pub(super) partial_response: PartialResponse,
    pub(super) destination: Option<Arc<Destination>>,
    pub(super) partition_locks: PartitionLocks,
    /// Whether the starting offsets of partitions that were never committed are committed.
    pub(super) has_committed_starts: watch::Sender<bool>,
    is_enabled: watch::Sender<bool>,
    progress: Mutex<Progress>,
}

impl Mapping {
    /// A mapping that does nothing yet; `queue_url` finds a queue of the template by its ARN.
    pub(crate) fn new(
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
            partition_locks: PartitionLocks::default(),
            has_committed_starts: watch::Sender::new(false),
            progress: Mutex::default(),
        })
    }

    pub(crate) fn spec(&self) -> &MappingSpec {
        &self.spec
    }

    pub(crate) fn is_enabled(&self) -> bool {
        *self.is_enabled.borrow()
    }

    /// Pauses the mapping, or resumes it where it stopped. Paused it commits what is done and leaves its group.
    pub(crate) fn enable(&self, is_enabled: bool) {
        self.is_enabled.send_replace(is_enabled);
    }

    pub(super) fn enabled_changes(&self) -> watch::Receiver<bool> {
        self.is_enabled.subscribe()
    }

    pub(crate) fn state(&self) -> MappingState {
        lock(&self.progress).state()
    }

    pub(super) fn with_progress<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        change(&mut lock(&self.progress))
    }

    /// Its progress, and the lag as Kafka reports it within `limit`.
    pub(crate) async fn status(&self, limit: Duration) -> MappingStatus {
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
}
