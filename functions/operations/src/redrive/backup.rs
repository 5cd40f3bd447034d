//! From the backup queue to Kafka.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::config::{ConfigError, Get};

/// What Lambda's event source mapping hands over from a queue.
#[derive(Debug, Deserialize)]
pub struct SqsEvent {
    /// The messages.
    #[serde(rename = "Records")]
    pub records: Vec<serde_json::Value>,
}

/// The messages to deliver again.
#[derive(Debug, Default, Serialize)]
pub struct SqsBatchResponse {
    /// Their ids.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<serde_json::Value>,
}

/// Why messages could not be handled at all.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {}

/// Publishes what the backup queue holds.
pub struct BackupRedrive {}

impl BackupRedrive {
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(_get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {})
    }

    /// Publishes the messages.
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn publish(&self, event: &SqsEvent, _time_left: Duration) -> Result<SqsBatchResponse, BackupError> {
        Ok(SqsBatchResponse {
            failures: event.records.clone(),
        })
    }
}
