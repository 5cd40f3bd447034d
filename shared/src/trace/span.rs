//! The spans below an invocation: what it asks of others. Each is a client's or a producer's, and says whom it asked for what, never with which values.

use std::collections::BTreeMap;

use tracing::{Instrument as _, Span, field};

use super::{TARGET, is_on};

/// The conventions' word for an error that has no name of its own.
const UNNAMED: &str = "_OTHER";

/// Does `work` within `span`, which ends with it and says so when it fails.
///
/// # Errors
/// Those of `work`.
pub async fn in_span<T, E>(span: Span, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let outcome = work.instrument(span.clone()).await;
    if outcome.is_err() {
        failed(&span, UNNAMED);
    }
    outcome
}

/// Says that what `span` stands for failed, by a name for the kind of error.
pub fn failed(span: &Span, error_type: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", error_type);
}

/// A statement of PostgreSQL: what it does to which table or function, `SELECT currency.current_rate`.
#[must_use]
pub fn postgres(summary: &'static str) -> Span {
    database("postgresql", summary)
}

/// An operation of MongoDB and its collection, `aggregate clicks`.
#[must_use]
pub fn mongodb(summary: &'static str) -> Span {
    database("mongodb", summary)
}

fn database(system: &'static str, summary: &'static str) -> Span {
    let operation = summary.split_once(' ').map_or(summary, |(operation, _)| operation);
    tracing::info_span!(
        target: TARGET,
        "database",
        otel.name = summary,
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        db.system.name = system,
        db.operation.name = operation,
        db.query.summary = summary,
    )
}

/// Commands of Redis that are sent together.
pub(crate) fn redis(commands: &[redis::Cmd]) -> Span {
    if !is_on() {
        return Span::none();
    }
    let operation = match commands {
        [command] => name(command),
        _ => "PIPELINE",
    };
    let size = (commands.len() > 1).then(|| length(commands.len()));
    tracing::info_span!(
        target: TARGET,
        "redis",
        otel.name = operation,
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        db.system.name = "redis",
        db.operation.name = operation,
        db.operation.batch.size = size,
    )
}

fn name(command: &redis::Cmd) -> &str {
    match command.args_iter().next() {
        Some(redis::Arg::Simple(name)) => std::str::from_utf8(name).unwrap_or(UNNAMED),
        _ => UNNAMED,
    }
}

/// One request to a provider of rates. Neither its path nor its query is told, because keys are in them.
#[must_use]
pub fn provider_span(provider: &str, host: Option<&str>) -> Span {
    tracing::info_span!(
        target: TARGET,
        "provider",
        otel.name = "GET",
        otel.kind = "client",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        http.request.method = "GET",
        http.response.status_code = field::Empty,
        server.address = host,
        provider.key = provider,
    )
}

/// Records that are sent to Kafka together: a span for each topic.
pub(crate) fn sending<'a>(topics: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, Span> {
    if !is_on() {
        return BTreeMap::new();
    }
    let mut counts = BTreeMap::new();
    for topic in topics {
        *counts.entry(topic).or_insert(0) += 1;
    }
    let span = |(topic, count)| (topic, producer("kafka", topic, count));
    counts.into_iter().map(span).collect()
}

/// Events that are sent to a queue of SQS.
pub(crate) fn sending_to_sqs(url: &str, count: usize) -> Span {
    let name = url.rsplit_once('/').map_or(url, |(_, name)| name);
    producer("aws_sqs", name, count)
}

fn producer(system: &'static str, destination: &str, count: usize) -> Span {
    tracing::info_span!(
        target: TARGET,
        "send",
        otel.name = format!("send {destination}"),
        otel.kind = "producer",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        messaging.system = system,
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.destination.name = destination,
        messaging.batch.message_count = length(count),
    )
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
