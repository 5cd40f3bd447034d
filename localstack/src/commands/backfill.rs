//! `backfill`: has a range of days of the ECB's history published, and waits until it is in both stores.

use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::client::Client;
use super::{CommandError, say};
use crate::stack::{BACKFILL, StackPaths};

/// The topic of the events.
const TOPIC: &str = "exchange_rate_updated";
/// How often the lag is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long the lag may stand still.
const STUCK_AFTER: Duration = Duration::from_secs(120);

/// What the function answers.
#[derive(Debug, Deserialize)]
struct Report {
    published_through: Option<NaiveDate>,
    done: bool,
    events: u64,
    #[serde(default)]
    backed_up: u64,
    days: u64,
    /// `last_modified`, or `recorded_at` when the file's server does not date it.
    dated_by: String,
    last_modified: Option<DateTime<Utc>>,
    left_out_count: u64,
    left_out: Vec<Omission>,
}

/// What of the file could not be read.
#[derive(Debug, Deserialize)]
struct Omission {
    day: Option<NaiveDate>,
    column: String,
    value: String,
    reason: String,
}

/// Publishes the history from `from` to `to`, all of it where they are absent. When the file becomes another in between, begins again, because days that
/// are published may be corrected in it.
///
/// # Errors
/// [`CommandError::Function`] says why the function failed; to go on, run it again with `--from` as printed.
pub async fn backfill(paths: &StackPaths, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<(), CommandError> {
    let client = Client::find(paths)?;
    wait_for_feed(&client, to).await?;
    let began = Instant::now();
    let (mut next, mut events, mut days) = (from, 0, 0);
    let mut file = None;
    loop {
        let report = publish(&client, next, to).await?;
        let former = file.replace(report.last_modified);
        if former != Some(report.last_modified) {
            tell(&report);
        }
        events += report.events;
        days += report.days;
        let through = report
            .published_through
            .map_or_else(|| "nothing".to_owned(), |day| day.to_string());
        say(format_args!(
            "published through {through}: {days} days, {events} events, {}",
            pace(events, began.elapsed())
        ));
        if former.is_some_and(|former| former != report.last_modified) {
            say("the file is another one since; beginning again with it");
            next = from;
            continue;
        }
        if report.done {
            break;
        }
        let after = report
            .published_through
            .and_then(|day| day.checked_add_days(Days::new(1)));
        if after.is_none() || after == next {
            return Err(CommandError::NoProgress {
                function: BACKFILL,
                answer: format!("{report:?}"),
            });
        }
        next = after;
        if report.backed_up > 0
            && let Some(next) = next
        {
            return Err(CommandError::KafkaAway {
                backed_up: report.backed_up,
                next,
            });
        }
    }
    let published = began.elapsed();
    wait_for_stores(&client).await?;
    let whole = began.elapsed();
    say(format_args!(
        "{events} events of {days} days: published in {:.1} s ({}), in both stores after {:.1} s ({} from first publish to both stores)",
        published.as_secs_f64(),
        pace(events, published),
        whole.as_secs_f64(),
        pace(events, whole)
    ));
    Ok(())
}

/// Says what a file's events are dated by, and what of it is left out.
fn tell(report: &Report) {
    match report.last_modified {
        Some(modified) => say(format_args!("the file was last modified at {modified}")),
        None => say(format_args!(
            "the file's server does not date it: its events are dated by {}, fill gaps and correct nothing",
            report.dated_by
        )),
    }
    for omission in &report.left_out {
        let Omission {
            day,
            column,
            value,
            reason,
        } = omission;
        let day = day.map_or_else(String::new, |day| format!("{day}, "));
        say(format_args!("left out: {day}column {column}: {value:?} is {reason}"));
    }
    let named = report.left_out.len() as u64;
    if report.left_out_count > named {
        say(format_args!("left out: {} more", report.left_out_count - named));
    }
}

/// The feed must have reached the days that are asked for: the history would tell what it has not shown yet.
async fn wait_for_feed(client: &Client, to: Option<NaiveDate>) -> Result<(), CommandError> {
    let mut said = false;
    while let Some(feed) = client.feed().await? {
        let last = to.unwrap_or(feed.newest).min(feed.newest);
        if feed.day >= last {
            break;
        }
        if !said {
            say(format_args!(
                "the feed is at {}; waiting until it reaches {last} ...",
                feed.day
            ));
            said = true;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

async fn publish(client: &Client, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Report, CommandError> {
    let mut range = Map::new();
    for (name, day) in [("from", from), ("to", to)] {
        range.extend(day.map(|day| (name.to_owned(), Value::from(day.to_string()))));
    }
    let answer = client.invoke(BACKFILL, Value::Object(range).to_string().into()).await?;
    if answer.is_error {
        let text = String::from_utf8_lossy(&answer.payload);
        let from = from.map_or_else(String::new, |day| format!(" (go on with --from {day})"));
        return Err(CommandError::Function {
            name: BACKFILL.to_owned(),
            answer: format!("{text}{from}"),
        });
    }
    serde_json::from_slice(&answer.payload).map_err(|source| CommandError::Json {
        what: "the backfill's report",
        source,
    })
}

/// Waits until no record of the topic is left for any group.
async fn wait_for_stores(client: &Client) -> Result<(), CommandError> {
    let (mut lowest, mut moved) = (i64::MAX, Instant::now());
    let mut told = Instant::now();
    loop {
        let status = client.status().await?;
        let lags = status
            .lambda
            .mappings
            .iter()
            .filter(|mapping| mapping.topic == TOPIC)
            .map(|mapping| mapping.lag);
        // Unknown while Kafka cannot be asked: that is not zero.
        let lag = lags.sum::<Option<i64>>();
        match lag {
            Some(0) => return Ok(()),
            Some(lag) if lag < lowest => (lowest, moved) = (lag, Instant::now()),
            _ if moved.elapsed() > STUCK_AFTER => {
                return Err(CommandError::Stuck {
                    lag: lag.unwrap_or(lowest),
                    seconds: STUCK_AFTER.as_secs(),
                });
            }
            _ => (),
        }
        if told.elapsed() > Duration::from_secs(2) {
            say(format_args!(
                "{} left to store",
                lag.map_or_else(|| "unknown number".to_owned(), |lag| lag.to_string())
            ));
            told = Instant::now();
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn pace(events: u64, elapsed: Duration) -> String {
    // Display only; a count of events is far below 2^53.
    format!("{:.0} events/s", events as f64 / elapsed.as_secs_f64().max(0.001))
}
