#!/usr/bin/env bash
# chrono's `NaiveDate: FromStr` takes more than YYYY-MM-DD: a plus sign before the year, blanks before a number, months and days of one digit, years of
# five digits. Its documentation shows `2015-09-18` and `+12345-6-7`, and says nothing of blanks. Deserialize calls the same parser.
#
# Why it matters: a rate's day comes from a query string or from a provider's file. There `date=%2B2026-1-01` and `date=2026-%201-01` are two more
# spellings of one day, hence two more entries of a cache that is keyed by the text, and a column that slipped (" 1") is read as a day instead of refused.
# A reader that wants exactly YYYY-MM-DD has to check the form before it parses.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "dates"
version = "0.0.0"
edition = "2021"
[dependencies]
chrono = { version = "=0.4.45", default-features = false, features = ["std", "serde"] }
serde_json = "=1.0.154"
TOML
cat >"$folder/src/main.rs" <<'RUST'
use chrono::NaiveDate;
fn main() {
    for text in ["2026-01-01", "+2026-1-01", "2026- 1-01", " 2026-01-01", "2026-1-1", "2026-01-01 ", "20260101"] {
        let parsed = text.parse::<NaiveDate>().map_or("refused".to_owned(), |day| day.to_string());
        let json = serde_json::from_value::<NaiveDate>(text.into()).map_or("refused".to_owned(), |day| day.to_string());
        println!("{text:?} {parsed} {json}");
    }
}
RUST
seen=$(cd "$folder" && cargo run --quiet)
echo "chrono $(awk '/name = "chrono"/ { getline; gsub(/"/, ""); print $3 }' "$folder/Cargo.lock"): text, FromStr, serde_json"
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
"2026-01-01" 2026-01-01 2026-01-01
"+2026-1-01" 2026-01-01 2026-01-01
"2026- 1-01" 2026-01-01 2026-01-01
" 2026-01-01" 2026-01-01 2026-01-01
"2026-1-1" 2026-01-01 2026-01-01
"2026-01-01 " 2026-01-01 2026-01-01
"20260101" refused refused
SEEN
