//! The emulator with a real function (`examples/echo_function.rs`) and a real Kafka.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod deploy;
mod http_api;
mod invoke;
mod mapping;
mod recovery;
mod schedule;
mod support;
