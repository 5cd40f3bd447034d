//! What the backfill is asked: a span of days.

use chrono::NaiveDate;
use serde::Deserialize;

use super::error::BackfillError;

/// What to publish; all of it unless told otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackfillRequest {
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

impl BackfillRequest {
    /// Reads a function's input; null is all of the history, as `{}` is.
    ///
    /// # Errors
    /// [`BackfillError::Input`] says what is allowed.
    pub fn parse(input: &str) -> Result<Self, BackfillError> {
        let request: Option<Self> = serde_json::from_str(input).map_err(BackfillError::Input)?;
        Ok(request.unwrap_or_default())
    }

    /// Refuses days that end before they begin.
    pub(super) fn check(&self) -> Result<(), BackfillError> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => Err(BackfillError::Days { from, to }),
            _ => Ok(()),
        }
    }

    /// Whether a day is wanted.
    pub(super) fn wants(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}
