//! From Lambda's Kafka event to a function's answer: decode, apply, dead-letter what can never succeed, name what may succeed later. This module alone
//! decides these; a function says what a decoded batch does, and applying a batch twice must leave what once left.

pub mod decode;
mod figures;
mod response;

use std::time::Instant;

use chrono::Utc;
use lambda_runtime::{Diagnostic, Error, LambdaEvent};
use serde_json::value::RawValue;

use self::decode::{Decoded, decode};
use self::figures::Counts;
use self::response::{retry_from_first_rejected, still_refused};
use crate::apply::ApplyError;
use crate::config::{ConfigError, Get};
use crate::dead_letter::{DeadLetters, RefusalCode, RefusedRecord, shortened};
use crate::error_chain::error_chain;
use crate::event::{Payload, header};
use crate::metrics::{self, Metric};
use crate::record::KafkaEvent;
use crate::time::Timestamp;
use crate::trace::{self, Trigger};

pub use self::response::{BatchItemFailure, BatchResponse, ItemIdentifier, RefusedItem};

/// Largest value that is decoded. Our payloads are some 300 bytes; a `cache_invalidation` of every currency is 4 kB.
pub const MAX_VALUE_BYTES: usize = 256 * 1024;

/// Serves one Lambda function: `build` makes its service, and `apply` is called with the payloads of each batch, in the order of each partition.
///
/// # Errors
/// When the configuration is incomplete or the Runtime API ends.
pub async fn run<S, P: Payload>(
    build: impl Fn(Get<'_>) -> Result<S, ConfigError>,
    apply: impl AsyncFn(&S, &[P]) -> Result<(), ApplyError>,
) -> Result<(), Error> {
    let apply = &apply;
    // The raw text is taken so that the event can be borrowed from it: a record then costs no allocation.
    crate::function::run(
        Trigger::PubSub,
        |get: Get<'_>| Ok((build(get)?, DeadLetters::read(get)?)),
        async move |(service, dead_letters): &(S, DeadLetters), event: &LambdaEvent<Box<RawValue>>| {
            let apply = async |payloads: &[P]| apply(service, payloads).await;
            handle(event.payload.get(), dead_letters, &apply).await
        },
    )
    .await
}

/// Applies one event.
///
/// A tombstone (null value) is acknowledged and counted: none of the four topics has a use for it. A record that cannot be a payload is refused: the
/// others go on, and it is sent to the dead-letter queue once they are applied.
///
/// # Errors
/// A [`Diagnostic`] with a fixed `error_type` when no record is to blame and the whole batch must come again.
pub async fn handle<P: Payload>(
    event: &str,
    dead_letters: &DeadLetters,
    apply: &impl AsyncFn(&[P]) -> Result<(), ApplyError>,
) -> Result<BatchResponse, Diagnostic> {
    let now = Timestamp::new(Utc::now()).map_err(|error| Diagnostic {
        error_type: "Clock".to_owned(),
        error_message: format!("this machine's clock is no clock: {error}"),
    })?;
    handle_at(event, now, dead_letters, apply).await
}

/// [`handle`] at `now`: what is dated later, beyond [`crate::time::HANDLER_TOLERANCE`], is refused.
///
/// # Errors
/// As [`handle`].
pub async fn handle_at<P: Payload>(
    event: &str,
    now: Timestamp,
    dead_letters: &DeadLetters,
    apply: &impl AsyncFn(&[P]) -> Result<(), ApplyError>,
) -> Result<BatchResponse, Diagnostic> {
    let started = Instant::now();
    let event: KafkaEvent<'_> = serde_json::from_str(event).map_err(|error| Diagnostic {
        error_type: "NotAKafkaEvent".to_owned(),
        error_message: format!("the event is not one of a Kafka event source mapping: {error}"),
    })?;
    let records = || event.records.values().flatten();
    let contexts = records().filter_map(|record| record.header(header::TRACEPARENT));
    trace::consumes(P::TOPIC.name(), records().count(), contexts);
    let Decoded {
        payloads,
        places,
        tombstones,
        mut refused,
    } = decode::<P>(&event, now);
    if tracing::enabled!(tracing::Level::DEBUG) {
        for record in records() {
            tracing::debug!(
                kafka.topic = &*record.topic,
                kafka.partition = record.partition,
                kafka.offset = record.offset,
                correlation_id = record.header(header::CORRELATION_ID),
                "Received Kafka message from topic: {}",
                &*record.topic
            );
        }
    }
    let mut rejected = Vec::new();
    apply_or_split(&payloads, 0, apply, &mut rejected)
        .await
        .map_err(|error| diagnostic(P::TOPIC.name(), &error))?;
    let applied = payloads.len() - rejected.len();
    refused.extend(rejected.into_iter().map(|Rejected { place, reason }| RefusedRecord {
        record: places[place],
        code: RefusalCode::ValueRefused,
        reason,
    }));
    for RefusedRecord { record, code, reason } in &refused {
        tracing::warn!(
            kafka.topic = &*record.topic, kafka.partition = record.partition, kafka.offset = record.offset,
            error_code = ?code, reason, "Refused a record that can never be applied"
        );
    }
    let counts = Counts {
        applied,
        refused: refused.len(),
        tombstones,
    };
    figures::count(&payloads, &places, counts);
    let response = if event.is_replay {
        // Each has a dead letter already, which its sender deletes when the record is applied.
        still_refused(&refused)
    } else {
        match dead_letters.send(&refused).await {
            Ok(()) => BatchResponse::default(),
            Err(error) => {
                tracing::error!(
                    error = error_chain(&error),
                    count = refused.len(),
                    "Could not send to the dead-letter queue; these records come again"
                );
                retry_from_first_rejected(&event, &refused)
            }
        }
    };
    metrics::count(Metric::RecordsToRetry, response.failures.len());
    tracing::info!(
        kafka.topic = P::TOPIC.name(),
        records = applied,
        refused = refused.len(),
        tombstones,
        correlation_id = figures::correlation_ids(&places),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "{}",
        P::TOPIC.processed_message()
    );
    Ok(response)
}

/// A payload that the store refused for good: its place in the batch, and why.
struct Rejected {
    place: usize,
    reason: String,
}

/// Applies `payloads`; when the store refuses a value for good, halves the batch until the record to blame is alone, and goes on with the others.
async fn apply_or_split<P: Payload>(
    payloads: &[P],
    first: usize,
    apply: &impl AsyncFn(&[P]) -> Result<(), ApplyError>,
    rejected: &mut Vec<Rejected>,
) -> Result<(), ApplyError> {
    if payloads.is_empty() {
        return Ok(());
    }
    match apply(payloads).await {
        Ok(()) => Ok(()),
        Err(error) if error.is_transient() => Err(error),
        Err(error) if payloads.len() == 1 => {
            rejected.push(Rejected {
                place: first,
                reason: shortened(&error_chain(&error), 2_000),
            });
            Ok(())
        }
        Err(_) => {
            let (left, right) = payloads.split_at(payloads.len() / 2);
            Box::pin(apply_or_split(left, first, apply, rejected)).await?;
            Box::pin(apply_or_split(right, first + left.len(), apply, rejected)).await
        }
    }
}

fn diagnostic(topic: &str, error: &ApplyError) -> Diagnostic {
    tracing::warn!(
        kafka.topic = topic,
        error = error_chain(error),
        "Could not apply a batch; it comes again"
    );
    Diagnostic {
        error_type: error.error_type().to_owned(),
        error_message: error_chain(error),
    }
}

#[cfg(test)]
mod tests;
