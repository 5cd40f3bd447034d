//! Publishes a span of the ECB's history as `exchange_rate_updated` events.
//!
//! An event's `updated_at` is when the file was last modified, as its server says, but not before its `recorded_at`. So repeating a file changes nothing,
//! because its events are the same each time; a corrected file is a later one, and stands before what it corrects, whether lower or higher, and before
//! what the ingestor published earlier of that day; and what the ingestor publishes afterwards stands before it. A server that does not date the
//! file leaves `recorded_at`: such events only fill gaps, and the answer says so.
//!
//! While Kafka is away, the part that is under way goes to the backup queue, and the span stops there: the queue is for what must not be lost, and the history
//! can be published again at any time. Resuming goes on behind that part.

mod error;
mod file;
mod report;
mod request;

use std::time::{Duration, Instant};

use chrono::Utc;
use shared::config::{ConfigError, Get, KafkaConfig, optional, var};
use shared::ecb;
use shared::event::{BACKFILL, Event, ExchangeRateUpdated, Run};
use shared::publish::{BackupQueue, Publisher};
use shared::time::{TimeError, Timestamp};

pub use self::error::BackfillError;
pub use self::report::{BackfillReport, DatedBy};
pub use self::request::BackfillRequest;

use self::file::Source;
use crate::ecb_history::{HistoryDay, Omissions};

const DEFAULT_URL: &str = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip";
/// Days acknowledged together: some 3,000 events, which keeps both ends of the pipe busy and a repetition short.
const CHUNK_DAYS: usize = 100;
/// The time kept for the last chunk's acknowledgements before the function's deadline: Kafka's 10 s, then some 300 calls to the backup queue.
const RESERVE: Duration = Duration::from_secs(40);

/// The backfill. What it read of the file is kept while the file stays the same.
pub struct Backfill {
    source: Source,
    publisher: Publisher,
}

impl Backfill {
    /// As `ECB_HISTORY_URL`, `BACKUP_QUEUE_URL` and the `KAFKA_*` variables say.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        let url = optional(get, var::ECB_HISTORY_URL).unwrap_or_else(|| DEFAULT_URL.to_owned());
        Ok(Self {
            source: Source::new(url),
            publisher: Publisher::with_backup(KafkaConfig::read(get)?, BackupQueue::read(get)?),
        })
    }

    /// Publishes the span, oldest day first, until it is done, Kafka is away or `time_left` runs short.
    ///
    /// # Errors
    /// [`BackfillError`]; what was acknowledged before it may be published again.
    pub async fn run(&self, request: &BackfillRequest, time_left: Duration) -> Result<BackfillReport, BackfillError> {
        let started = Instant::now();
        request.check()?;
        let file = self.source.file().await?;
        let now = Timestamp::new(Utc::now())?;
        let (days, left_out) = without_future_days(&file.history.days, &file.history.left_out, now)?;
        let wanted: Vec<&HistoryDay> = days.iter().filter(|day| request.wants(day.day)).collect();
        let run = Run::new(BACKFILL).within(shared::trace::current());
        let mut report = BackfillReport::before(&wanted, file.last_modified, left_out);
        for chunk in wanted.chunks(CHUNK_DAYS) {
            if started.elapsed() + RESERVE > time_left && report.days > 0 {
                break;
            }
            let mut events = Vec::new();
            for day in chunk {
                events.extend(self::events(day, file.last_modified, &run)?);
            }
            let sent = self.publisher.publish(&events).await?;
            report.events += events.len();
            report.backed_up += sent.in_backup();
            report.days += chunk.len();
            report.days_left -= chunk.len();
            report.published_through = chunk.last().map(|day| day.day);
            tracing::debug!(
                events = report.events,
                days_left = report.days_left,
                "Published a part of the history"
            );
            if report.backed_up > 0 && report.days_left > 0 {
                tracing::warn!(
                    correlation_id = %run.correlation_id, backed_up = report.backed_up, days_left = report.days_left,
                    "Stopped publishing the history, because Kafka is away"
                );
                break;
            }
        }
        report.done = report.days_left == 0;
        report.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            correlation_id = %run.correlation_id, events = report.events, backed_up = report.backed_up, days = report.days, days_left = report.days_left,
            duration_ms = report.duration_ms, "Published the ECB's history"
        );
        Ok(report)
    }
}

