//! The instant that a run's events carry as `updated_at`: of two events about the same observation the later one counts, so a correction must never be
//! dated before what it corrects, whatever this machine's clock does in between.
//!
//! The version is this machine's time, but later than every version that is known to have been given: the one that Redis remembers, written there before
//! anything is published, and the one of the newest `new_data_received` in Kafka, where every run's first event is. Either may be away or have lost it; only
//! when a clock was ahead, and both are, can a correction be taken for old, until the right time has come to where the clock had been.

use std::time::Duration;

use shared::apply::chain;
use shared::config::KafkaConfig;
use shared::event::{Topic, header};
use shared::reread::Records;
use shared::time::{TimeError, Timestamp};
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;

/// How long Kafka may take to say what it holds; it is away then, and the events go to the backup.
const LIMIT: Duration = Duration::from_secs(3);

/// Where versions that were given are found.
pub struct Versions {
    kafka: KafkaConfig,
    records: Records,
}

impl Versions {
    /// Not connected yet.
    #[must_use]
    pub fn new(kafka: KafkaConfig) -> Self {
        Self {
            records: Records::new(kafka.clone()),
            kafka,
        }
    }

    /// The version of the events that are published next; `remembered` is what Redis knows.
    ///
    /// # Errors
    /// [`TimeError`] when the clock is outside the years 1970 to 9999.
    pub async fn next(&self, remembered: Option<Timestamp>, clock: &Clock) -> Result<Timestamp, TimeError> {
        let given = remembered.max(self.in_kafka().await);
        let now = clock.timestamp()?;
        match given.filter(|given| *given >= now) {
            None => Ok(now),
            Some(given) => {
                tracing::warn!(
                    clock = %now, given = %given,
                    "The clock is behind what was published before; events are dated after that"
                );
                Ok(given.next())
            }
        }
    }

    /// The kept connection may have died with a broker since the last run, so a failure is followed by one try over a new one.
    async fn in_kafka(&self) -> Option<Timestamp> {
        let deadline = Instant::now() + LIMIT;
        match newest(&self.records, deadline).await {
            Ok(newest) => newest,
            Err(first) => match newest(&Records::new(self.kafka.clone()), deadline).await {
                Ok(newest) => newest,
                Err(second) => {
                    tracing::warn!(first, second, "Could not ask Kafka what the last run was dated");
                    None
                }
            },
        }
    }
}

async fn newest(records: &Records, deadline: Instant) -> Result<Option<Timestamp>, String> {
    let asked = records.newest(Topic::NewDataReceived.name(), 0, deadline);
    match timeout_at(deadline, asked).await {
        Ok(Ok(record)) => Ok(record.and_then(|record| record.header(header::CE_TIME)?.parse().ok())),
        Ok(Err(error)) => Err(chain(&error)),
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    }
}
