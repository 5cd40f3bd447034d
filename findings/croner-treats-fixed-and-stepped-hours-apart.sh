#!/usr/bin/env bash
# croner 4.0.3 knows two kinds of cron expressions where clocks change. One with a fixed minute and hour (`30 2 * * *`) that falls into the skipped hour fires
# at its end, 03:00 (not half an hour later, and not never), and once in the repeated hour. One whose minutes are steps (`*/30 2 * * *`), which names the
# same 02:30, never fires on the first day and fires at each 02:30 of the second, an hour apart in UTC.
#
# Why it matters: EventBridge Scheduler, which runs Lambda functions by the clock of a city (ScheduleExpressionTimezone), skips a time that does not exist and
# runs a repeated one once, whatever the expression looks like (EventBridge Scheduler user guide, "Daylight savings time on EventBridge Scheduler"). An
# ingestor that is scheduled around a fixing at 02:30 of Frankfurt would on a laptop, by this library, run when AWS does not, or twice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "firings"
version = "0.0.0"
edition = "2021"
[dependencies]
chrono = "=0.4.45"
chrono-tz = "=0.10.4"
croner = "=4.0.3"
TOML
cat >"$folder/src/main.rs" <<'RUST'
use std::str::FromStr;

use chrono::{TimeZone, Utc};
use chrono_tz::Europe::Berlin;
use croner::Cron;

fn main() {
    // From 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
    for (month, day) in [(3, 29), (10, 25)] {
        for text in ["30 2 * * *", "*/30 2 * * *"] {
            let cron = Cron::from_str(text).unwrap();
            let mut at = Berlin.with_ymd_and_hms(2026, month, day, 0, 0, 0).unwrap();
            let end = Berlin.with_ymd_and_hms(2026, month, day, 23, 0, 0).unwrap();
            let mut fired = Vec::new();
            while let Ok(next) = cron.find_next_occurrence(&at, false) {
                if next >= end {
                    break;
                }
                fired.push(format!("{} ({})", next.format("%H:%M %Z"), next.with_timezone(&Utc).format("%H:%MZ")));
                at = next;
            }
            println!("2026-{month:02}-{day} {text}: {}", if fired.is_empty() { "never".to_owned() } else { fired.join(", ") });
        }
    }
}
RUST
seen=$(cd "$folder" && cargo run --quiet)
echo "croner $(awk '/name = "croner"/ { getline; gsub(/"/, ""); print $3 }' "$folder/Cargo.lock"), Europe/Berlin"
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
2026-03-29 30 2 * * *: 03:00 CEST (01:00Z)
2026-03-29 */30 2 * * *: never
2026-10-25 30 2 * * *: 02:30 CEST (00:30Z)
2026-10-25 */30 2 * * *: 02:00 CEST (00:00Z), 02:30 CEST (00:30Z), 02:00 CET (01:00Z), 02:30 CET (01:30Z)
SEEN
