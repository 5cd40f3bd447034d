//! `dead-letters`: what could not be applied, through the function `operations-redrive`. It knows the queue; this asks and prints.

mod pretty;
mod print;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use shared::dead_letter::{
    Action, DeadLetterFilter, DeadLetterReport, DeadLetterRequest, DeadLetterResult, ReplayTarget,
};

use super::client::Client;
use super::{CommandError, say};
use crate::stack::StackPaths;

/// The function behind the command.
const REDRIVE: &str = "operations-redrive";

/// What to do with dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// All that match, newest first
    #[command(override_usage = "./localstack/dead-letters list [FILTER]... [--limit N] [--json]")]
    List {
        /// Which
        #[command(flatten)]
        filter: Filter,
        /// Rows at most; 100 without it
        #[arg(long)]
        limit: Option<usize>,
        /// The same for programs
        #[arg(long)]
        json: bool,
    },
    /// Everything of one
    #[command(override_usage = "./localstack/dead-letters show ID [--json]")]
    Show {
        /// Its id, as the list has it
        id: String,
        /// The same for programs
        #[arg(long)]
        json: bool,
    },
    /// Send all that match again, oldest first, and delete what is applied
    #[command(
        override_usage = "./localstack/dead-letters replay [FILTER]... [--limit N] [--to function|topic] [--dry-run] [--json]"
    )]
    Replay {
        /// Which
        #[command(flatten)]
        filter: Filter,
        /// Letters at most, the oldest
        #[arg(long)]
        limit: Option<usize>,
        /// To the function that refused the record, or to its topic, where every service has it again
        #[arg(long, value_enum, default_value_t = Target::Function)]
        to: Target,
        /// Say what would be sent and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The same for programs
        #[arg(long)]
        json: bool,
    },
    /// Delete all that match
    #[command(override_usage = "./localstack/dead-letters purge FILTER...|--all [--limit N] [--dry-run] [--json]")]
    Purge {
        /// Which
        #[command(flatten)]
        filter: Filter,
        /// Letters at most, the oldest
        #[arg(long)]
        limit: Option<usize>,
        /// Without a filter
        #[arg(long)]
        all: bool,
        /// Say what would be deleted and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The same for programs
        #[arg(long)]
        json: bool,
    },
}

/// Which dead letters; all that is given must hold.
#[derive(Debug, Args)]
pub struct Filter {
    /// Its id
    #[arg(long)]
    id: Option<String>,
    /// The function that refused it
    #[arg(long)]
    function: Option<String>,
    /// The record's topic
    #[arg(long)]
    topic: Option<String>,
    /// The record's partition
    #[arg(long)]
    partition: Option<i32>,
    /// The record's offset
    #[arg(long)]
    offset: Option<i64>,
    /// Such as `VALUE_REFUSED`, or the condition of a batch that Lambda gave up
    #[arg(long)]
    error_code: Option<String>,
    /// Refused then or later, such as 2026-11-23T10:00:00Z
    #[arg(long)]
    since: Option<DateTime<Utc>>,
    /// Refused then or before
    #[arg(long)]
    until: Option<DateTime<Utc>>,
}

/// Where a replay goes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Target {
    /// The function that refused the record.
    Function,
    /// The record's topic.
    Topic,
}

impl From<Target> for ReplayTarget {
    fn from(target: Target) -> Self {
        match target {
            Target::Function => Self::Function,
            Target::Topic => Self::Topic,
        }
    }
}

