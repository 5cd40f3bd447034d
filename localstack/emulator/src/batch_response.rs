//! A function's partial batch response, `{"batchItemFailures": [{"itemIdentifier": …}]}`; what identifies an item depends on where the batch came from.

use clap::ValueEnum;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a partial batch response means for the records that it does not name.
///
/// AWS's page says that only the named records are tried again; some who use it found that a partition goes on from the first
/// named one. A function that names its first failure and every later record of that partition is right under both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum PartialResponse {
    /// They are done, also those behind a named one.
    #[default]
    OnlyNamed,
    /// Those before the first named one of their partition are done; the others are tried again with it.
    FromFirstNamed,
}

/// A reading of partial batch responses that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("reading of partial batch responses is {0:?}, allowed: only-named, from-first-named")]
pub struct UnknownPartialResponse(String);

impl std::str::FromStr for PartialResponse {
    type Err = UnknownPartialResponse;

    /// `only-named` or `from-first-named`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        <Self as ValueEnum>::from_str(text, false).map_err(|_| UnknownPartialResponse(text.to_owned()))
    }
}

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

/// A response that says nothing about its batch which could be trusted.
#[derive(Debug, thiserror::Error)]
#[error("the answer is no partial batch response")]
pub(crate) struct MalformedResponse(#[source] serde_json::Error);

/// The items that a response names as failed. An empty response names none.
///
/// # Errors
/// [`MalformedResponse`] when it is anything else.
pub(crate) fn failed_items<T: DeserializeOwned>(payload: &[u8]) -> Result<Vec<T>, MalformedResponse> {
    if payload.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let response: Option<BatchResponse<T>> = serde_json::from_slice(payload).map_err(MalformedResponse)?;
    let failures = response
        .and_then(|response| response.batch_item_failures)
        .unwrap_or_default();
    Ok(failures.into_iter().map(|failure| failure.item_identifier).collect())
}
