//! Publishes a span of the ECB's history as `exchange_rate_updated` events. Repeating a span changes nothing: an event's `updated_at` is its
//! `recorded_at`, so it is the same event each time, and one that the ingestor published since stands before it.
//!
//! While Kafka is away, the part that is under way goes to the backup queue, and the span stops there: the queue is for what must not be lost, and the history
//! can be published again at any time. Resuming goes on behind that part.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::config::{ConfigError, Get, KafkaConfig, optional, var};
use shared::ecb;
use shared::event::{ExchangeRateUpdated, Run};
use shared::publish::{BackupQueue, PublishError, Publisher};
use shared::time::TimeError;

use crate::ecb_history::{HistoryDay, HistoryError, read};

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
    /// How long it took, with reading the file.
    pub duration_ms: u64,
}

/// Why a span is not published.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
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

/// The backfill, with its file kept for warm invocations.
pub struct Backfill {
    url: String,
    publisher: Publisher,
    days: tokio::sync::OnceCell<Vec<HistoryDay>>,
}

impl Backfill {
    /// As `ECB_HISTORY_URL`, `BACKUP_QUEUE_URL` and the `KAFKA_*` variables say.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            url: optional(get, var::ECB_HISTORY_URL).unwrap_or_else(|| DEFAULT_URL.to_owned()),
            publisher: Publisher::with_backup(KafkaConfig::read(get)?, BackupQueue::read(get)?),
            days: tokio::sync::OnceCell::new(),
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
        let days = self.days.get_or_try_init(|| self.fetch()).await?;
        let within = |day: &&HistoryDay| {
            request.from.is_none_or(|from| from <= day.day) && request.to.is_none_or(|to| day.day <= to)
        };
        let span: Vec<&HistoryDay> = days.iter().filter(within).collect();
        let run = Run::new("/hwanyul/operations-backfill").within(shared::trace::current());
        let mut report = BackfillReport {
            from: span.first().map(|day| day.day),
            to: span.last().map(|day| day.day),
            published_through: None,
            done: false,
            events: 0,
            backed_up: 0,
            days: 0,
            days_left: span.len(),
            duration_ms: 0,
        };
        for chunk in span.chunks(CHUNK_DAYS) {
            if started.elapsed() + RESERVE > time_left && report.days > 0 {
                break;
            }
            let mut events = Vec::new();
            for day in chunk {
                let recorded_at = ecb::recorded_at(day.day)?;
                for (code, rate) in &day.rates {
                    let payload = ExchangeRateUpdated {
                        currency_code: *code,
                        currency_name: code.currency().korean.to_owned(),
                        deal_base_rate: *rate,
                        tts: None,
                        ttb: None,
                        source: ecb::SOURCE.to_owned(),
                        recorded_at,
                        updated_at: recorded_at,
                    };
                    events.push(run.event(&payload, recorded_at)?);
                }
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

    async fn fetch(&self) -> Result<Vec<HistoryDay>, BackfillError> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build()?;
        let zip = client.get(&self.url).send().await?.error_for_status()?.bytes().await?;
        Ok(read(&zip)?)
    }
}
