//! SQS event source mappings: a queue's messages, in batches, as invocations of a function.
//!
//! Promises, as on AWS: at least once; several invocations at a time, but of one group of a FIFO queue never two; what the function processed is deleted,
//! what it did not process stays hidden until its visibility timeout ends.
//!
//! `state` is the mapping itself, `poller` receives and decides what is sent, `invocation` sends a batch and deletes what is done, `queue` speaks to SQS,
//! `event` is how Lambda presents messages, and `response` reads what the function says.

mod event;
mod invocation;
mod poller;
mod queue;
mod response;
mod state;

use std::sync::Arc;

use tokio::sync::watch;

use crate::status::MappingState;
use poller::Poller;

pub(crate) use state::QueueMapping;

/// Receives and invokes until `stop` turns true and the batches that are under way have ended.
pub(crate) async fn run(mapping: Arc<QueueMapping>, stop: watch::Receiver<bool>) {
    if mapping.is_enabled() {
        Poller::new(Arc::clone(&mapping)).run(stop).await;
        mapping.with_progress(|progress| progress.state = MappingState::Stopped);
    } else {
        mapping.with_progress(|progress| progress.state = MappingState::Disabled);
    }
}
