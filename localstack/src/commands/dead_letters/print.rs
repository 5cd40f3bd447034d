//! The desk's answers for people.

use serde_json::Value;

use super::pretty::pretty;
use crate::commands::{say, table};

/// What is shown where there is nothing to show.
const NOTHING: &str = "-";
/// Characters of a reason in a table; `show` has all of it.
const REASON: usize = 80;

pub(super) fn report(report: &Value) {
    match report["action"].as_str() {
        Some("list") => list(report),
        Some("show") => show(report),
        Some("replay") => replay(report),
        _ => purge(report),
    }
    notes(report);
}

fn list(report: &Value) {
    let rows = rows(&report["letters"], |letter| row(letter, &letter["reason"]));
    table::print(&["ID", "REFUSED", "FUNCTION", "RECORD", "ERROR", "REASON"], &rows);
    let counts = ["function", "topic", "error_code"].map(|by| {
        let counts = report["counts"][by].as_object().into_iter().flatten();
        let counts: Vec<String> = counts.map(|(name, count)| format!("{name} {count}")).collect();
        counts.join(", ")
    });
    say(format_args!("{} in all", report["matched"]));
    for counts in counts.iter().filter(|counts| !counts.is_empty()) {
        say(format_args!("  {counts}"));
    }
    if report["left_out"] != 0 {
        say(format_args!("{} more are not shown; see --limit", report["left_out"]));
    }
}

fn show(report: &Value) {
    let letter = &report["letter"];
    for (name, value) in [
        ("id", text(&letter["id"])),
        ("refused", text(&letter["refused_at"])),
        ("function", text(&letter["function"])),
        ("record", record(letter)),
        ("written", text(&letter["timestamp"])),
        ("error", text(&letter["error_code"])),
        ("reason", text(&letter["reason"])),
        ("messages", text(&letter["parts"])),
    ] {
        say(format_args!("{name:<9} {value}"));
    }
    for record in report["records"].as_array().into_iter().flatten() {
        say(format_args!(
            "\n{}-{} offset {}, written {}",
            text(&record["topic"]),
            record["partition"],
            record["offset"],
            text(&record["timestamp"])
        ));
        say(format_args!("key       {}", shown(&record["key"])));
        for header in record["headers"].as_array().into_iter().flatten() {
            say(format_args!("header    {}: {}", text(&header[0]), shown(&header[1])));
        }
        if let Some(unread) = record["unread_headers"].as_str() {
            say(format_args!("headers   {unread}"));
        }
        say("payload");
        let payload = shown(&record["payload"]);
        say(pretty(&payload).unwrap_or(payload));
    }
    for missing in report["not_shown"].as_array().into_iter().flatten() {
        say(format_args!("\nnot shown: {}", text(missing)));
    }
    if let Some(body) = report["body"].as_str() {
        say("\nmessage");
        say(pretty(body).unwrap_or_else(|| body.to_owned()));
    }
}

fn replay(report: &Value) {
    outcomes(report);
    let to = if report["to"] == "topic" {
        "their topics"
    } else {
        "the functions that refused them"
    };
    if report["dry_run"] == true {
        say(format_args!(
            "{} match; nothing was sent to {to} or changed",
            report["matched"]
        ));
    } else {
        say(format_args!(
            "{} of {} sent to {to} and deleted, {} records; {} failed, {} left",
            report["replayed"], report["matched"], report["records"], report["failed"], report["left"]
        ));
    }
}

fn purge(report: &Value) {
    outcomes(report);
    if report["dry_run"] == true {
        say(format_args!("{} match; nothing was deleted", report["matched"]));
    } else {
        say(format_args!("{} of {} deleted", report["deleted"], report["matched"]));
    }
}

fn outcomes(report: &Value) {
    let rows = rows(&report["letters"], |letter| {
        let mut row = row(letter, letter.get("why").unwrap_or(&Value::Null));
        row.insert(0, text(&letter["outcome"]));
        row
    });
    table::print(
        &["OUTCOME", "ID", "REFUSED", "FUNCTION", "RECORD", "ERROR", "WHY"],
        &rows,
    );
    if report["left_out"] != 0 {
        say(format_args!("{} more are not shown", report["left_out"]));
    }
}

/// What the answer does not tell.
fn notes(report: &Value) {
    if report["hidden"] != 0 {
        say(format_args!(
            "about {} messages are hidden just now, because somebody else has received them; they are not told of here",
            report["hidden"]
        ));
    }
    if report["complete"] == false {
        say("not all of the queue was looked at: there was no more time or memory; do it again");
    }
    if report["not_given_back"] != 0 {
        say(format_args!(
            "{} messages could not be made visible at once; they are within two minutes",
            report["not_given_back"]
        ));
    }
}

fn rows(letters: &Value, row: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    letters.as_array().into_iter().flatten().map(row).collect()
}

fn row(letter: &Value, last: &Value) -> Vec<String> {
    let refused = text(&letter["refused_at"]);
    let last = text(last);
    let last = match last.char_indices().nth(REASON) {
        None => last,
        Some((end, _)) => format!("{}…", &last[..end]),
    };
    vec![
        text(&letter["id"]),
        refused
            .split('.')
            .next()
            .unwrap_or(NOTHING)
            .trim_end_matches('Z')
            .to_owned(),
        text(&letter["function"]),
        record(letter),
        text(&letter["error_code"]),
        last.replace('\n', " "),
    ]
}

/// Where a letter's records stand: `topic-partition offset`.
fn record(letter: &Value) -> String {
    let mut text = match letter["offsets"].as_array() {
        Some(spans) => {
            let span = |span: &Value| {
                let topic = text(&span["topic"]);
                format!("{topic}-{} {} to {}", span["partition"], span["first"], span["last"])
            };
            spans.iter().map(span).collect::<Vec<_>>().join(", ")
        }
        None if letter["offset"].is_null() => NOTHING.to_owned(),
        None => format!(
            "{}-{} {}",
            text(&letter["topic"]),
            letter["partition"],
            letter["offset"]
        ),
    };
    if let Some(missing) = letter["parts_missing"].as_array() {
        text += &format!(" ({} of {} parts are not to be seen)", missing.len(), letter["parts"]);
    }
    text
}

/// Text or base64, as the desk tells them apart.
fn shown(value: &Value) -> String {
    match (value["text"].as_str(), value["base64"].as_str()) {
        (Some(text), _) => text.to_owned(),
        (_, Some(base64)) => format!("(base64) {base64}"),
        _ => "(none)".to_owned(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
