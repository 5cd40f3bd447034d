//! What a function's answer says about its batch.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::batch_response::failed_items;

/// Which records of a batch are done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of them.
    Done,
    /// All but these offsets of these partitions, and what the reading of the answer adds to them.
    Named(BTreeMap<i32, BTreeSet<i64>>),
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
/// As AWS does, an answer that is malformed, or names a record that was not sent, fails the whole batch: nothing it says
/// can be trusted then.
pub(super) fn read(payload: &[u8], topic: &str, contains: impl Fn(i32, i64) -> bool) -> Verdict {
    let failures: Vec<ItemIdentifier> = match failed_items(payload) {
        Ok(items) => items,
        Err(reason) => return Verdict::Failed(reason),
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
                return Verdict::Failed(format!(
                    "the answer names {partition} offset {offset}, which was not sent"
                ));
            }
        }
    }
    if named.is_empty() {
        Verdict::Done
    } else {
        Verdict::Named(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(answer: &str) -> Verdict {
        read(answer.as_bytes(), "rates", |partition, offset| {
            partition < 3 && (100..110).contains(&offset)
        })
    }

    #[test]
    fn nothing_named_is_success() {
        for answer in [
            "",
            " ",
            "null",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
            r#"{"other":1}"#,
        ] {
            assert_eq!(verdict(answer), Verdict::Done, "{answer}");
        }
    }

    #[test]
    fn the_named_records_failed() {
        let answer = r#"{"batchItemFailures":[
            {"itemIdentifier":{"partition":"rates-0","offset":105}},
            {"itemIdentifier":{"partition":"rates-0","offset":103}},
            {"itemIdentifier":{"partition":"rates-2","offset":100}}]}"#;
        assert_eq!(
            verdict(answer),
            Verdict::Named([(0, [103, 105].into()), (2, [100].into())].into())
        );
    }

    #[test]
    fn an_answer_that_cannot_be_trusted_fails_the_batch() {
        for answer in [
            "oops",
            "[]",
            r#""done""#,
            r#"{"batchItemFailures":[{}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"rates-0","offset":"103"}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"rates-0","offset":99}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"rates-3","offset":100}}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"other-0","offset":100}}]}"#,
        ] {
            assert!(matches!(verdict(answer), Verdict::Failed(_)), "{answer}");
        }
    }
}
