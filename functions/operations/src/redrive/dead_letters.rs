//! The desk for dead letters.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::config::{ConfigError, Get};

/// What is asked of the desk.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskRequest {
    /// `list`, `show`, `replay` or `purge`.
    pub action: String,
}

/// What the desk did.
#[derive(Debug, Default, Serialize)]
pub struct DeskReport {}

/// Why the desk could not do it.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {}

/// The desk. Connects when first needed.
pub struct DeadLetterDesk {}

impl DeadLetterDesk {
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(_get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {})
    }

    /// Answers one request.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn answer(&self, _request: &DeskRequest, _time_left: Duration) -> Result<DeskReport, DeskError> {
        Ok(DeskReport::default())
    }
}
