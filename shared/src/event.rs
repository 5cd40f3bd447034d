//! The four payloads and their topics: names, partitions and keys stand here and nowhere else. No Redis, Kafka, Lambda or clock.

mod envelope;
mod exchange_rate;
mod invalidation;
mod topic;
mod version;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::{NotYet, Timestamp};

pub use self::envelope::{BACKFILL, Event, Header, Run, Traceparent, header};
pub use self::exchange_rate::{ExchangeRateUpdated, Impossible, WITHDRAWN_TOLERANCE_DAYS};
pub use self::invalidation::{CacheInvalidation, CacheKey, CacheKeyError, MANUAL};
pub use self::topic::Topic;

/// A payload of one topic.
pub trait Payload: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Where it is published.
    const TOPIC: Topic;
    /// The record's key: events with one key keep their order.
    fn key(&self) -> String;
    /// The instant that the payload's rate is of.
    fn rate_instant(&self) -> Option<Timestamp> {
        None
    }
    /// Refuses a payload that says what cannot be.
    ///
    /// # Errors
    /// [`Impossible`] says what.
    fn check(&self) -> Result<(), Impossible> {
        Ok(())
    }
    /// Refuses a payload whose instants decide which of two stands and have not come yet at `now`.
    ///
    /// # Errors
    /// [`NotYet`] names the field.
    fn check_time(&self, _now: Timestamp) -> Result<(), NotYet> {
        Ok(())
    }
}

/// A provider answered with `data_count` rates; a run begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NewDataReceived {
    /// Key of the provider, `ecb`.
    pub source: String,
    /// How many usable rates the answer held.
    pub data_count: u32,
    /// When the answer was complete.
    pub collection_time: Timestamp,
    /// Milliseconds from the request to the checked rates.
    pub processing_time_ms: u64,
    /// One per run.
    pub correlation_id: Uuid,
}

/// A run is over: every earlier event of it is acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DataProcessingCompleted {
    /// Key of the provider, `ecb`.
    pub source: String,
    /// How many rates the run published.
    pub total_processed: u32,
    /// Milliseconds from the run's start to its last acknowledgement.
    pub processing_time_ms: u64,
    /// When that was.
    pub completed_at: Timestamp,
    /// One per run.
    pub correlation_id: Uuid,
}

impl Payload for NewDataReceived {
    const TOPIC: Topic = Topic::NewDataReceived;
    fn key(&self) -> String {
        self.source.clone()
    }
}

impl Payload for DataProcessingCompleted {
    const TOPIC: Topic = Topic::DataProcessingCompleted;
    fn key(&self) -> String {
        self.source.clone()
    }
}

#[cfg(test)]
mod tests;
