//! What a function's response says about its batch.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::batch_response::failed_items;
use crate::error_chain::with_causes;

/// Which records of a batch are done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BatchOutcome {
    /// All of them.
    Succeeded,
    /// All but these offsets of these partitions, and what the reading of partial batch responses adds to them.
    PartiallyFailed(BTreeMap<i32, BTreeSet<i64>>),
    /// None of them, for this reason.
    Failed(String),
}

#[derive(Deserialize)]
struct ItemIdentifier {
    partition: String,
    offset: i64,
}

/// Reads a partial batch response. `contains` tells whether the batch has that offset of that partition.
///
/// As AWS does, a response that is malformed, or names a record that was not sent, fails the whole batch: nothing it says
/// can be trusted then.
pub(super) fn outcome(payload: &[u8], topic: &str, contains: impl Fn(i32, i64) -> bool) -> BatchOutcome {
    let failures: Vec<ItemIdentifier> = match failed_items(payload) {
        Ok(items) => items,
        Err(error) => return BatchOutcome::Failed(with_causes(&error)),
    };
    let mut named: BTreeMap<i32, BTreeSet<i64>> = BTreeMap::new();
    for ItemIdentifier { partition, offset } in failures {
        let number = partition
            .strip_prefix(topic)
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|number| number.parse().ok());
        match number.filter(|number| contains(*number, offset)) {
            Some(number) => {
                named.entry(number).or_default().insert(offset);
            }
            None => {
                return BatchOutcome::Failed(format!(
                    "the answer names {partition} offset {offset}, which was not sent"
                ));
            }
        }
    }
    if named.is_empty() {
        BatchOutcome::Succeeded
    } else {
        BatchOutcome::PartiallyFailed(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(response: &str) -> BatchOutcome {
        outcome(response.as_bytes(), "rates", |partition, offset| {
            partition < 3 && (100..110).contains(&offset)
        })
    }

    #[test]
    fn nothing_named_is_success() {
        for response in [
            "",
            " ",
            "null",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
            r#"{"other":1}"#,
        ] {
            assert_eq!(parsed(response), BatchOutcome::Succeeded, "{response}");
        }
    }

    #[test]
    fn the_named_records_failed() {
        let response = r#"{"batchItemFailures":[
            {"itemIdentifier":{"partition":"rates-0","offset":105}},
            {"itemIdentifier":{"partition":"rates-0","offset":103}},
            {"itemIdentifier":{"partition":"rates-2","offset":100}}]}"#;
        assert_eq!(
            parsed(response),
            BatchOutcome::PartiallyFailed([(0, [103, 105].into()), (2, [100].into())].into())
        );
    }

    #[test]
    fn a_response_that_cannot_be_trusted_fails_the_batch() {
        for response in [
            "oops",
            "[]",
            r#""done""#,
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"rates-0","offset":"103"}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"rates-0","offset":99}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"rates-3","offset":100}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"other-0","offset":100}}]}"#,
        ] {
            assert!(matches!(parsed(response), BatchOutcome::Failed(_)), "{response}");
        }
    }
}
