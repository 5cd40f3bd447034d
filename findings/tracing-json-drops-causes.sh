#!/usr/bin/env bash
# tracing lets an event carry an error as a value (`error = &error as &dyn std::error::Error`). The plain text format of tracing-subscriber 0.3.23 prints the
# error with its sources; the JSON format prints the error's own text and drops them, because it leaves `record_error` to tracing-core's default.
#
# Why it matters: Lambda's log is JSON (lambda_runtime switches to it by AWS_LAMBDA_LOG_FORMAT), and errors made with thiserror keep causes in `source()`. What
# says "connection refused" or "wrong password" on the developer's terminal says "cannot store the rates" in CloudWatch. Log the chain as a text of one's own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "causes"
version = "0.0.0"
edition = "2021"
[dependencies]
tracing = "=0.1.44"
tracing-subscriber = { version = "=0.3.23", features = ["json"] }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use std::{error::Error, fmt, io};
#[derive(Debug)]
struct Store(io::Error);
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot store the rates")
    }
}
impl Error for Store {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
fn main() {
    let error = Store(io::Error::from(io::ErrorKind::ConnectionRefused));
    let log = || tracing::error!(error = &error as &dyn Error, "failed");
    let plain = tracing_subscriber::fmt().without_time().with_target(false).with_ansi(false).finish();
    tracing::subscriber::with_default(plain, log);
    let json = tracing_subscriber::fmt().json().without_time().with_target(false).finish();
    tracing::subscriber::with_default(json, log);
}
RUST
seen=$(cargo run -q --manifest-path "$folder/Cargo.toml")
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
ERROR failed error=cannot store the rates error.sources=[connection refused]
{"level":"ERROR","fields":{"message":"failed","error":"cannot store the rates"}}
SEEN
