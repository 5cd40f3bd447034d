//! What every function of Hwanyul shares: payload types, exact numbers, Redis cache operations, batch handling, the publisher, configuration
//! and telemetry. Functions depend on this crate and never on each other; `currency`, `rate`, `time` and `event` know no Redis, Kafka, Lambda
//! or clock.

pub mod api;
pub mod apply;
mod aws;
pub mod batch;
pub mod cache;
mod certificate;
pub mod config;
pub mod country;
pub mod currency;
pub mod dead_letter;
pub mod ecb;
pub mod event;
pub mod function;
pub mod held;
pub mod metrics;
pub mod pair;
pub mod period;
pub mod progress;
pub mod provenance;
pub mod publish;
pub mod rate;
pub mod record;
pub mod reread;
pub mod schedule;
pub mod secrets;
pub mod sqs;
pub mod store;
pub mod telemetry;
pub mod time;
pub mod trace;
