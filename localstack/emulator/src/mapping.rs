//! Kafka event source mappings: a topic's records, in batches, as invocations of a function.
//!
//! Promises, as on AWS: at least once; order kept inside a partition; a partition is in one invocation at a time; offsets
//! are committed only after success, so a group's lag is what its function has not processed. Only this module speaks to Kafka.
//! What AWS leaves open and how it is decided here stands in the README of this crate.
//!
//! `state` is the mapping that all of its pollers share, and `pollers` starts and ends them. Of each poller, `consumer` reads ahead, `partition`
//! buffers what is read, `poller` decides what is sent, what a response means and what is committed. `destination` takes what is discarded.

mod consumer;
mod destination;
mod event;
mod offsets;
mod partition;
mod partition_locks;
mod poller;
mod pollers;
mod progress;
mod response;
mod state;

use std::sync::Arc;

use tokio::sync::watch;

use crate::status::MappingState;
use pollers::Pollers;

pub(crate) use offsets::Offsets;
pub(crate) use state::Mapping;

/// Reads and invokes, as long as the mapping is enabled, until `stop` turns true and the batches that are under way have ended.
pub(crate) async fn run(mapping: Arc<Mapping>, stop: watch::Receiver<bool>) {
    let mut enabled = mapping.enabled_changes();
    while !has_ended(&stop) {
        let is_enabled = *enabled.borrow_and_update();
        mapping.with_progress(|progress| {
            progress.state_without_pollers = if is_enabled {
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
            Pollers::new(Arc::clone(&mapping)).run(is_over).await;
        } else {
            is_over.await;
        }
    }
    mapping.with_progress(|progress| progress.state_without_pollers = MappingState::Stopped);
}

/// Whether the emulator is told to end, or gone.
fn has_ended(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}
