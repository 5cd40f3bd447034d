//! The ingestor against real HTTP, Kafka and Redis.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests and what they share"
)]

mod circuits;
mod clocks;
mod closed_days;
mod documents;
mod faults;
mod held;
mod jumps;
mod logs;
mod outages;
mod publishing;
mod settings;
mod support;
