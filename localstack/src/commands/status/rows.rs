//! The rows of the tables that `status` prints.

use emulator::{FunctionStatus, MappingStatus, QueueMappingStatus, RouteStatus, ScheduleStatus};
use serde_json::Value;

use crate::stack::TopicStatus;

/// What is shown where there is nothing to show.
const NOTHING: &str = "-";

/// A provider's last run, as the ingestor reported it.
pub(super) fn provider(report: &Value) -> Vec<String> {
    [
        "provider",
        "outcome",
        "rates",
        "recorded_at",
        "attempts",
        "duration_ms",
        "error",
    ]
    .map(|field| cell(report.get(field)))
    .into()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => NOTHING.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A function and how it fared.
pub(super) fn function(function: &FunctionStatus) -> Vec<String> {
    vec![
        function.name.clone(),
        function.invocations.to_string(),
        function.errors.to_string(),
        function
            .last_duration_ms
            .map_or_else(|| NOTHING.to_owned(), |ms| format!("{ms:.1}")),
        short(function.last_error.as_deref()),
    ]
}

/// A route of the HTTP API.
pub(super) fn route(route: &RouteStatus) -> Vec<String> {
    let authorizer = if route.needs_signature { "AWS_IAM" } else { NOTHING };
    vec![
        route.route.clone(),
        route.function.clone(),
        authorizer.to_owned(),
        route.requests.to_string(),
    ]
}

/// A topic with the end of each partition.
pub(super) fn topic(topic: &TopicStatus) -> Vec<String> {
    let ends: Vec<String> = topic
        .partitions
        .iter()
        .map(|partition| partition.end.to_string())
        .collect();
    vec![topic.name.clone(), topic.partitions.len().to_string(), ends.join(" ")]
}

/// An event source mapping of a topic.
pub(super) fn mapping(mapping: &MappingStatus) -> Vec<String> {
    vec![
        mapping.consumer_group.clone(),
        cell(serde_json::to_value(mapping.state).ok().as_ref()),
        mapping.lag.map_or_else(|| "?".to_owned(), |lag| lag.to_string()),
        mapping.batches.to_string(),
        mapping.records.to_string(),
        mapping.retries.to_string(),
        short(mapping.last_error.as_deref()),
    ]
}

/// An event source mapping of a queue.
pub(super) fn queue_mapping(mapping: &QueueMappingStatus) -> Vec<String> {
    let counted = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    vec![
        mapping.queue.clone(),
        mapping.function.clone(),
        cell(serde_json::to_value(mapping.state).ok().as_ref()),
        counted(mapping.visible),
        counted(mapping.hidden),
        mapping.batches.to_string(),
        mapping.messages.to_string(),
        mapping.failures.to_string(),
        short(mapping.last_error.as_deref()),
    ]
}

/// A schedule and when it fired last.
pub(super) fn schedule(schedule: &ScheduleStatus) -> Vec<String> {
    let last = schedule
        .last_run
        .map_or_else(|| NOTHING.to_owned(), |time| time.format("%H:%M:%S UTC").to_string());
    vec![
        schedule.function.clone(),
        schedule.expression.clone(),
        schedule.runs.to_string(),
        schedule.skipped.to_string(),
        last,
    ]
}

/// One line of a table holds this much of an error; `--json` has all of it.
const ERROR_WIDTH: usize = 60;

fn short(error: Option<&str>) -> String {
    let Some(error) = error else { return NOTHING.to_owned() };
    let line = error.lines().next().unwrap_or_default();
    if line.chars().count() <= ERROR_WIDTH {
        return line.to_owned();
    }
    line.chars().take(ERROR_WIDTH - 1).chain(['…']).collect()
}
