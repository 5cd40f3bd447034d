//! The events of a run, and the order in which they are acknowledged.

use std::collections::BTreeSet;

use shared::currency::CurrencyCode;
use shared::event::{
    CacheInvalidation, CacheKey, DataProcessingCompleted, Event, ExchangeRateUpdated, NewDataReceived, Run, Topic,
};
use shared::publish::{Destination, Publisher, Sent};
use shared::time::Timestamp;

use crate::clock::Clock;
use crate::error::IngestError;
use crate::observation::Update;
use crate::provider::key::ProviderKey;
use crate::summary::EventCounts;

/// CloudEvents `source` of everything the ingestor publishes.
pub(crate) const PUBLISHER: &str = "/hwanyul/ingestor";

/// What a run published, all of it acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct PublishReport {
    /// By Kafka or by the backup queue.
    pub events: EventCounts,
    /// Those of them that wait in the backup queue.
    pub backed_up: usize,
    /// Why they do.
    pub away: Option<String>,
}

/// When rates had come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Collected {
    pub at: Timestamp,
    /// Milliseconds since the run began.
    pub in_ms: u64,
}

/// What a run has to publish.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    /// Whose rates.
    pub provider: ProviderKey,
    /// How many rates came.
    pub data_count: usize,
    /// When they had come.
    pub collected: Collected,
    /// Those to be published, in the order of their time.
    pub fresh: Vec<Update>,
}

/// Publishes a run, dated `version`: that data came, each of the fresh rates and the caches they outdate; then, when Kafka or the backup queue has acknowledged all that,
/// that the run is over.
///
/// # Errors
/// [`IngestError::Publish`] when neither has acknowledged an event; the run is not over then, and may be published again as a whole.
pub(crate) async fn publish(
    publisher: &Publisher,
    run: &Run,
    batch: &Batch,
    version: Timestamp,
    clock: &Clock,
) -> Result<PublishReport, IngestError> {
    let mut publishing = publisher.run();
    let source = batch.provider.as_str();
    let (now, fresh) = (version, &batch.fresh);
    let received = NewDataReceived {
        source: source.to_owned(),
        data_count: count(batch.data_count),
        collection_time: batch.collected.at,
        processing_time_ms: batch.collected.in_ms,
        correlation_id: run.correlation_id,
    };
    let mut events = vec![run.event(&received, now)?];
    for update in fresh {
        events.push(run.event(&updated(batch.provider, update, now), now)?);
    }
    if !fresh.is_empty() {
        // Several days of one currency outdate one entry.
        let mut seen = BTreeSet::new();
        let codes = fresh.iter().map(|update| update.quote.code);
        let outdated = CacheInvalidation {
            cache_keys: codes.filter(|code| seen.insert(*code)).map(CacheKey::One).collect(),
            invalidation_type: "rate_update".to_owned(),
            invalidated_at: now,
            source: source.to_owned(),
        };
        events.push(run.event(&outdated, now)?);
    }
    let sent = publishing.publish(&events).await?;
    let counts = log_sent(run, source, &events, &sent);

    let completed_at = clock.timestamp()?.max(version.next());
    let completed = DataProcessingCompleted {
        source: source.to_owned(),
        total_processed: count(fresh.len()),
        processing_time_ms: clock.elapsed_ms(),
        completed_at,
        correlation_id: run.correlation_id,
    };
    let last = [run.event(&completed, completed_at)?];
    let last_sent = publishing.publish(&last).await?;
    log_sent(run, source, &last, &last_sent);
    Ok(PublishReport {
        events: EventCounts {
            data_processing_completed: 1,
            ..counts
        },
        backed_up: sent.in_backup() + last_sent.in_backup(),
        away: last_sent.away,
    })
}

fn updated(provider: ProviderKey, update: &Update, version: Timestamp) -> ExchangeRateUpdated {
    let quote = &update.quote;
    // Against the won the rate itself is what the provider printed, and its inverse is a number of ours.
    let is_printed = provider.source().quotes_against != CurrencyCode::KRW;
    ExchangeRateUpdated {
        currency_code: quote.code,
        currency_name: quote.code.currency().korean.to_owned(),
        deal_base_rate: quote.deal_base_rate,
        tts: quote.tts,
        ttb: quote.ttb,
        quotation: is_printed.then_some(quote.quotation),
        source: provider.as_str().to_owned(),
        recorded_at: update.recorded_at,
        updated_at: update.held_since.unwrap_or(version),
    }
}

/// One line for each topic with its count and how many of it wait in the backup queue, one for each event at debug.
fn log_sent(run: &Run, source: &str, events: &[Event], sent: &Sent) -> EventCounts {
    for (event, destination) in events.iter().zip(&sent.destinations) {
        tracing::debug!(
            kafka.topic = %event.topic, kafka.key = event.key, ce_id = %event.id, is_backed_up = *destination == Destination::Backup,
            correlation_id = %run.correlation_id,
            "{}", event.topic.sent_message()
        );
    }
    let sent = |topic: Topic| {
        let of_topic = events
            .iter()
            .zip(&sent.destinations)
            .filter(|(event, _)| event.topic == topic);
        let count = of_topic.clone().count();
        let backed_up = of_topic
            .filter(|(_, destination)| **destination == Destination::Backup)
            .count();
        if count > 0 {
            tracing::info!(
                kafka.topic = %topic, count, backed_up, provider.key = source, correlation_id = %run.correlation_id,
                "{}", topic.sent_message()
            );
        }
        count
    };
    EventCounts {
        new_data_received: sent(Topic::NewDataReceived),
        exchange_rate_updated: sent(Topic::ExchangeRateUpdated),
        cache_invalidation: sent(Topic::CacheInvalidation),
        data_processing_completed: sent(Topic::DataProcessingCompleted),
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