/// Asks the function and prints its report.
///
/// # Errors
/// [`CommandError::Function`] says why the function refused; [`CommandError::NotReplayed`] and [`CommandError::NotPurged`] when dead letters stay that
/// should not.
pub async fn dead_letters(paths: &StackPaths, command: DeadLetters) -> Result<(), CommandError> {
    let (request, as_json) = request(command);
    let request = serde_json::to_vec(&request).map_err(|source| CommandError::Json {
        what: "the request",
        source,
    })?;
    let answer = Client::find(paths)?.invoke(REDRIVE, request.into()).await?;
    if answer.is_error {
        return Err(CommandError::Function {
            name: REDRIVE.to_owned(),
            answer: message(&answer.payload),
        });
    }
    if as_json {
        say(String::from_utf8_lossy(&answer.payload));
    }
    let report: DeadLetterReport = serde_json::from_slice(&answer.payload).map_err(|source| CommandError::Json {
        what: "the report about dead letters",
        source,
    })?;
    if !as_json {
        print::report(&report);
    }
    match report.result {
        DeadLetterResult::Replay(replay) if replay.failed + replay.not_tried > 0 => Err(CommandError::NotReplayed {
            failed: replay.failed as u64,
            left: replay.not_tried as u64,
        }),
        DeadLetterResult::Purge(purge) if !purge.dry_run && purge.deleted < purge.matched => {
            Err(CommandError::NotPurged {
                left: (purge.matched - purge.deleted) as u64,
            })
        }
        _ => Ok(()),
    }
}

/// What the function is sent, and whether its answer is for programs.
fn request(command: DeadLetters) -> (DeadLetterRequest, bool) {
    match command {
        DeadLetters::List { filter, limit, json } => {
            let request = DeadLetterRequest {
                limit,
                ..DeadLetterRequest::with_filter(Action::List, filter.into())
            };
            (request, json)
        }
        DeadLetters::Show { id, json } => {
            let request = DeadLetterRequest {
                id: Some(id),
                ..DeadLetterRequest::new(Action::Show)
            };
            (request, json)
        }
        DeadLetters::Replay {
            filter,
            limit,
            to,
            dry_run,
            json,
        } => {
            let request = DeadLetterRequest {
                limit,
                to: Some(to.into()),
                dry_run,
                ..DeadLetterRequest::with_filter(Action::Replay, filter.into())
            };
            (request, json)
        }
        DeadLetters::Purge {
            filter,
            limit,
            all,
            dry_run,
            json,
        } => {
            let request = DeadLetterRequest {
                limit,
                all,
                dry_run,
                ..DeadLetterRequest::with_filter(Action::Purge, filter.into())
            };
            (request, json)
        }
    }
}

impl From<Filter> for DeadLetterFilter {
    fn from(filter: Filter) -> Self {
        Self {
            id: filter.id,
            function: filter.function,
            topic: filter.topic,
            partition: filter.partition,
            offset: filter.offset,
            error_code: filter.error_code,
            since: filter.since,
            until: filter.until,
        }
    }
}

/// What Lambda says of a function that failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionError {
    error_message: String,
}

/// The sentence in a function's error.
fn message(payload: &[u8]) -> String {
    let error = serde_json::from_slice::<FunctionError>(payload);
    error.map_or_else(
        |_| String::from_utf8_lossy(payload).into_owned(),
        |error| error.error_message,
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::Value;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(subcommand)]
        command: DeadLetters,
    }

    #[test]
    fn arguments_become_a_request_of_what_was_given() {
        for (arguments, expected) in [
            ("list", r#"{"action":"list"}"#),
            (
                "list --topic t --partition 0 --limit 5",
                r#"{"action":"list","limit":5,"partition":0,"topic":"t"}"#,
            ),
            ("show abc", r#"{"action":"show","id":"abc"}"#),
            (
                "replay --since 2026-11-23T10:00:00Z --to topic --dry-run",
                r#"{"action":"replay","dry_run":true,"since":"2026-11-23T10:00:00Z","to":"topic"}"#,
            ),
            ("purge --all", r#"{"action":"purge","all":true}"#),
        ] {
            let cli = Cli::try_parse_from(["x"].into_iter().chain(arguments.split(' '))).unwrap();
            let (request, _) = request(cli.command);
            let request = serde_json::to_value(request).unwrap();
            assert_eq!(request, serde_json::from_str::<Value>(expected).unwrap(), "{arguments}");
        }
    }
}
