//! From Lambda's Kafka event to a function's answer: decode, apply, put aside what can never succeed, name what may succeed later. This module alone
//! decides these; a function says what a decoded batch does, and applying a batch twice must leave what once left.

pub mod decode;

use std::collections::BTreeSet;
use std::time::Instant;

use chrono::{DateTime, Utc};
use lambda_runtime::{Diagnostic, Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::decode::{Decoded, decode};
use crate::apply::ApplyError;
use crate::config::{ConfigError, Get};
use crate::dead_letter::{DeadLetters, RefusalCode, shortened};
use crate::error_chain::error_chain;
use crate::event::{BACKFILL, Payload, header};
use crate::metrics::{self, Metric};
use crate::record::{KafkaEvent, KafkaRecord};
use crate::time::Timestamp;
use crate::trace::{self, Trigger};

/// Largest value that is decoded. Our payloads are some 300 bytes; a `cache_invalidation` of every currency is 4 kB.
pub const MAX_VALUE_BYTES: usize = 256 * 1024;

/// The answer to a batch: what Lambda shall deliver again. Empty when everything is done.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchResponse {
    /// The records to deliver again.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<BatchItemFailure>,
    /// Why records of a replay are among the failures: they were refused again. Lambda never sees it, because it never sends a replay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
}

/// A record of a replay that was refused again.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
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
    let mut stubborn = Vec::new();
    apply_or_split(&payloads, 0, apply, &mut stubborn)
        .await
        .map_err(|error| diagnostic(P::TOPIC.name(), &error))?;
    let applied = payloads.len() - stubborn.len();
    refused.extend(
        stubborn
            .into_iter()
            .map(|(place, reason)| (places[place], RefusalCode::ValueRefused, reason)),
    );
    for (record, code, reason) in &refused {
        tracing::warn!(
            kafka.topic = &*record.topic, kafka.partition = record.partition, kafka.offset = record.offset,
            error_code = ?code, reason, "Refused a record that can never be applied"
        );
    }
    measure(&payloads, &places, (applied, refused.len(), tombstones));
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
                again(&event, &refused)
            }
        }
    };
    metrics::count(Metric::RecordsToRetry, response.failures.len());
    tracing::info!(
        kafka.topic = P::TOPIC.name(),
        records = applied,
        refused = refused.len(),
        tombstones,
        correlation_id = correlation(&places),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "{}",
        P::TOPIC.processed_message()
    );
    Ok(response)
}

/// Tells how old the oldest record was when it was applied, and how old the newest rate.
fn measure<P: Payload>(
    payloads: &[P],
    places: &[&KafkaRecord<'_>],
    (applied, refused, tombstones): (usize, usize, usize),
) {
    metrics::count(Metric::RecordsApplied, applied);
    metrics::count(Metric::RecordsRefused, refused);
    metrics::count(Metric::Tombstones, tombstones);
    let now = Utc::now();
    let since = |instant: DateTime<Utc>| (now - instant).to_std().unwrap_or_default();
    let oldest = places.iter().filter_map(|record| record.timestamp).min();
    if let Some(published) = oldest.and_then(DateTime::from_timestamp_millis) {
        metrics::time(Metric::PublishedToStored, since(published));
    }
    let instants = payloads.iter().zip(places);
    let instants = instants.filter_map(|(payload, place)| Some((payload.rate_instant()?, place)));
    // Headers are read of one record alone, because reading them costs more than the rest.
    let newest = instants.max_by_key(|(instant, _)| *instant);
    if let Some((recorded_at, place)) = newest
        && place.header(header::CE_SOURCE).as_deref() != Some(BACKFILL)
    {
        metrics::time(Metric::RecordedToStored, since(recorded_at.utc()));
    }
}

/// The correlation ids of the batch's first and last record: a batch is mostly of one run, and reading the headers of all costs more than the rest.
fn correlation(places: &[&KafkaRecord<'_>]) -> String {
    let ends = [places.first(), places.last()];
    let ids: BTreeSet<String> = ends
        .into_iter()
        .flatten()
        .filter_map(|record| record.header(header::CORRELATION_ID))
        .collect();
    ids.into_iter().collect::<Vec<_>>().join(" ")
}

/// Applies `payloads`; when the store refuses a value for good, halves the batch until the record to blame is alone, and goes on with the others.
async fn apply_or_split<P: Payload>(
    payloads: &[P],
    first: usize,
    apply: &impl AsyncFn(&[P]) -> Result<(), ApplyError>,
    stubborn: &mut Vec<(usize, String)>,
) -> Result<(), ApplyError> {
    if payloads.is_empty() {
        return Ok(());
    }
    match apply(payloads).await {
        Ok(()) => Ok(()),
        Err(error) if error.is_transient() => Err(error),
        Err(error) if payloads.len() == 1 => {
            stubborn.push((first, shortened(&error_chain(&error), 2_000)));
            Ok(())
        }
        Err(_) => {
            let (left, right) = payloads.split_at(payloads.len() / 2);
            Box::pin(apply_or_split(left, first, apply, stubborn)).await?;
            Box::pin(apply_or_split(right, first + left.len(), apply, stubborn)).await
        }
    }
}

/// The refused records of a replay, and why.
fn still_refused(refused: &[(&KafkaRecord<'_>, RefusalCode, String)]) -> BatchResponse {
    let mut response = BatchResponse::default();
    for (record, error_code, reason) in refused {
        let item = ItemIdentifier {
            partition: format!("{}-{}", &*record.topic, record.partition),
            offset: record.offset,
        };
        response.failures.push(BatchItemFailure { item: item.clone() });
        response.refusals.push(Refusal {
            item,
            error_code: *error_code,
            reason: reason.clone(),
        });
    }
    response
}

/// The refused records, and every later record of their partitions. AWS's guide reads as if only the named records came again; others resume the
/// partition at the first. Naming all of them is right under both readings, because everything here may be applied twice.
fn again(event: &KafkaEvent<'_>, refused: &[(&KafkaRecord<'_>, RefusalCode, String)]) -> BatchResponse {
    let mut failures = Vec::new();
    for (partition, records) in &event.records {
        let first = records
            .iter()
            .filter(|record| refused.iter().any(|(bad, ..)| std::ptr::eq(*bad, *record)))
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
