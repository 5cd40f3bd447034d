//! What a function tells CloudWatch about its work: figures in the embedded metric format, one line of JSON on standard output after each invocation.
//! Every metric is named here and has one dimension, `Function`.
//!
//! Format: Amazon CloudWatch User Guide, "Specification: Embedded metric format".

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::Unit;
use metrics_cloudwatch_embedded::{Builder, Collector};

use crate::config::{environment, var};
use crate::error_chain::error_chain;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Hwanyul";
/// The dimension of all metrics: the function's name.
pub const DIMENSION: &str = "Function";

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// The first invocation of an instance.
    ColdStarts,
    /// How long an invocation took, without the runtime around it.
    HandlerTime,
    /// Invocations that failed as a whole.
    Failures,
    /// Records whose effects are stored.
    RecordsApplied,
    /// Records that were dead-lettered.
    RecordsRefused,
    /// Records without a value, which are acknowledged.
    Tombstones,
    /// Records that Lambda is asked to deliver again.
    RecordsToRetry,
    /// From a record's timestamp in Kafka until its effects are stored: the oldest of a batch.
    PublishedToStored,
    /// From the instant that a rate is of until it is stored and cached: the newest of a batch, unless it was backfilled.
    RecordedToStored,
    /// Answers about rates that caches gave.
    CacheHits,
    /// Answers about rates that a store had to give, in part or as a whole.
    CacheMisses,
    /// Answers with status 500 and above.
    ServerErrors,
    /// Events that Kafka or the backup queue has acknowledged.
    EventsPublished,
    /// Those of them that are rates; a run without new ones still publishes that it was.
    RatesPublished,
    /// Events that wait in the backup queue.
    EventsBackedUp,
    /// Providers that were asked and gave no rates.
    ProviderFailures,
    /// Currencies of which something is held back when a run ends, because it moved further than allowed; one for a whole document.
    RatesHeldBack,
    /// 1 when the newest rates of a run are older than their source's schedule allows, else 0.
    RatesStale,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::ColdStarts,
        Self::HandlerTime,
        Self::Failures,
        Self::RecordsApplied,
        Self::RecordsRefused,
        Self::Tombstones,
        Self::RecordsToRetry,
        Self::PublishedToStored,
        Self::RecordedToStored,
        Self::CacheHits,
        Self::CacheMisses,
        Self::ServerErrors,
        Self::EventsPublished,
        Self::RatesPublished,
        Self::EventsBackedUp,
        Self::ProviderFailures,
        Self::RatesHeldBack,
        Self::RatesStale,
    ];

    /// Its name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ColdStarts => "ColdStarts",
            Self::HandlerTime => "HandlerTime",
            Self::Failures => "Failures",
            Self::RecordsApplied => "RecordsApplied",
            Self::RecordsRefused => "RecordsRefused",
            Self::Tombstones => "Tombstones",
            Self::RecordsToRetry => "RecordsToRetry",
            Self::PublishedToStored => "PublishedToStored",
            Self::RecordedToStored => "RecordedToStored",
            Self::CacheHits => "CacheHits",
            Self::CacheMisses => "CacheMisses",
            Self::ServerErrors => "ServerErrors",
            Self::EventsPublished => "EventsPublished",
            Self::RatesPublished => "RatesPublished",
            Self::EventsBackedUp => "EventsBackedUp",
            Self::ProviderFailures => "ProviderFailures",
            Self::RatesHeldBack => "RatesHeldBack",
            Self::RatesStale => "RatesStale",
        }
    }

    const fn unit(self) -> Unit {
        match self {
            Self::HandlerTime | Self::PublishedToStored | Self::RecordedToStored => Unit::Milliseconds,
            _ => Unit::Count,
        }
    }
}

/// Adds to a count; nothing is said of what stays zero.
pub fn count(metric: Metric, by: usize) {
    metrics::counter!(metric.name()).increment(u64::try_from(by).unwrap_or(u64::MAX));
}

/// One value of a metric that is no count.
pub fn value(metric: Metric, value: f64) {
    metrics::histogram!(metric.name()).record(value);
}

/// One duration.
pub fn time(metric: Metric, duration: Duration) {
    value(metric, duration.as_secs_f64() * 1000.0);
}

/// Begins to gather, when this process is a Lambda function; otherwise nothing is counted.
fn collector() -> Option<&'static Collector> {
    static COLLECTOR: OnceLock<Option<&'static Collector>> = OnceLock::new();
    *COLLECTOR.get_or_init(|| {
        let function = environment(var::FUNCTION_NAME)?;
        let builder = Builder::new()
            .cloudwatch_namespace(NAMESPACE)
            .with_dimension(DIMENSION, function);
        let collector = builder
            .init()
            .inspect_err(|error| tracing::warn!(error = error.to_string(), "Nothing is counted"))
            .ok()?;
        for metric in Metric::ALL {
            match metric {
                Metric::HandlerTime | Metric::PublishedToStored | Metric::RecordedToStored | Metric::RatesStale => {
                    metrics::describe_histogram!(metric.name(), metric.unit(), "")
                }
                _ => metrics::describe_counter!(metric.name(), metric.unit(), ""),
            }
        }
        Some(collector)
    })
}

/// Before an invocation.
pub(crate) fn begin(request_id: &str) {
    static IS_WARM: AtomicBool = AtomicBool::new(false);
    let Some(collector) = collector() else { return };
    collector.set_property("RequestId", request_id.to_owned());
    if !IS_WARM.swap(true, Ordering::Relaxed) {
        count(Metric::ColdStarts, 1);
    }
}

/// After an invocation: all that was gathered goes to standard output.
pub(crate) fn end(took: Duration, is_failed: bool) {
    let Some(collector) = collector() else { return };
    time(Metric::HandlerTime, took);
    count(Metric::Failures, usize::from(is_failed));
    // Written at once, so that no line of the log comes between.
    let mut document = Vec::new();
    let written = collector
        .flush(&mut document)
        .and_then(|()| std::io::stdout().write_all(&document));
    if let Err(error) = written {
        tracing::warn!(error = error_chain(&error), "The metrics could not be written");
    }
}
