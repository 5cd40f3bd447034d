//! The emulator with a real function (`examples/echo_function.rs`), a real Kafka and LocalStack's SQS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod any_language;
mod deploy;
mod http_api;
mod invoke;
mod invoke_tail;
mod mapping;
mod mapping_concurrency;
mod mapping_destinations;
mod mapping_failures;
mod mapping_pause;
mod mapping_pollers;
mod mapping_readings;
mod queues;
mod recovery;
mod schedule;
mod support;
