//! `dead-letters`: what could not be applied, through the function `operations-redrive`. It knows the queue; this asks and prints.

mod pretty;
mod print;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value};

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

/// Which letters; all that is given must hold.
#[derive(Debug, Args, Serialize)]
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
#[derive(Debug, Clone, Copy, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The function that refused the record.
    Function,
    /// The record's topic.
    Topic,
}

/// Asks the desk and prints its answer.
///
/// # Errors
/// [`CommandError::Function`] says why the desk refused; [`CommandError::NotReplayed`] and [`CommandError::NotPurged`] when letters stay that should not.
pub async fn dead_letters(paths: &StackPaths, command: DeadLetters) -> Result<(), CommandError> {
    let (request, as_json) = request(command)?;
    let answer = Client::find(paths)?.invoke(REDRIVE, request.to_string().into()).await?;
    if answer.is_error {
        return Err(CommandError::Function {
            name: REDRIVE.to_owned(),
            answer: message(&answer.payload),
        });
    }
    if as_json {
        say(String::from_utf8_lossy(&answer.payload));
    }
    let report: Value = serde_json::from_slice(&answer.payload).map_err(|source| CommandError::Json {
        what: "the desk's report",
        source,
    })?;
    if !as_json {
        print::report(&report);
    }
    let count = |name: &str| report[name].as_u64().unwrap_or_default();
    let is_dry = report["dry_run"] == true;
    match report["action"].as_str() {
        Some("replay") if count("failed") + count("left") > 0 => Err(CommandError::NotReplayed {
            failed: count("failed"),
            left: count("left"),
        }),
        Some("purge") if !is_dry && count("deleted") < count("matched") => Err(CommandError::NotPurged {
            left: count("matched") - count("deleted"),
        }),
        _ => Ok(()),
    }
}

/// What the function is sent, and whether its answer is for programs.
fn request(command: DeadLetters) -> Result<(Value, bool), CommandError> {
    let (action, filter, more, json) = match command {
        DeadLetters::List { filter, limit, json } => ("list", Some(filter), vec![("limit", limit.into())], json),
        DeadLetters::Show { id, json } => ("show", None, vec![("id", Value::from(id))], json),
        DeadLetters::Replay {
            filter,
            limit,
            to,
            dry_run,
            json,
        } => {
            let to = match to {
                Target::Function => "function",
                Target::Topic => "topic",
            };
            let more = vec![("limit", limit.into()), ("to", to.into()), ("dry_run", dry_run.into())];
            ("replay", Some(filter), more, json)
        }
        DeadLetters::Purge {
            filter,
            limit,
            all,
            dry_run,
            json,
        } => {
            let more = vec![
                ("limit", limit.into()),
                ("all", all.into()),
                ("dry_run", dry_run.into()),
            ];
            ("purge", Some(filter), more, json)
        }
    };
    let filter = serde_json::to_value(filter).map_err(|source| CommandError::Json {
        what: "the filters",
        source,
    })?;
    let mut request = Map::from_iter([("action".to_owned(), Value::from(action))]);
    if let Value::Object(filter) = filter {
        request.extend(filter);
    }
    request.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    request.retain(|_, value| !value.is_null());
    Ok((Value::Object(request), json))
}

/// The sentence in a function's error.
fn message(payload: &[u8]) -> String {
    let error: Option<Value> = serde_json::from_slice(payload).ok();
    let message = error.as_ref().and_then(|error| error["errorMessage"].as_str());
    message.map_or_else(|| String::from_utf8_lossy(payload).into_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

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
            ("purge --all", r#"{"action":"purge","all":true,"dry_run":false}"#),
        ] {
            let cli = Cli::try_parse_from(["x"].into_iter().chain(arguments.split(' '))).unwrap();
            let (request, _) = request(cli.command).unwrap();
            assert_eq!(request, serde_json::from_str::<Value>(expected).unwrap(), "{arguments}");
        }
    }
}
