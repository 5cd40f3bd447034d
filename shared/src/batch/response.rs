//! The answer to a batch: which records Lambda shall deliver again.

use serde::{Deserialize, Serialize};

use crate::dead_letter::{RefusalCode, RefusedRecord};
use crate::record::KafkaEvent;

/// The answer to a batch: what Lambda shall deliver again. Empty when everything is done.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchResponse {
    /// The records to deliver again.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<BatchItemFailure>,
    /// Why records of a replay are among the failures: they were refused again. Lambda never sees it, because it never sends a replay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<RefusedItem>,
}

/// A record of a replay that was refused again.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedItem {
    /// Where it stands.
    #[serde(flatten)]
    pub item: ItemIdentifier,
    /// Why.
    pub error_code: RefusalCode,
    /// Why, in a sentence.
    pub reason: String,
}

/// One record to deliver again.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchItemFailure {
    /// Where it stands.
    #[serde(rename = "itemIdentifier")]
    pub item: ItemIdentifier,
}

/// Where a record stands, as the event's `records` names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemIdentifier {
    /// `topic-partition`.
    pub partition: String,
    /// Offset in it.
    pub offset: i64,
}

/// The refused records of a replay, and why.
pub(super) fn still_refused(refused: &[RefusedRecord<'_>]) -> BatchResponse {
    let mut response = BatchResponse::default();
    for RefusedRecord { record, code, reason } in refused {
        let item = ItemIdentifier {
            partition: format!("{}-{}", &*record.topic, record.partition),
            offset: record.offset,
        };
        response.failures.push(BatchItemFailure { item: item.clone() });
        response.refusals.push(RefusedItem {
            item,
            error_code: *code,
            reason: reason.clone(),
        });
    }
    response
}

/// The refused records, and every later record of their partitions. AWS's guide reads as if only the named records came again; others resume the
/// partition at the first. Naming all of them is right under both readings, because everything here may be applied twice.
pub(super) fn retry_from_first_rejected(event: &KafkaEvent<'_>, refused: &[RefusedRecord<'_>]) -> BatchResponse {
    let mut failures = Vec::new();
    for (partition, records) in &event.records {
        let first = records
            .iter()
            .filter(|record| refused.iter().any(|refused| std::ptr::eq(refused.record, *record)))
            .map(|record| record.offset)
            .min();
        let Some(first) = first else { continue };
        let mut offsets: Vec<i64> = records
            .iter()
            .map(|record| record.offset)
            .filter(|offset| *offset >= first)
            .collect();
        offsets.sort_unstable();
        failures.extend(offsets.into_iter().map(|offset| BatchItemFailure {
            item: ItemIdentifier {
                partition: partition.to_string(),
                offset,
            },
        }));
    }
    BatchResponse {
        failures,
        refusals: Vec::new(),
    }
}
