//! `status`: everything that runs and how it fares, for people or as JSON.

mod rows;

use super::client::Client;
use super::{CommandError, say, table};
use crate::stack::{INGESTOR, StackPaths, StackStatus};

/// Prints the stack's status.
///
/// # Errors
/// [`CommandError::NotRunning`] without a stack.
pub async fn status(paths: &StackPaths, as_json: bool) -> Result<(), CommandError> {
    let status = Client::find(paths)?.status().await?;
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
    print_servers(status);
    print_feed(status);
    print_providers(status);
    print_functions(status);
    print_routes(status);
    print_groups(status);
    print_queues(status);
    print_topics(status);
    print_schedules(status);
}

/// Where everything is, and the servers that have ended.
fn print_servers(status: &StackStatus) {
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
}

/// Where the feed stands.
fn print_feed(status: &StackStatus) {
    match &status.feed {
        Some(feed) if feed.day < feed.newest => say(format_args!(
            "feed: {}, a business day every {} s up to {}\n",
            feed.day, feed.step_seconds, feed.newest
        )),
        Some(feed) => say(format_args!("feed: {}, the newest day\n", feed.day)),
        None => say("live: the providers themselves are asked\n"),
    }
}

/// Each provider's last run; when there is none, why the ingestor's failed.
fn print_providers(status: &StackStatus) {
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
        &status.providers.iter().map(rows::provider).collect::<Vec<_>>(),
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
}

/// The functions and how they fared.
fn print_functions(status: &StackStatus) {
    table::print(
        &["FUNCTION", "INVOCATIONS", "ERRORS", "LAST MS", "LAST ERROR"],
        &status.lambda.functions.iter().map(rows::function).collect::<Vec<_>>(),
    );
}

/// The routes of the HTTP API.
fn print_routes(status: &StackStatus) {
    table::print(
        &["ROUTE", "FUNCTION", "AUTHORIZER", "REQUESTS"],
        &status.lambda.routes.iter().map(rows::route).collect::<Vec<_>>(),
    );
}

/// The consumer groups of the topics' mappings, and what they warn of.
fn print_groups(status: &StackStatus) {
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
        &status.lambda.mappings.iter().map(rows::mapping).collect::<Vec<_>>(),
    );
    for mapping in &status.lambda.mappings {
        for warning in &mapping.warnings {
            say(format_args!("{}: {warning}", mapping.consumer_group));
        }
    }
}

/// The queues' mappings.
fn print_queues(status: &StackStatus) {
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
            .map(rows::queue_mapping)
            .collect::<Vec<_>>(),
    );
}

/// The topics with their ends, while Kafka can be asked for them.
fn print_topics(status: &StackStatus) {
    match &status.topics {
        Some(topics) => {
            table::print(
                &["TOPIC", "PARTITIONS", "END OFFSETS"],
                &topics.iter().map(rows::topic).collect::<Vec<_>>(),
            );
        }
        None => say("topics: Kafka cannot be asked; see ./localstack/logs stack\n"),
    }
}

/// The schedules, and the events that are not delivered.
fn print_schedules(status: &StackStatus) {
    table::print(
        &["SCHEDULE", "EXPRESSION", "RUNS", "SKIPPED", "LAST RUN"],
        &status.lambda.schedules.iter().map(rows::schedule).collect::<Vec<_>>(),
    );
    if !status.lambda.unsupported_events.is_empty() {
        say(format_args!(
            "not delivered here: {}",
            status.lambda.unsupported_events.join(", ")
        ));
    }
}
