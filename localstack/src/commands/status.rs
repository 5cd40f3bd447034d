//! `status`: everything that runs and how it fares, for people or as JSON.

use emulator::{FunctionStatus, MappingStatus, QueueMappingStatus, RouteStatus};
use serde_json::Value;

use super::client::Client;
use super::{CommandError, say, table};
use crate::stack::{INGESTOR, Places, StackStatus};

/// What is shown where there is nothing to show.
const NOTHING: &str = "-";

/// Prints the stack's status.
///
/// # Errors
/// [`CommandError::NotRunning`] without a stack.
pub async fn status(places: &Places, as_json: bool) -> Result<(), CommandError> {
    let status = Client::find(places)?.status().await?;
    if as_json {
        let text = serde_json::to_string_pretty(&status).map_err(|source| CommandError::Json {
            what: "the status",
            source,
        })?;
        say(text);
    } else {
        print(&status);
    }
    Ok(())
}

fn print(status: &StackStatus) {
    let endpoints = status
        .endpoints
        .named()
        .into_iter()
        .map(|(name, address)| vec![name.to_owned(), address.to_owned()]);
    let queues = status
        .endpoints
        .queues
        .iter()
        .map(|(name, url)| vec![format!("queue {name}"), url.clone()]);
    table::print(&["ENDPOINT", "ADDRESS"], &endpoints.chain(queues).collect::<Vec<_>>());
    for server in status.servers.iter().filter(|server| !server.is_running) {
        say(format_args!(
            "{} has ended; see ./localstack/logs {}\n",
            server.name, server.name
        ));
    }
    match &status.feed {
        Some(feed) if feed.day < feed.newest => say(format_args!(
            "feed: {}, a business day every {} s up to {}\n",
            feed.day, feed.step_seconds, feed.newest
        )),
        Some(feed) => say(format_args!("feed: {}, the newest day\n", feed.day)),
        None => say("live: the providers themselves are asked\n"),
    }
    table::print(
        &[
            "PROVIDER",
            "LAST RUN",
            "RATES",
            "RECORDED AT",
            "ATTEMPTS",
            "MS",
            "ERROR",
        ],
        &status.providers.iter().map(provider).collect::<Vec<_>>(),
    );
    let ingestor = status
        .lambda
        .functions
        .iter()
        .find(|function| function.name == INGESTOR);
    if let Some(error) = ingestor
        .and_then(|ingestor| ingestor.last_error.as_ref())
        .filter(|_| status.providers.is_empty())
    {
        say(format_args!(
            "no provider gave rates yet; the last run failed: {error}\n"
        ));
    }
    table::print(
        &["FUNCTION", "INVOCATIONS", "ERRORS", "LAST MS", "LAST ERROR"],
        &status.lambda.functions.iter().map(function).collect::<Vec<_>>(),
    );
    table::print(
        &["ROUTE", "FUNCTION", "AUTHORIZER", "REQUESTS"],
        &status.lambda.routes.iter().map(route).collect::<Vec<_>>(),
    );
    table::print(
        &[
            "CONSUMER GROUP",
            "STATE",
            "LAG",
            "BATCHES",
            "RECORDS",
            "RETRIES",
            "LAST ERROR",
        ],
        &status.lambda.mappings.iter().map(mapping).collect::<Vec<_>>(),
    );
    for mapping in &status.lambda.mappings {
        for warning in &mapping.warnings {
            say(format_args!("{}: {warning}", mapping.consumer_group));
        }
    }
    table::print(
        &[
            "QUEUE",
            "FUNCTION",
            "STATE",
            "WAITING",
            "HIDDEN",
            "BATCHES",
            "MESSAGES",
            "FAILURES",
            "LAST ERROR",
        ],
        &status
            .lambda
            .queue_mappings
            .iter()
            .map(queue_mapping)
            .collect::<Vec<_>>(),
    );
    match &status.topics {
        Some(topics) => {
            let rows = topics.iter().map(|topic| {
                let ends: Vec<String> = topic
                    .partitions
                    .iter()
                    .map(|partition| partition.end.to_string())
                    .collect();
                vec![topic.name.clone(), topic.partitions.len().to_string(), ends.join(" ")]
            });
            table::print(&["TOPIC", "PARTITIONS", "END OFFSETS"], &rows.collect::<Vec<_>>());
        }
        None => say("topics: Kafka cannot be asked; see ./localstack/logs stack\n"),
    }
    let schedules = status.lambda.schedules.iter().map(|schedule| {
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
    });
    table::print(
        &["SCHEDULE", "EXPRESSION", "RUNS", "SKIPPED", "LAST RUN"],
        &schedules.collect::<Vec<_>>(),
    );
    if !status.lambda.unsupported_events.is_empty() {
        say(format_args!(
            "not delivered here: {}",
            status.lambda.unsupported_events.join(", ")
        ));
    }
}

fn provider(report: &Value) -> Vec<String> {
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

fn function(function: &FunctionStatus) -> Vec<String> {
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

fn route(route: &RouteStatus) -> Vec<String> {
    let authorizer = if route.needs_signature { "AWS_IAM" } else { NOTHING };
    vec![
        route.route.clone(),
        route.function.clone(),
        authorizer.to_owned(),
        route.requests.to_string(),
    ]
}

fn mapping(mapping: &MappingStatus) -> Vec<String> {
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

fn queue_mapping(mapping: &QueueMappingStatus) -> Vec<String> {
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
