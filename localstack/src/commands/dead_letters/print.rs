//! Reports about dead letters for people: tables, counts and sentences.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use shared::dead_letter::{
    DeadLetterDetail, DeadLetterList, DeadLetterOutcome, DeadLetterReport, DeadLetterResult, DeadLetterSummary,
    PurgeReport, ReplayReport, ReplayTarget, ShownRecord, TextOrBase64,
};

use super::pretty::pretty;
use crate::commands::{say, table};

/// What is shown where there is nothing to show.
const NOTHING: &str = "-";
/// Characters of a reason in a table; `show` has all of it.
const REASON: usize = 80;

pub(super) fn report(report: &DeadLetterReport) {
    match &report.result {
        DeadLetterResult::List(listed) => list(listed),
        DeadLetterResult::Show(detail) => show(detail),
        DeadLetterResult::Replay(replayed) => replay(replayed),
        DeadLetterResult::Purge(purged) => purge(purged),
    }
    notes(report);
}

fn list(list: &DeadLetterList) {
    let rows: Vec<Vec<String>> = list
        .dead_letters
        .iter()
        .map(|dead_letter| row(dead_letter, &dead_letter.reason))
        .collect();
    table::print(&["ID", "REFUSED", "FUNCTION", "RECORD", "ERROR", "REASON"], &rows);
    say(format_args!("{} in all", list.matched));
    let counts = &list.counts;
    for by in [&counts.function, &counts.topic, &counts.error_code] {
        if !by.is_empty() {
            say(format_args!("  {}", each(by)));
        }
    }
    if list.left_out != 0 {
        say(format_args!("{} more are not shown; see --limit", list.left_out));
    }
}

fn each(counts: &BTreeMap<String, usize>) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    counts.join(", ")
}

fn show(detail: &DeadLetterDetail) {
    let dead_letter = &detail.dead_letter;
    for (name, value) in [
        ("id", dead_letter.id.clone()),
        ("refused", instant(dead_letter.refused_at)),
        ("function", text(dead_letter.function.as_deref())),
        ("record", record(dead_letter)),
        ("written", instant(dead_letter.timestamp)),
        ("error", text(dead_letter.error_code.as_deref())),
        ("reason", dead_letter.reason.clone()),
        ("messages", dead_letter.parts.to_string()),
    ] {
        say(format_args!("{name:<9} {value}"));
    }
    detail.records.iter().for_each(show_record);
    for missing in &detail.not_shown {
        say(format_args!("\nnot shown: {missing}"));
    }
    if let Some(body) = &detail.body {
        say("\nmessage");
        say(pretty(body).unwrap_or_else(|| body.clone()));
    }
}

fn show_record(record: &ShownRecord) {
    say(format_args!(
        "\n{}-{} offset {}, written {}",
        record.topic,
        record.partition,
        record.offset,
        instant(record.timestamp)
    ));
    say(format_args!("key       {}", bytes(record.key.as_ref())));
    for (name, value) in &record.headers {
        say(format_args!("header    {name}: {}", bytes(Some(value))));
    }
    if let Some(unread) = &record.unread_headers {
        say(format_args!("headers   {unread}"));
    }
    say("payload");
    let payload = bytes(record.payload.as_ref());
    say(pretty(&payload).unwrap_or(payload));
}

fn replay(report: &ReplayReport) {
    outcomes(&report.dead_letters, report.left_out);
    let to = match report.to {
        ReplayTarget::Topic => "their topics",
        ReplayTarget::Function => "the functions that refused them",
    };
    if report.dry_run {
        say(format_args!(
            "{} match; nothing was sent to {to} or changed",
            report.matched
        ));
    } else {
        say(format_args!(
            "{} of {} sent to {to} and deleted, {} records; {} failed, {} left",
            report.replayed, report.matched, report.records, report.failed, report.not_tried
        ));
    }
}

fn purge(report: &PurgeReport) {
    outcomes(&report.dead_letters, report.left_out);
    if report.dry_run {
        say(format_args!("{} match; nothing was deleted", report.matched));
    } else {
        say(format_args!("{} of {} deleted", report.deleted, report.matched));
    }
}

fn outcomes(outcomes: &[DeadLetterOutcome], left_out: usize) {
    let outcome = |done: &DeadLetterOutcome| {
        let mut row = row(&done.dead_letter, done.why.as_deref().unwrap_or(NOTHING));
        row.insert(0, done.outcome.name().to_owned());
        row
    };
    let rows: Vec<Vec<String>> = outcomes.iter().map(outcome).collect();
    table::print(
        &["OUTCOME", "ID", "REFUSED", "FUNCTION", "RECORD", "ERROR", "WHY"],
        &rows,
    );
    if left_out != 0 {
        say(format_args!("{left_out} more are not shown"));
    }
}

/// What the report is not about.
fn notes(report: &DeadLetterReport) {
    if report.hidden != 0 {
        say(format_args!(
            "about {} messages are hidden just now, because somebody else has received them; they are not told of here",
            report.hidden
        ));
    }
    if !report.complete {
        say("not all of the queue was looked at: there was no more time or memory; do it again");
    }
    if report.not_released != 0 {
        say(format_args!(
            "{} messages could not be made visible at once; they are within two minutes",
            report.not_released
        ));
    }
}

fn row(dead_letter: &DeadLetterSummary, last: &str) -> Vec<String> {
    let last = match last.char_indices().nth(REASON) {
        None => last.to_owned(),
        Some((end, _)) => format!("{}…", &last[..end]),
    };
    vec![
        dead_letter.id.clone(),
        dead_letter
            .refused_at
            .map_or_else(|| NOTHING.to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%S").to_string()),
        text(dead_letter.function.as_deref()),
        record(dead_letter),
        text(dead_letter.error_code.as_deref()),
        last.replace('\n', " "),
    ]
}

/// Where a dead letter's records stand: `topic-partition offset`.
fn record(dead_letter: &DeadLetterSummary) -> String {
    let mut text = match (dead_letter.partition, dead_letter.offset) {
        _ if !dead_letter.offsets.is_empty() => {
            let ranges: Vec<String> = dead_letter.offsets.iter().map(ToString::to_string).collect();
            ranges.join(", ")
        }
        (Some(partition), Some(offset)) => {
            format!("{}-{partition} {offset}", text(dead_letter.topic.as_deref()))
        }
        _ => NOTHING.to_owned(),
    };
    if !dead_letter.parts_missing.is_empty() {
        text += &format!(
            " ({} of {} parts are not to be seen)",
            dead_letter.parts_missing.len(),
            dead_letter.parts
        );
    }
    text
}

/// Text, or base64 with a word of it.
fn bytes(value: Option<&TextOrBase64>) -> String {
    match value {
        Some(TextOrBase64::Text(text)) => text.clone(),
        Some(TextOrBase64::Base64(base64)) => format!("(base64) {base64}"),
        None => "(none)".to_owned(),
    }
}

/// As the JSON has it.
fn instant(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || NOTHING.to_owned(),
        |at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or(NOTHING).to_owned()
}
