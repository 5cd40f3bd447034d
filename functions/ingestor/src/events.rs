//! The events of a run, and the order in which they are acknowledged.

use shared::event::{
    CacheInvalidation, CacheKey, DataProcessingCompleted, Event, ExchangeRateUpdated, NewDataReceived, Run, Topic,
};
use shared::publish::{Place, Publisher, Sent};
use shared::time::Timestamp;

use crate::clock::Clock;
use crate::error::IngestError;
use crate::provider::{Quote, Quotes};
use crate::summary::EventCounts;

/// CloudEvents `source` of everything the ingestor publishes.
pub(crate) const PUBLISHER: &str = "/hwanyul/ingestor";

/// What a run published, all of it acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    /// By Kafka or by the backup queue.
    pub events: EventCounts,
    /// Those of them that wait in the backup queue.
    pub backed_up: usize,
    /// Why they do.
    pub away: Option<String>,
}

/// Publishes a run, dated `version`: that data came, each of the `fresh` rates and the caches they outdate; then, when Kafka or the backup queue has acknowledged all that,
/// that the run is over.
///
/// # Errors
/// [`IngestError::Publish`] when neither has acknowledged an event; the run is not over then, and may be published again as a whole.
pub(crate) async fn publish(
    publisher: &Publisher,
    run: &Run,
    quotes: &Quotes,
    fresh: &[Quote],
    (collected_at, collected_in_ms): (Timestamp, u64),
    version: Timestamp,
    clock: &Clock,
) -> Result<Published, IngestError> {
    let mut publishing = publisher.run();
    let source = quotes.provider.as_str();
    let now = version;
    let received = NewDataReceived {
        source: source.to_owned(),
        data_count: count(quotes.rates.len()),
        collection_time: collected_at,
        processing_time_ms: collected_in_ms,
        correlation_id: run.correlation_id,
    };
    let mut events = vec![run.event(&received, now)?];
    for quote in fresh {
        events.push(run.event(&updated(source, quote, quotes.recorded_at, now), now)?);
    }
    if !fresh.is_empty() {
        let outdated = CacheInvalidation {
            cache_keys: fresh.iter().map(|quote| CacheKey::One(quote.code)).collect(),
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
    Ok(Published {
        events: EventCounts {
            data_processing_completed: 1,
            ..counts
        },
        backed_up: sent.in_backup() + last_sent.in_backup(),
        away: last_sent.away,
    })
}

fn updated(source: &str, quote: &Quote, recorded_at: Timestamp, updated_at: Timestamp) -> ExchangeRateUpdated {
    ExchangeRateUpdated {
        currency_code: quote.code,
        currency_name: quote.code.currency().korean.to_owned(),
        deal_base_rate: quote.deal_base_rate,
        tts: quote.tts,
        ttb: quote.ttb,
        source: source.to_owned(),
        recorded_at,
        updated_at,
    }
}

/// One line for each topic with its count and how many of it wait in the backup queue, one for each event at debug.
fn log_sent(run: &Run, source: &str, events: &[Event], sent: &Sent) -> EventCounts {
    for (event, place) in events.iter().zip(&sent.places) {
        tracing::debug!(
            kafka.topic = %event.topic, kafka.key = event.key, ce_id = %event.id, is_backed_up = *place == Place::Backup,
            correlation_id = %run.correlation_id,
            "{}", event.topic.sent_message()
        );
    }
    let sent = |topic: Topic| {
        let of_topic = events
            .iter()
            .zip(&sent.places)
            .filter(|(event, _)| event.topic == topic);
        let count = of_topic.clone().count();
        let backed_up = of_topic.filter(|(_, place)| **place == Place::Backup).count();
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
