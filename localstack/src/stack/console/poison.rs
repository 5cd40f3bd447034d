//! Poison records: one that can never be applied, and one that can after History's table is mended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use krafka::error::KrafkaError;
use krafka::producer::Record;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::run::{Done, RunAnswer, RunRequest, ingest, to_the_end};
use super::{Console, Refusal};
use crate::feed::Feed;
use crate::stack::interface::Parts;

/// The topic of rates, and a key of it.
const TOPIC: &str = "exchange_rate_updated";
const KEY: &str = "USD";
/// A rate that no parser of ours lets pass.
const UNREADABLE: &str = r#"{"currency_code":"USD","deal_base_rate":-1}"#;
/// How long Kafka may take to acknowledge it.
const LIMIT: Duration = Duration::from_secs(5);
/// How long handlers may take to store what was published.
const STORED_LIMIT: Duration = Duration::from_secs(10);

/// Which poison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PoisonKind {
    /// A rate of -1, which both services refuse, now and always.
    Unreadable,
    /// The newest rate of USD, published again while History's table refuses just that: it can be applied after the table is mended.
    RefusedByStore,
}

/// Which poison to send.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct PoisonRequest {
    /// Its kind.
    kind: PoisonKind,
}

/// Where the poison stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PoisonAnswer {
    /// The topic.
    topic: String,
    /// The partition; null when it went with a run.
    partition: Option<i32>,
    /// The offset; null when it went with a run.
    offset: Option<i64>,
    /// The run that it went with, if it did.
    correlation_id: Option<String>,
}

/// Sends a poison record
#[utoipa::path(
    post, path = "/pipeline/poison", tag = "Tell", operation_id = "poison", request_body = PoisonRequest,
    responses((status = 200, description = "Where it stands", body = PoisonAnswer), (status = "4XX", description = "Not from here", body = Refusal), (status = 503, description = "It could not be sent", body = Refusal))
)]
pub(super) async fn poison(
    State(console): State<Console>,
    Body(request): Body<PoisonRequest>,
) -> Result<Json<PoisonAnswer>, Refusal> {
    let parts = &*console.parts;
    match request.kind {
        PoisonKind::Unreadable => {
            let sent = tokio::time::timeout(LIMIT, send_unreadable(parts)).await;
            let (partition, offset) = match sent {
                Ok(Ok(place)) => place,
                Ok(Err(error)) => return Err(Refusal::unavailable(format!("kafka did not take it: {error}"))),
                Err(_) => {
                    return Err(Refusal::unavailable(format!(
                        "kafka did not take it in {} s",
                        LIMIT.as_secs()
                    )));
                }
            };
            Ok(Json(PoisonAnswer {
                topic: TOPIC.to_owned(),
                partition: Some(partition),
                offset: Some(offset),
                correlation_id: None,
            }))
        }
        PoisonKind::RefusedByStore => {
            let parts = Arc::clone(&console.parts);
            let run = to_the_end(async move { parts.refused_by_store().await }).await?;
            Ok(Json(PoisonAnswer {
                topic: TOPIC.to_owned(),
                partition: None,
                offset: None,
                correlation_id: Some(run.correlation_id),
            }))
        }
    }
}

async fn send_unreadable(parts: &Parts) -> Result<(i32, i64), KrafkaError> {
    let producer = parts.kafka.producer().delivery_timeout(LIMIT).max_block(LIMIT);
    let producer = producer.metrics_push(false);
    let producer = producer.build().await?;
    let sent = producer.send(Record::new(TOPIC, UNREADABLE).key(KEY)).await?;
    producer.close().await?;
    Ok((sent.partition, sent.offset))
}

impl Parts {
    /// Has the newest rate of USD come again while History's table refuses just that. The feed stands meanwhile, so that it is the same rate.
    async fn refused_by_store(&self) -> Result<RunAnswer, Refusal> {
        let _held = self.feed.as_ref().map(Feed::hold);
        ingest(self, &RunRequest::of(false)).await?;
        self.until_stored().await?;
        let is_broken = self.table.break_it().await;
        let is_broken = is_broken.map_err(|error| Refusal::unavailable(format!("the table is as it was: {error}")))?;
        if !is_broken {
            return Err(Refusal::unavailable(
                "there is no rate of USD yet that could be refused",
            ));
        }
        let run = ingest(self, &RunRequest::of(true)).await;
        if run.is_err()
            && let Err(error) = self.table.mend().await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "History's table still refuses a rate"
            );
        }
        run
    }

    /// Until every rate that was published is handled.
    async fn until_stored(&self) -> Result<(), Refusal> {
        let began = Instant::now();
        while began.elapsed() < STORED_LIMIT {
            let emulator = self.emulator().await.ok_or_else(Refusal::stopping)?;
            let status = emulator.status_within(LIMIT, Duration::ZERO).await;
            let mut of_rates = status.mappings.iter().filter(|mapping| mapping.topic == TOPIC);
            if of_rates.all(|mapping| mapping.lag == Some(0)) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let error = format!(
            "rates are still waiting after {} s, so nothing was done",
            STORED_LIMIT.as_secs()
        );
        Err(Refusal::unavailable(error))
    }
}

/// Takes the fault out of History's table
#[utoipa::path(
    post, path = "/pipeline/mend", tag = "Tell", operation_id = "mend",
    responses((status = 200, description = "It takes every rate again", body = Done), (status = "4XX", description = "Not from here", body = Refusal), (status = 503, description = "PostgreSQL is away", body = Refusal))
)]
pub(super) async fn mend(State(console): State<Console>) -> Result<Json<Done>, Refusal> {
    let mended = console.parts.table.mend().await;
    mended.map_err(|error| Refusal::unavailable(format!("the table is as it was: {error}")))?;
    Ok(Json(Done {}))
}
