//! What can be asked about dead letters: the input of the function `operations-redrive`, as the command and the console write it. Strict: what it does not
//! know it refuses, because a misspelt filter would purge everything.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::filter::DeadLetterFilter;

/// Dead letters of one answer, so that it stays below Lambda's 6 MB: one has some 3 kB at most.
pub const MAX_ROWS: usize = 1_000;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// All dead letters that match, newest first.
    List,
    /// Everything of one dead letter.
    Show,
    /// Sends dead letters again and deletes those that are done.
    Replay,
    /// Deletes dead letters.
    Purge,
}

/// Where dead letters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplayTarget {
    /// To the function that refused the record, and to no other.
    #[default]
    Function,
    /// To the record's topic, so that every service has it once more.
    Topic,
}

/// A request. What is given of `id` to `until` must all hold of a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterRequest {
    /// What to do.
    pub action: Action,
    /// A dead letter's id, as the list has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The function that refused the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The record's topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Its partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    /// Its offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// The refusal's code, or the condition of an on-failure record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// Refused then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// Refused then or before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// At most so many: of a list the newest, else the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Where to replay to; the function unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<ReplayTarget>,
    /// Say what would be done and change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Purge without a filter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// Why a request is none; the sentence says what is allowed.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRequest {
    /// It is not of the form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// One needs an id.
    #[error("show needs an id")]
    NoId,
    /// It would delete everything without saying so.
    #[error("purge needs a filter (id, function, topic, partition, offset, error_code, since, until) or \"all\": true")]
    NoFilter,
    /// It would delete everything and some.
    #[error("purge takes filters or \"all\": true, not both")]
    FilterAndAll,
    /// Only a purge is of all.
    #[error("all is for purge")]
    AllElsewhere,
    /// Only a replay goes somewhere.
    #[error("to is for replay; the filters by time are since and until")]
    ToElsewhere,
    /// Only a replay and a purge change something.
    #[error("dry_run is for replay and purge")]
    DryRunElsewhere,
    /// Nothing would be done.
    #[error("limit must be 1 or more, got 0")]
    NoLimit,
    /// More than an answer holds.
    #[error("limit of a list must be 1 to {MAX_ROWS}, got {0}")]
    LargeLimit(usize),
    /// The time ends before it begins.
    #[error("since {since} is after until {until}")]
    Period {
        /// The beginning.
        since: DateTime<Utc>,
        /// The end.
        until: DateTime<Utc>,
    },
}

impl DeadLetterRequest {
    /// A request of every dead letter, which its fields narrow.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self::with_filter(action, DeadLetterFilter::default())
    }

    /// A request of the dead letters that the filter means.
    #[must_use]
    pub fn with_filter(action: Action, filter: DeadLetterFilter) -> Self {
        // Without `..`, so that what a filter has some day is not forgotten here.
        let DeadLetterFilter {
            id,
            function,
            topic,
            partition,
            offset,
            error_code,
            since,
            until,
        } = filter;
        Self {
            action,
            id,
            function,
            topic,
            partition,
            offset,
            error_code,
            since,
            until,
            limit: None,
            to: None,
            dry_run: false,
            all: false,
        }
    }

    /// Reads a request.
    ///
    /// # Errors
    /// [`InvalidRequest`] says what is wrong and what is allowed.
    pub fn parse(text: &str) -> Result<Self, InvalidRequest> {
        let request: Self = serde_json::from_str(text)?;
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), InvalidRequest> {
        let is_filtered = self.has_filter();
        match self.action {
            Action::Show if self.id.is_none() => return Err(InvalidRequest::NoId),
            Action::Purge if !is_filtered && !self.all => return Err(InvalidRequest::NoFilter),
            Action::Purge if is_filtered && self.all => return Err(InvalidRequest::FilterAndAll),
            _ => (),
        }
        if self.all && self.action != Action::Purge {
            return Err(InvalidRequest::AllElsewhere);
        }
        if self.to.is_some() && self.action != Action::Replay {
            return Err(InvalidRequest::ToElsewhere);
        }
        if self.dry_run && !matches!(self.action, Action::Replay | Action::Purge) {
            return Err(InvalidRequest::DryRunElsewhere);
        }
        match self.limit {
            Some(0) => return Err(InvalidRequest::NoLimit),
            Some(limit) if self.action == Action::List && limit > MAX_ROWS => {
                return Err(InvalidRequest::LargeLimit(limit));
            }
            _ => (),
        }
        match (self.since, self.until) {
            (Some(since), Some(until)) if since > until => Err(InvalidRequest::Period { since, until }),
            _ => Ok(()),
        }
    }

    fn has_filter(&self) -> bool {
        self.id.is_some()
            || self.function.is_some()
            || self.error_code.is_some()
            || self.since.is_some()
            || self.until.is_some()
            || self.has_place()
    }

    /// Whether it names where records stand.
    #[must_use]
    pub const fn has_place(&self) -> bool {
        self.topic.is_some() || self.partition.is_some() || self.offset.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_properly_is_refused_with_what_is_allowed() {
        for (request, reason) in [
            (r#"{}"#, "missing field `action`"),
            (
                r#"{"action":"remove"}"#,
                "unknown variant `remove`, expected one of `list`, `show`, `replay`, `purge`",
            ),
            (
                r#"{"action":"list","fonction":"x"}"#,
                "unknown field `fonction`, expected one of `action`, `id`, `function`, `topic`",
            ),
            (r#"{"action":"show"}"#, "show needs an id"),
            (r#"{"action":"purge"}"#, "purge needs a filter"),
            (r#"{"action":"purge","limit":3}"#, "purge needs a filter"),
            (r#"{"action":"purge","all":true,"topic":"t"}"#, "not both"),
            (r#"{"action":"list","all":true}"#, "all is for purge"),
            (r#"{"action":"list","to":"topic"}"#, "to is for replay"),
            (
                r#"{"action":"replay","to":"2026-11-23T10:00:00Z"}"#,
                "expected `function` or `topic`",
            ),
            (
                r#"{"action":"show","id":"x","dry_run":true}"#,
                "dry_run is for replay and purge",
            ),
            (r#"{"action":"list","limit":0}"#, "limit must be 1 or more"),
            (r#"{"action":"list","limit":1001}"#, "1 to 1000, got 1001"),
            (
                r#"{"action":"list","since":"2026-11-23T10:00:00Z","until":"2026-11-22T10:00:00Z"}"#,
                "is after until",
            ),
        ] {
            let error = DeadLetterRequest::parse(request).unwrap_err().to_string();
            assert!(error.contains(reason), "{request}: {error}");
        }
    }

    #[test]
    fn a_request_is_written_as_it_is_read() {
        for text in [
            r#"{"action":"list"}"#,
            r#"{"action":"replay","topic":"t","partition":0,"offset":7,"since":"2026-11-23T10:00:00Z","to":"topic","dry_run":true}"#,
            r#"{"action":"purge","all":true}"#,
        ] {
            let request = DeadLetterRequest::parse(text).unwrap();
            assert_eq!(serde_json::to_string(&request).unwrap(), text);
        }
    }
}
