//! What the filters of a request look at.

use chrono::{DateTime, Utc};
use shared::dead_letter::DeadLetterRequest;
use shared::kafka::reader::OffsetRange;

/// What is known of an entry of the queue without its record.
pub(super) struct Facts<'a> {
    pub(super) id: &'a str,
    pub(super) function: Option<&'a str>,
    pub(super) error_code: Option<&'a str>,
    pub(super) refused_at: Option<DateTime<Utc>>,
    pub(super) ranges: &'a [OffsetRange],
}

impl Facts<'_> {
    /// Whether all that the request gives holds.
    pub(super) fn match_request(&self, request: &DeadLetterRequest) -> bool {
        let is = |wanted: &Option<String>, given: Option<&str>| wanted.is_none() || wanted.as_deref() == given;
        let covers = |range: &OffsetRange| {
            is(&request.topic, Some(&range.topic))
                && request.partition.is_none_or(|partition| partition == range.partition)
                && request
                    .offset
                    .is_none_or(|offset| (range.first..=range.last).contains(&offset))
        };
        is(&request.id, Some(self.id))
            && is(&request.function, self.function)
            && is(&request.error_code, self.error_code)
            && request
                .since
                .is_none_or(|since| self.refused_at.is_some_and(|at| at >= since))
            && request
                .until
                .is_none_or(|until| self.refused_at.is_some_and(|at| at <= until))
            && (!request.has_place() || self.ranges.iter().any(covers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_by_place_wants_all_of_it_in_one_partition() {
        let ranges = [(0, 10, 19), (1, 30, 39)].map(|(partition, first, last)| OffsetRange {
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
            ranges: &ranges,
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
            let request = DeadLetterRequest::parse(&format!(r#"{{"action":"list"{filter}}}"#)).unwrap();
            assert_eq!(facts.match_request(&request), is_match, "{filter}");
        }
    }
}
