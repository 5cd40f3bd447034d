//! What a function's answer says about its messages.

use std::collections::BTreeSet;

use crate::batch_response::failed_items;

/// Which messages of a batch are done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All but these; none when it is empty.
    DoneExcept(BTreeSet<String>),
    /// None of them, for this reason.
    Failed(String),
}

/// Reads a partial batch response. `contains` tells whether the batch has that message.
///
/// As AWS does, an answer that is malformed, or names a message that was not sent, fails the whole batch.
pub(super) fn read(payload: &[u8], contains: impl Fn(&str) -> bool) -> Verdict {
    let named: BTreeSet<String> = match failed_items(payload) {
        Ok(items) => items.into_iter().collect(),
        Err(reason) => return Verdict::Failed(reason),
    };
    match named.iter().find(|id| !contains(id)) {
        Some(id) => Verdict::Failed(format!("the answer names message {id:?}, which was not sent")),
        None => Verdict::DoneExcept(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(answer: &str) -> Verdict {
        read(answer.as_bytes(), |id| ["a", "b"].contains(&id))
    }

    #[test]
    fn nothing_named_is_success() {
        for answer in [
            "",
            "null",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
        ] {
            assert_eq!(verdict(answer), Verdict::DoneExcept(BTreeSet::new()), "{answer}");
        }
    }

    #[test]
    fn the_named_are_not_done() {
        let answer = r#"{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}"#;
        assert_eq!(verdict(answer), Verdict::DoneExcept(["b".to_owned()].into()));
    }

    #[test]
    fn an_answer_that_cannot_be_trusted_fails_the_batch() {
        for answer in [
            "oops",
            "[]",
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"a-0","offset":1}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}"#,
        ] {
            assert!(matches!(verdict(answer), Verdict::Failed(_)), "{answer}");
        }
    }
}
