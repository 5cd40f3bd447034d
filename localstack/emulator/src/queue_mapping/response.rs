//! What a function's response says about its messages.

use std::collections::BTreeSet;

use crate::batch_response::failed_items;
use crate::error_chain::with_causes;

/// Which messages of a batch are done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MessageOutcome {
    /// All but these; none when it is empty.
    DoneExcept(BTreeSet<String>),
    /// None of them, for this reason.
    Failed(String),
}

/// Reads a partial batch response. `contains` tells whether the batch has that message.
///
/// As AWS does, a response that is malformed, or names a message that was not sent, fails the whole batch.
pub(super) fn outcome(payload: &[u8], contains: impl Fn(&str) -> bool) -> MessageOutcome {
    let named: BTreeSet<String> = match failed_items(payload) {
        Ok(items) => items.into_iter().collect(),
        Err(error) => return MessageOutcome::Failed(with_causes(&error)),
    };
    match named.iter().find(|id| !contains(id)) {
        Some(id) => MessageOutcome::Failed(format!("the answer names message {id:?}, which was not sent")),
        None => MessageOutcome::DoneExcept(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(response: &str) -> MessageOutcome {
        outcome(response.as_bytes(), |id| ["a", "b"].contains(&id))
    }

    #[test]
    fn nothing_named_is_success() {
        for response in [
            "",
            "null",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
        ] {
            assert_eq!(
                parsed(response),
                MessageOutcome::DoneExcept(BTreeSet::new()),
                "{response}"
            );
        }
    }

    #[test]
    fn the_named_are_not_done() {
        let response = r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}"#;
        assert_eq!(parsed(response), MessageOutcome::DoneExcept(["b".to_owned()].into()));
    }

    #[test]
    fn a_response_that_cannot_be_trusted_fails_the_batch() {
        for response in [
            "oops",
            "[]",
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"a-0","offset":1}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}"#,
        ] {
            assert!(matches!(parsed(response), MessageOutcome::Failed(_)), "{response}");
        }
    }
}
