//! A function's partial batch response, `{"batchItemFailures": [{"itemIdentifier": …}]}`; what identifies an item depends on where the batch came from.

use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchResponse<T> {
    batch_item_failures: Option<Vec<ItemFailure<T>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure<T> {
    item_identifier: T,
}

/// The items that an answer names as failed. An answer that says nothing names none.
///
/// # Errors
/// What the answer is instead.
pub(super) fn failed_items<T: DeserializeOwned>(payload: &[u8]) -> Result<Vec<T>, String> {
    if payload.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let response: Option<BatchResponse<T>> =
        serde_json::from_slice(payload).map_err(|error| format!("the answer is no partial batch response: {error}"))?;
    let failures = response
        .and_then(|response| response.batch_item_failures)
        .unwrap_or_default();
    Ok(failures.into_iter().map(|failure| failure.item_identifier).collect())
}
