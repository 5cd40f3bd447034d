//! What a run's summary says in figures.

use shared::metrics::{Metric, count, value};
use shared::schedule::is_stale;

use crate::clock::Clock;
use crate::summary::{Outcome, Summary};

/// Counts what a run did, and passes it on.
pub(crate) fn record(summary: Summary, clock: &Clock) -> Summary {
    let events = &summary.events;
    count(
        Metric::EventsPublished,
        events.new_data_received
            + events.exchange_rate_updated
            + events.cache_invalidation
            + events.data_processing_completed,
    );
    count(Metric::RatesPublished, events.exchange_rate_updated);
    count(Metric::EventsBackedUp, summary.backed_up);
    count(Metric::RatesHeldBack, summary.held_back.len());
    let has_failed = |outcome: Outcome| outcome == Outcome::Failed;
    let failures = summary.providers.iter().filter(|report| has_failed(report.outcome));
    count(Metric::ProviderFailures, failures.count());
    // A provider that is not due has nothing newer, by its own word.
    let stale = summary.source.zip(summary.recorded_at);
    let stale = stale.is_some_and(|(source, recorded_at)| is_stale(source.as_str(), recorded_at, clock.now()));
    value(Metric::RatesStale, if stale { 1.0 } else { 0.0 });
    summary
}
