//! Which dead letters a request is about, whatever is wanted of them.

use chrono::{DateTime, Utc};

/// Which dead letters: those of which everything holds that is given, and all of them where nothing is.
///
/// The command's flags and the console's JSON become this. A [`DeadLetterRequest`](super::DeadLetterRequest) has the same as fields of its own: it refuses
/// unknown fields and names those it knows, which serde does not support beside a flattened struct ("Struct flattening", serde's manual).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeadLetterFilter {
    /// A dead letter's id, as the list has it.
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letter::{Action, DeadLetterRequest};

    #[test]
    fn a_filter_is_written_as_fields_of_its_request() {
        let filter = DeadLetterFilter {
            id: Some("i".to_owned()),
            function: Some("f".to_owned()),
            topic: Some("t".to_owned()),
            partition: Some(0),
            offset: Some(7),
            error_code: Some("e".to_owned()),
            since: "2026-11-23T10:00:00Z".parse().ok(),
            until: "2026-11-24T10:00:00Z".parse().ok(),
        };
        let request = DeadLetterRequest::with_filter(Action::List, filter);
        let text = r#"{"action":"list","id":"i","function":"f","topic":"t","partition":0,"offset":7,"error_code":"e","since":"2026-11-23T10:00:00Z","until":"2026-11-24T10:00:00Z"}"#;
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        assert_eq!(DeadLetterRequest::parse(text).unwrap(), request);
    }
}
