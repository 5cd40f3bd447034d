//! Publishes a span of the ECB's history as `exchange_rate_updated` events.
//!
//! An event's `updated_at` is when the file was last modified, as its server says, but not before its `recorded_at`. So repeating a file changes nothing,
//! because its events are the same each time; a corrected file is a later one, and stands before what it corrects, whether lower or higher, and before
//! what the ingestor published earlier of that day; and what the ingestor publishes afterwards stands before it. A server that does not date the
//! file leaves `recorded_at`: such events only fill gaps, and the answer says so.
//!
//! While Kafka is away, the part that is under way goes to the backup queue, and the span stops there: the queue is for what must not be lost, and the history
//! can be published again at any time. Resuming goes on behind that part.

mod file;

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use shared::config::{ConfigError, Get, KafkaConfig, optional, var};
use shared::ecb;
use shared::event::{BACKFILL, Event, ExchangeRateUpdated, Run};
use shared::publish::{BackupQueue, PublishError, Publisher};
use shared::time::{TimeError, Timestamp};

use self::file::Source;
use crate::ecb_history::{HistoryDay, HistoryError, LeftOut, Omission};
use crate::failure::{Classified, Kind};

const DEFAULT_URL: &str = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip";
/// Days acknowledged together: some 3,000 events, which keeps both ends of the pipe busy and a repetition short.
const CHUNK_DAYS: usize = 100;
/// The time kept for the last chunk's acknowledgements before the function's deadline: Kafka's 10 s, then some 300 calls to the backup queue.
const RESERVE: Duration = Duration::from_secs(40);

/// What to publish; all of it unless told otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackfillRequest {
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// What the events' `updated_at` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatedBy {
    /// When the file was last modified.
    LastModified,
    /// Their `recorded_at`, because the file's server does not say when it was modified. They fill gaps and correct nothing.
    RecordedAt,
}

/// What is published.
#[derive(Debug, Serialize)]
pub struct BackfillReport {
    /// First day of the file in the span.
    pub from: Option<NaiveDate>,
    /// Last day of the file in the span.
    pub to: Option<NaiveDate>,
    /// Every event up to the end of this day is acknowledged, by Kafka or by the backup queue; resume with the day after it.
    pub published_through: Option<NaiveDate>,
    /// Whether that is the whole span.
    pub done: bool,
    /// Acknowledged events.
    pub events: usize,
    /// Those of them that wait in the backup queue, because Kafka did not acknowledge them in time. The span stops at the first part that has any.
    pub backed_up: usize,
    /// Days they are of.
    pub days: usize,
    /// Days of the span that are not published yet.
    pub days_left: usize,
    /// What the events are dated by.
    pub dated_by: DatedBy,
    /// When the file was last modified, if its server says so. Another one than in the answer before means another file: days that are published may be
    /// corrected in it, so begin again.
    pub last_modified: Option<Timestamp>,
    /// How many columns, lines and cells of the whole file were left out, because they cannot be read.
    pub left_out_count: usize,
    /// The first hundred of them.
    pub left_out: Vec<Omission>,
    /// How long it took, with reading the file.
    pub duration_ms: u64,
}

/// Why a span is not published.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The input is no request.
    #[error("input must be {{\"from\": \"1999-01-04\", \"to\": \"2026-10-30\"}}, both optional: {0}")]
    Input(String),
    /// The span ends before it begins.
    #[error("from {from} is after to {to}")]
    Span {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// The history could not be fetched.
    #[error("cannot fetch the history")]
    Fetch(#[from] reqwest::Error),
    /// The file's date has not come yet.
    #[error("the history was last modified at {}, which has not come yet: allowed is at most {}", shown(.modified), shown(.limit))]
    Future {
        /// What its server says.
        modified: DateTime<Utc>,
        /// The latest that is allowed.
        limit: DateTime<Utc>,
    },
    /// The history is not one.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Neither Kafka nor the backup queue acknowledged.
    #[error("cannot publish")]
    Publish(#[from] PublishError),
    /// A day before 1970.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A payload that is no JSON.
    #[error("cannot write an event")]
    Json(#[from] serde_json::Error),
}

impl Classified for BackfillError {
    fn kind(&self) -> Kind {
        match self {
            Self::Input(_) => Kind::BackfillInput,
            Self::Span { .. } => Kind::BackfillSpan,
            Self::Fetch(_) => Kind::BackfillFetch,
            Self::Future { .. } => Kind::BackfillFuture,
            Self::History(_) => Kind::BackfillHistory,
            Self::Publish(_) => Kind::BackfillPublish,
            Self::Time(_) => Kind::BackfillTime,
            Self::Json(_) => Kind::BackfillPayload,
        }
    }
}

impl BackfillRequest {
    /// Reads a function's input; null is all of the history, as `{}` is.
    ///
    /// # Errors
    /// [`BackfillError::Input`] says what is allowed.
    pub fn parse(input: &str) -> Result<Self, BackfillError> {
        let request: Option<Self> =
            serde_json::from_str(input).map_err(|error| BackfillError::Input(error.to_string()))?;
        Ok(request.unwrap_or_default())
    }
}

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
        if let (Some(from), Some(to)) = (request.from, request.to)
            && from > to
        {
            return Err(BackfillError::Span { from, to });
        }
        let file = self.source.file().await?;
        let (days, left_out) = come(&file.history.days, &file.history.left_out, Timestamp::new(Utc::now())?)?;
        let within = |day: &&HistoryDay| {
            request.from.is_none_or(|from| from <= day.day) && request.to.is_none_or(|to| day.day <= to)
        };
        let span: Vec<&HistoryDay> = days.iter().filter(within).collect();
        let run = Run::new(BACKFILL).within(shared::trace::current());
        let mut report = BackfillReport {
            from: span.first().map(|day| day.day),
            to: span.last().map(|day| day.day),
            published_through: None,
            done: false,
            events: 0,
            backed_up: 0,
            days: 0,
            days_left: span.len(),
            dated_by: file
                .last_modified
                .map_or(DatedBy::RecordedAt, |_| DatedBy::LastModified),
            last_modified: file.last_modified,
            left_out_count: left_out.count,
            left_out: left_out.named,
            duration_ms: 0,
        };
        for chunk in span.chunks(CHUNK_DAYS) {
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
fn come<'a>(
    days: &'a [HistoryDay],
    left_out: &LeftOut,
    now: Timestamp,
) -> Result<(&'a [HistoryDay], LeftOut), TimeError> {
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

fn shown(instant: &DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
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
            let (days, left_out) = come(&history.days, &history.left_out, now.parse().unwrap()).unwrap();
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
