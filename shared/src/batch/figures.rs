//! What a batch leaves behind for those who watch: its figures, and the ids of the runs that its records come from.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::event::{BACKFILL, Payload, header};
use crate::metrics::{self, Metric};
use crate::record::KafkaRecord;

/// What became of a batch's records.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    pub(super) applied: usize,
    pub(super) refused: usize,
    pub(super) tombstones: usize,
}

/// Tells how old the oldest record was when it was applied, and how old the newest rate.
pub(super) fn count<P: Payload>(payloads: &[P], places: &[&KafkaRecord<'_>], counts: Counts) {
    metrics::count(Metric::RecordsApplied, counts.applied);
    metrics::count(Metric::RecordsRefused, counts.refused);
    metrics::count(Metric::Tombstones, counts.tombstones);
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
pub(super) fn correlation_ids(places: &[&KafkaRecord<'_>]) -> String {
    let ends = [places.first(), places.last()];
    let ids: BTreeSet<String> = ends
        .into_iter()
        .flatten()
        .filter_map(|record| record.header(header::CORRELATION_ID))
        .collect();
    ids.into_iter().collect::<Vec<_>>().join(" ")
}
