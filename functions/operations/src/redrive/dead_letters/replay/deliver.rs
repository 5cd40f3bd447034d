//! Handing records to a function, and reading what it answers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use shared::batch::{BatchResponse, ItemIdentifier};
use shared::dead_letter::{RefusalCode, shortened};
use shared::record::{ConsumerRecord, replay_event};
use tokio::time::Instant;

use crate::lambda::{ALIAS, Invoked, Lambda, LambdaError};

/// What Lambda takes.
const EVENT_BYTES: usize = 6 * 1024 * 1024;
/// Characters of an answer that are repeated.
const QUOTED: usize = 1_000;
/// The errors of our functions that no record is to blame for (`shared::apply::ApplyError::error_type`).
const UNAVAILABLE: [&str; 2] = ["StoreUnavailable", "CacheUnavailable"];

/// Why a function does not count a record as applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Rejection {
    /// It said why.
    #[error("refused again: {}: {reason}", .code.name())]
    Refused { code: RefusalCode, reason: String },
    /// It did not say why.
    #[error("the function names it as failed")]
    Failed,
    /// A function that only names failures may have stopped at the first of a partition.
    #[error("the function names an earlier record of the partition as failed")]
    BehindFailed,
}

/// Why no record counts as applied of those that were handed over together.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeliveryError {
    /// They are too large together.
    #[error("the event has {0} bytes and Lambda takes {EVENT_BYTES}; replay it to the topic")]
    TooLarge(usize),
    /// They are no JSON.
    #[error("cannot write the event")]
    Event(#[source] serde_json::Error),
    /// The function was not called.
    #[error(transparent)]
    Call(#[from] LambdaError),
    /// The function failed because its stores are away.
    #[error("{0}")]
    StoresAway(String),
    /// The function failed, for a reason that one of them may be to blame for.
    #[error("{0}")]
    Function(String),
    /// The function's answer is none.
    #[error("the function's answer is no batch response")]
    Response(#[source] serde_json::Error),
    /// The function's answer is about something else.
    #[error("the function names {} offset {}, which was not sent", .0.partition, .0.offset)]
    NotSent(ItemIdentifier),
}

impl DeliveryError {
    /// Whether no other record would be applied now either: the function or its stores are away.
    pub(super) const fn is_unavailable(&self) -> bool {
        match self {
            Self::Call(_) | Self::StoresAway(_) => true,
            Self::TooLarge(_) | Self::Event(_) | Self::Function(_) | Self::Response(_) | Self::NotSent(_) => false,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionError {
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error_message: String,
}

/// Hands `records` to a function, which answers for each, in their order: applied, or why not. With `is_replay` a function of ours answers what it refuses;
/// without, it dead-letters that.
///
/// # Errors
/// [`DeliveryError`] when none counts as applied.
pub(super) async fn deliver(
    lambda: &Lambda,
    function: &str,
    records: &[&ConsumerRecord],
    is_replay: bool,
    deadline: Instant,
) -> Result<Vec<Result<(), Rejection>>, DeliveryError> {
    let event = replay_event(records, is_replay).map_err(DeliveryError::Event)?;
    if event.len() > EVENT_BYTES {
        return Err(DeliveryError::TooLarge(event.len()));
    }
    let limit = deadline.saturating_duration_since(Instant::now());
    let invoked = lambda.invoke(function, ALIAS, event, limit).await?;
    if invoked.is_error {
        Err(function_failed(&invoked))
    } else {
        read_response(&invoked.payload, records)
    }
}

fn function_failed(invoked: &Invoked) -> DeliveryError {
    match serde_json::from_slice::<FunctionError>(&invoked.payload) {
        Ok(error) => {
            let why = shortened(&format!("{}: {}", error.error_type, error.error_message), QUOTED);
            if UNAVAILABLE.contains(&error.error_type.as_str()) {
                DeliveryError::StoresAway(why)
            } else {
                DeliveryError::Function(why)
            }
        }
        Err(_) => DeliveryError::Function(shortened(&String::from_utf8_lossy(&invoked.payload), QUOTED)),
    }
}

fn read_response(payload: &[u8], records: &[&ConsumerRecord]) -> Result<Vec<Result<(), Rejection>>, DeliveryError> {
    // Lambda counts null and nothing as success, too.
    let response: BatchResponse = match payload.trim_ascii() {
        b"" | b"null" | b"{}" => BatchResponse::default(),
        text => serde_json::from_slice(text).map_err(DeliveryError::Response)?,
    };
    let place = |record: &ConsumerRecord| ItemIdentifier {
        partition: record.topic_partition(),
        offset: record.offset,
    };
    let sent: BTreeSet<ItemIdentifier> = records.iter().map(|record| place(record)).collect();
    let named: BTreeSet<ItemIdentifier> = response.failures.into_iter().map(|failure| failure.item).collect();
    if let Some(foreign) = named.iter().find(|item| !sent.contains(item)) {
        return Err(DeliveryError::NotSent(foreign.clone()));
    }
    let refused: BTreeMap<ItemIdentifier, Rejection> = response
        .refusals
        .into_iter()
        .map(|refusal| {
            let (code, reason) = (refusal.error_code, refusal.reason);
            (refusal.item, Rejection::Refused { code, reason })
        })
        .collect();
    let is_exact = named.iter().all(|item| refused.contains_key(item));
    let result = |record: &&ConsumerRecord| {
        let place = place(record);
        if let Some(rejection) = refused.get(&place) {
            return Err(rejection.clone());
        }
        let is_behind = |item: &ItemIdentifier| item.partition == place.partition && item.offset < place.offset;
        if named.contains(&place) {
            Err(Rejection::Failed)
        } else if !is_exact && named.iter().any(is_behind) {
            Err(Rejection::BehindFailed)
        } else {
            Ok(())
        }
    };
    Ok(records.iter().map(result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64) -> ConsumerRecord {
        ConsumerRecord {
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
        let records: Vec<&ConsumerRecord> = records.iter().collect();
        let applied = |answer: &str| match read_response(answer.as_bytes(), &records) {
            Ok(results) => results.iter().map(Result::is_ok).collect::<Vec<_>>(),
            Err(error) => panic!("{error}"),
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
        let error = read_response(foreign.as_bytes(), &records).unwrap_err();
        assert!(matches!(error, DeliveryError::NotSent(_)));
        let error = read_response(b"\"done\"", &records).unwrap_err();
        assert!(matches!(error, DeliveryError::Response(_)));
    }
}
