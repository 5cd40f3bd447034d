//! One mapping: its settings and the counts of its work.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::queue::{MessageQueue, QueueError};
use crate::error_chain::with_causes;
use crate::function::Function;
use crate::status::{MappingState, QueueMappingStatus};
use crate::sync::lock;
use crate::template::QueueMappingSpec;

/// One mapping and the progress of its work.
pub(crate) struct QueueMapping {
    pub(super) spec: QueueMappingSpec,
    pub(super) function: Arc<Function>,
    pub(super) queue: MessageQueue,
    progress: Mutex<Progress>,
}

/// What a mapping has done so far.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) state: MappingState,
    pub(super) batches: u64,
    pub(super) messages: u64,
    pub(super) failures: u64,
    pub(super) last_error: Option<String>,
    pub(super) last_duration: Option<Duration>,
}

impl QueueMapping {
    pub(crate) fn new(spec: QueueMappingSpec, function: Arc<Function>, url: &str) -> Self {
        Self {
            spec,
            function,
            queue: MessageQueue::new(url),
            progress: Mutex::default(),
        }
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.spec.is_enabled
    }

    pub(super) fn with_progress(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut lock(&self.progress));
    }

    /// Its progress, and the queue's counts as SQS reports them.
    pub(crate) async fn status(&self, limit: Duration) -> QueueMappingStatus {
        let counts = tokio::time::timeout(limit, self.queue.counts()).await;
        let counts = counts.unwrap_or(Err(QueueError::Timeout));
        let progress = lock(&self.progress);
        let (visible, hidden, count_error) = match counts {
            Ok(counts) => (Some(counts.visible), Some(counts.hidden), None),
            Err(error) => (None, None, Some(format!("counts unknown: {}", with_causes(&error)))),
        };
        QueueMappingStatus {
            function: self.spec.function.clone(),
            queue: self.spec.queue_name().to_owned(),
            state: progress.state,
            batch_size: self.spec.batch_size,
            window_seconds: self.spec.window.as_secs_f64(),
            batches: progress.batches,
            messages: progress.messages,
            failures: progress.failures,
            visible,
            hidden,
            last_error: count_error.or_else(|| progress.last_error.clone()),
            last_duration_ms: progress.last_duration.map(|duration| duration.as_secs_f64() * 1_000.0),
        }
    }
}
