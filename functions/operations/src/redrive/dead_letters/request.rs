//! What the desk can be asked. Strict: what it does not know it refuses, because a misspelt filter would purge everything.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::kafka::reader::Span;

use super::{DeskError, ROWS};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// All letters that match, newest first.
    List,
    /// Everything of one letter.
    Show,
    /// Sends letters again and deletes those that are done.
    Replay,
    /// Deletes letters.
    Purge,
}

/// Where letters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// To the function that refused the record, and to no other.
    #[default]
    Function,
    /// To the record's topic, so that every service has it once more.
    Topic,
}

/// A request. What is given of `id` to `until` must all hold of a letter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskRequest {
    /// What to do.
    pub action: Action,
    /// A letter's id, as the list has it.
    pub id: Option<String>,
    /// The function that refused the record.
    pub function: Option<String>,
    /// The record's topic.
    pub topic: Option<String>,
    /// Its partition.
    pub partition: Option<i32>,
    /// Its offset.
    pub offset: Option<i64>,
    /// The refusal's code, or the condition of an on-failure record.
    pub error_code: Option<String>,
    /// Refused then or later.
    pub since: Option<DateTime<Utc>>,
    /// Refused then or before.
    pub until: Option<DateTime<Utc>>,
    /// At most so many: of a list the newest, else the oldest.
    pub limit: Option<usize>,
    /// Where to replay to; the function unless said.
    pub to: Option<Target>,
    /// Say what would be done and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Purge without a filter.
    #[serde(default)]
    pub all: bool,
}

/// What filters look at.
pub(super) struct Facts<'a> {
    pub(super) id: &'a str,
    pub(super) function: Option<&'a str>,
    pub(super) error_code: Option<&'a str>,
    pub(super) refused_at: Option<DateTime<Utc>>,
    pub(super) spans: &'a [Span],
}

impl DeskRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`DeskError::Request`] says what is wrong and what is allowed.
    pub fn parse(text: &str) -> Result<Self, DeskError> {
        let request: Self = serde_json::from_str(text).map_err(|error| DeskError::Request(error.to_string()))?;
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), DeskError> {
        let refused = |reason: &str| Err(DeskError::Request(reason.to_owned()));
        let is_filtered = self.has_filter();
        match self.action {
            Action::Show if self.id.is_none() => return refused("show needs an id"),
            Action::Purge if !is_filtered && !self.all => {
                return refused(
                    "purge needs a filter (id, function, topic, partition, offset, error_code, since, until) or \"all\": true",
                );
            }
            Action::Purge if is_filtered && self.all => {
                return refused("purge takes filters or \"all\": true, not both");
            }
            _ => (),
        }
        if self.all && self.action != Action::Purge {
            return refused("all is for purge");
        }
        if self.to.is_some() && self.action != Action::Replay {
            return refused("to is for replay; the filters by time are since and until");
        }
        if self.dry_run && !matches!(self.action, Action::Replay | Action::Purge) {
            return refused("dry_run is for replay and purge");
        }
        match self.limit {
            Some(0) => return refused("limit must be 1 or more, got 0"),
            Some(limit) if self.action == Action::List && limit > ROWS => {
                return refused(&format!("limit of a list must be 1 to {ROWS}, got {limit}"));
            }
            _ => (),
        }
        match (self.since, self.until) {
            (Some(since), Some(until)) if since > until => refused(&format!("since {since} is after until {until}")),
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

    fn has_place(&self) -> bool {
        self.topic.is_some() || self.partition.is_some() || self.offset.is_some()
    }

    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        let is = |wanted: &Option<String>, given: Option<&str>| wanted.is_none() || wanted.as_deref() == given;
        let covers = |span: &Span| {
            is(&self.topic, Some(&span.topic))
                && self.partition.is_none_or(|partition| partition == span.partition)
                && self
                    .offset
                    .is_none_or(|offset| (span.first..=span.last).contains(&offset))
        };
        is(&self.id, Some(facts.id))
            && is(&self.function, facts.function)
            && is(&self.error_code, facts.error_code)
            && self
                .since
                .is_none_or(|since| facts.refused_at.is_some_and(|at| at >= since))
            && self
                .until
                .is_none_or(|until| facts.refused_at.is_some_and(|at| at <= until))
            && (!self.has_place() || facts.spans.iter().any(covers))
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
            let error = DeskRequest::parse(request).unwrap_err().to_string();
            assert!(error.contains(reason), "{request}: {error}");
        }
    }

    #[test]
    fn a_filter_by_place_wants_all_of_it_in_one_partition() {
        let spans = [(0, 10, 19), (1, 30, 39)].map(|(partition, first, last)| Span {
            topic: "t".to_owned(),
            partition,
            first,
            last,
        });
        let facts = Facts {
            id: "x",
            function: Some("f"),
            error_code: Some("RetriesExhausted"),
            refused_at: None,
            spans: &spans,
        };
        for (filter, is_match) in [
            ("", true),
            (r#","offset":30"#, true),
            (
                r#","offset":30,"partition":1,"topic":"t","function":"f","error_code":"RetriesExhausted""#,
                true,
            ),
            (r#","offset":30,"partition":0"#, false),
            (r#","offset":20"#, false),
            (r#","topic":"u""#, false),
            (r#","since":"1970-01-01T00:00:00Z""#, false),
        ] {
            let request = DeskRequest::parse(&format!(r#"{{"action":"list"{filter}}}"#)).unwrap();
            assert_eq!(request.matches(&facts), is_match, "{filter}");
        }
    }
}