/// The days that have come at `now`, and what is left out with those that have not: every handler would refuse their events.
fn without_future_days<'a>(
    days: &'a [HistoryDay],
    left_out: &Omissions,
    now: Timestamp,
) -> Result<(&'a [HistoryDay], Omissions), TimeError> {
    let mut left_out = left_out.clone();
    // Oldest first, so what has not come is at the end.
    let mut until = days.len();
    for day in days.iter().rev() {
        if ecb::recorded_at(day.day)?.must_have_come("recorded_at", now).is_ok() {
            break;
        }
        until -= 1;
        left_out.add(
            0,
            Some(day.day),
            "Date",
            &day.day.to_string(),
            "a day that has not come yet",
        );
    }
    Ok((&days[..until], left_out))
}

/// The events of one day, of a file that was last modified then.
fn events(day: &HistoryDay, last_modified: Option<Timestamp>, run: &Run) -> Result<Vec<Event>, BackfillError> {
    let recorded_at = ecb::recorded_at(day.day)?;
    let updated_at = last_modified.unwrap_or(recorded_at).max(recorded_at);
    let mut events = Vec::with_capacity(day.rates.len());
    for (code, rate) in &day.rates {
        let payload = ExchangeRateUpdated {
            currency_code: *code,
            currency_name: code.currency().korean.to_owned(),
            deal_base_rate: rate.krw,
            tts: None,
            ttb: None,
            quotation: rate.quotation,
            source: ecb::SOURCE.to_owned(),
            recorded_at,
            updated_at,
        };
        events.push(run.event(&payload, updated_at)?);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecb_history::read_csv;

    #[test]
    fn events_are_dated_by_the_file_but_not_before_their_own_instant() {
        let history = read_csv(b"Date,USD,KRW\n2026-10-30,1.1172,1491.76\n").unwrap();
        let dated = |last_modified: Option<&str>| {
            let last_modified = last_modified.map(|text| text.parse().unwrap());
            let events = events(&history.days[0], last_modified, &Run::new(BACKFILL)).unwrap();
            let payloads = events
                .iter()
                .map(|event| serde_json::from_slice(&event.payload).unwrap());
            let payloads: Vec<ExchangeRateUpdated> = payloads.collect();
            assert_eq!(payloads[1].recorded_at.to_string(), "2026-10-30T13:15:00Z");
            let quotations: Vec<Option<String>> = payloads
                .iter()
                .map(|payload| payload.quotation.map(|quotation| quotation.to_string()))
                .collect();
            assert_eq!(quotations, [Some("1".to_owned()), Some("1.1172".to_owned())]);
            assert_eq!(payloads[0].updated_at, payloads[1].updated_at);
            payloads[1].updated_at.to_string()
        };
        assert_eq!(dated(Some("2026-10-30T15:05:07Z")), "2026-10-30T15:05:07Z");
        assert_eq!(dated(Some("2026-10-29T15:05:07Z")), "2026-10-30T13:15:00Z");
        assert_eq!(dated(None), "2026-10-30T13:15:00Z");
    }

    #[test]
    fn a_day_that_has_not_come_is_left_out_by_name() {
        let history = read_csv(b"Date,USD,KRW\n2026-11-02,1,1\n2026-10-30,1,1\n2026-10-29,1,1\n").unwrap();
        let at = |now: &str| {
            let (days, left_out) = without_future_days(&history.days, &history.left_out, now.parse().unwrap()).unwrap();
            let named = left_out
                .named
                .iter()
                .filter_map(|omission| omission.day)
                .map(|day| day.to_string());
            (days.len(), named.collect::<Vec<_>>())
        };
        assert_eq!(at("2026-11-02T13:15:00Z"), (3, vec![]));
        assert_eq!(at("2026-10-30T10:15:00Z"), (2, vec!["2026-11-02".to_owned()]));
        assert_eq!(at("2026-10-30T10:14:59Z").0, 1);
    }
}
