//! For each function an event that changes nothing, and what is an answer to it.

use serde_json::{Value, json};
use shared::event::Topic;

/// What a function is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// The ingestor: whether its settings can be read. It asks no provider and publishes nothing.
    Settings,
    /// A handler: a batch without records.
    NoRecords,
    /// A read function: its health, which says which server is away, and is 503 then.
    Health(&'static str),
}

/// The services with handlers of every topic.
const SERVICES: [&str; 2] = ["currency", "history"];

impl Question {
    /// The question to the function of this name.
    pub(super) fn of(function: &str) -> Option<Self> {
        match function {
            "ingestor" => return Some(Self::Settings),
            "currency-api" => return Some(Self::Health("/health/currency")),
            "history-api" => return Some(Self::Health("/health/history")),
            "ranking-api" => return Some(Self::Health("/health/ranking")),
            _ => {}
        }
        let (service, topic) = function.split_once('-')?;
        let is_handler = |known: &Topic| known.name().replace('_', "-") == topic;
        (SERVICES.contains(&service) && Topic::ALL.iter().any(is_handler)).then_some(Self::NoRecords)
    }

    pub(super) fn event(&self) -> Value {
        match self {
            Self::Settings => json!({"check": true}),
            Self::NoRecords => json!({"eventSource": "aws:kafka", "bootstrapServers": "", "records": {}}),
            // "Working with AWS Lambda proxy integrations for HTTP APIs", payload format 2.0, API Gateway developer guide.
            Self::Health(path) => json!({
                "version": "2.0", "routeKey": format!("ANY {path}"), "rawPath": path, "rawQueryString": "",
                "headers": {"accept": "application/json", "host": "check.invalid"},
                "requestContext": {
                    "accountId": "000000000000", "apiId": "check", "domainName": "check.invalid", "domainPrefix": "check",
                    "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "operations-check"},
                    "requestId": "check", "routeKey": format!("ANY {path}"), "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0
                },
                "isBase64Encoded": false
            }),
        }
    }

    /// What it wants to hear, in words.
    pub(super) const fn wanted(&self) -> &'static str {
        match self {
            Self::Settings => "that nothing was published",
            Self::NoRecords => "that no record comes again",
            Self::Health(_) => "status 200 or 503",
        }
    }

    pub(super) fn is_answered_by(&self, payload: &[u8]) -> bool {
        let Ok(answer) = serde_json::from_slice::<Value>(payload) else {
            return false;
        };
        match self {
            Self::Settings => answer["source"].is_null() && answer["events"]["new_data_received"] == 0,
            Self::NoRecords => answer["batchItemFailures"] == json!([]),
            // A server that is away is no fault of the new version's.
            Self::Health(_) => answer["statusCode"] == 200 || answer["statusCode"] == 503,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_with_traffic_has_a_question_and_no_other_has() {
        assert_eq!(Question::of("ingestor"), Some(Question::Settings));
        assert_eq!(Question::of("history-cache-invalidation"), Some(Question::NoRecords));
        assert_eq!(Question::of("ranking-api"), Some(Question::Health("/health/ranking")));
        for other in [
            "operations-backfill",
            "ranking-cache-invalidation",
            "currency-nothing",
            "",
        ] {
            assert_eq!(Question::of(other), None, "{other}");
        }
    }

    #[test]
    fn an_answer_in_another_form_is_none() {
        assert!(Question::NoRecords.is_answered_by(br#"{"batchItemFailures":[]}"#));
        let failed = br#"{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":1}}]}"#;
        assert!(!Question::NoRecords.is_answered_by(failed));
        assert!(!Question::NoRecords.is_answered_by(b"null"));
        let health = Question::Health("/health/currency");
        assert!(health.is_answered_by(br#"{"statusCode":503,"body":"{}"}"#));
        assert!(!health.is_answered_by(br#"{"statusCode":500,"body":""}"#));
        assert!(!Question::Settings.is_answered_by(br#"{"source":"ecb","events":{"new_data_received":1}}"#));
    }
}
