//! The statistics of a function's invocations.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::status::FunctionStatus;
use crate::template::FunctionSpec;

/// Responses below this size are stored for the status.
const MAX_STORED_RESPONSE: usize = 64 * 1024;
/// How much of an error is shown.
const SHOWN_ERROR: usize = 2_000;

/// Counts and last results.
#[derive(Default)]
pub(super) struct InvocationStatistics {
    invocations: u64,
    errors: u64,
    timeouts: u64,
    last_duration: Option<Duration>,
    last_error: Option<String>,
    last_response: Option<Bytes>,
    last_invoked_at: Option<DateTime<Utc>>,
}

impl InvocationStatistics {
    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        self.last_invoked_at = Some(now);
    }

    pub(super) fn end(&mut self, payload: &Bytes, is_error: bool, is_timeout: bool, duration: Duration) {
        self.invocations += 1;
        self.errors += u64::from(is_error);
        self.timeouts += u64::from(is_timeout);
        self.last_duration = Some(duration);
        if is_error {
            self.last_error = Some(shown(payload));
        } else {
            self.last_response = (payload.len() < MAX_STORED_RESPONSE).then(|| payload.clone());
        }
    }

    pub(super) fn status(&self, spec: &FunctionSpec, instances: usize) -> FunctionStatus {
        let text = self
            .last_response
            .as_deref()
            .and_then(|response| std::str::from_utf8(response).ok());
        FunctionStatus {
            name: spec.name.clone(),
            binary: spec.binary.clone(),
            instances,
            invocations: self.invocations,
            errors: self.errors,
            timeouts: self.timeouts,
            last_duration_ms: self.last_duration.map(|duration| duration.as_secs_f64() * 1_000.0),
            last_error: self.last_error.clone(),
            // A response that is not JSON has no place in a JSON status.
            last_response: text.and_then(|text| RawValue::from_string(text.to_owned()).ok()),
            last_invoked_at: self.last_invoked_at,
        }
    }
}

/// An error as text, cut when long.
pub(super) fn shown(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    text.chars().take(SHOWN_ERROR).collect()
}
