//! Handing records to a function, and understanding what it answers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use shared::batch::{BatchResponse, ItemIdentifier};
use shared::dead_letter::shortened;
use shared::error_chain::error_chain;
use shared::record::{WholeRecord, replay_event};
use tokio::time::Instant;

use crate::lambda::{ALIAS, Invoked, Lambda};

/// What Lambda takes.
const EVENT_BYTES: usize = 6 * 1024 * 1024;
/// Characters of an answer that are repeated.
const TOLD: usize = 1_000;

/// What became of records that were handed over together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The function answered for each, in their order: applied, or why not.
    Each(Vec<Result<(), String>>),
    /// None is applied, and none would be now: the function or its stores are away.
    Away(String),
    /// None counts as applied, for a reason that one of them may be to blame for.
    Failed(String),
}

/// The errors of our functions that no record is to blame for (`shared::apply::ApplyError::error_type`).
const AWAY: [&str; 2] = ["StoreUnavailable", "CacheUnavailable"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionError {
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error_message: String,
}

/// Hands `records` to a function, and tells what it answered. With `is_replay` a function of ours answers what it refuses; without, it puts that aside.
pub(super) async fn deliver(
    lambda: &Lambda,
    function: &str,
    records: &[&WholeRecord],
    is_replay: bool,
    deadline: Instant,
) -> Delivery {
    let event = match replay_event(records, is_replay) {
        Ok(event) if event.len() <= EVENT_BYTES => event,
        Ok(event) => {
            return Delivery::Failed(format!(
                "the event has {} bytes and Lambda takes {EVENT_BYTES}; replay it to the topic",
                event.len()
            ));
        }
        Err(error) => return Delivery::Failed(format!("cannot write the event: {error}")),
    };
    let limit = deadline.saturating_duration_since(Instant::now());
    match lambda.invoke(function, ALIAS, event, limit).await {
        Ok(invoked) if invoked.is_error => function_failed(&invoked),
        Ok(invoked) => understand(&invoked.payload, records),
        Err(error) => Delivery::Away(error_chain(&error)),
    }
}

fn function_failed(invoked: &Invoked) -> Delivery {
    match serde_json::from_slice::<FunctionError>(&invoked.payload) {
        Ok(error) => {
            let why = shortened(&format!("{}: {}", error.error_type, error.error_message), TOLD);
            if AWAY.contains(&error.error_type.as_str()) {
                Delivery::Away(why)
            } else {
                Delivery::Failed(why)
            }
        }
        Err(_) => Delivery::Failed(shortened(&String::from_utf8_lossy(&invoked.payload), TOLD)),
    }
}

fn understand(payload: &[u8], records: &[&WholeRecord]) -> Delivery {
    // Lambda counts null and nothing as success, too.
    let text = payload.trim_ascii();
    let response: BatchResponse = match text {
        b"" | b"null" | b"{}" => BatchResponse::default(),
        text => match serde_json::from_slice(text) {
            Ok(response) => response,
            Err(error) => return Delivery::Failed(format!("the function's answer is no batch response: {error}")),
        },
    };
    let place = |record: &WholeRecord| ItemIdentifier {
        partition: record.topic_partition(),
        offset: record.offset,
    };
    let sent: BTreeSet<ItemIdentifier> = records.iter().map(|record| place(record)).collect();
    let named: BTreeSet<ItemIdentifier> = response.failures.into_iter().map(|failure| failure.item).collect();
    if let Some(foreign) = named.iter().find(|item| !sent.contains(item)) {
        return Delivery::Failed(format!(
            "the function names {} offset {}, which was not sent",
            foreign.partition, foreign.offset
        ));
    }
    let reasons: BTreeMap<ItemIdentifier, String> = response
        .refusals
        .into_iter()
        .map(|refusal| {
            let why = format!("refused again: {}: {}", refusal.error_code.name(), refusal.reason);
            (refusal.item, why)
        })
        .collect();
    // A function that only names failures may have stopped at the first of a partition, so what follows it does not count as applied.
    let is_exact = named.iter().all(|item| reasons.contains_key(item));
    let outcome = |record: &&WholeRecord| {
        let place = place(record);
        if let Some(why) = reasons.get(&place) {
            return Err(why.clone());
        }
        let is_behind = |item: &ItemIdentifier| item.partition == place.partition && item.offset < place.offset;
        if named.contains(&place) {
            Err("the function names it as failed".to_owned())
        } else if !is_exact && named.iter().any(is_behind) {
            Err("the function names an earlier record of the partition as failed".to_owned())
        } else {
            Ok(())
        }
    };
    Delivery::Each(records.iter().map(outcome).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64) -> WholeRecord {
        WholeRecord {
            topic: "t".to_owned(),
            partition: 0,
            offset,
            timestamp: None,
            key: None,
            headers: Vec::new(),
            unread_headers: None,
            value: None,
        }
    }

    fn failure(offset: i64) -> String {
        format!(r#"{{"itemIdentifier":{{"partition":"t-0","offset":{offset}}}}}"#)
    }

    #[test]
    fn an_answer_says_for_each_record_whether_it_is_applied() {
        let records = [record(1), record(2), record(3)];
        let records: Vec<&WholeRecord> = records.iter().collect();
        let applied = |answer: &str| match understand(answer.as_bytes(), &records) {
            Delivery::Each(outcomes) => outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        for success in ["", " null ", "{}", r#"{"batchItemFailures":[]}"#] {
            assert_eq!(applied(success), [true; 3], "{success}");
        }
        // Only the failed one is named, by a function that may have stopped there.
        let named = format!(r#"{{"batchItemFailures":[{}]}}"#, failure(2));
        assert_eq!(applied(&named), [true, false, false]);
        let refused = r#""refusals":[{"partition":"t-0","offset":2,"error_code":"NOT_JSON","reason":"no"}]"#;
        let exact = format!(r#"{{"batchItemFailures":[{}],{refused}}}"#, failure(2));
        assert_eq!(applied(&exact), [true, false, true]);
        let foreign = format!(r#"{{"batchItemFailures":[{}]}}"#, failure(9));
        assert!(matches!(understand(foreign.as_bytes(), &records), Delivery::Failed(_)));
        assert!(matches!(understand(b"\"done\"", &records), Delivery::Failed(_)));
    }
}
