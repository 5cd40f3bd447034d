//! What every function of Hwanyul shares. Functions depend on this crate and never on each other. A module stands on one of three layers and imports from
//! its own layer and those below it, never from above:
//!
//! - **Top: serving a function.** [`batch`] takes Kafka's events from Lambda (decodes, applies, retries, dead-letters), [`api`] answers HTTP requests, and
//!   [`function`] is what both run on.
//! - **Middle: one module for each thing outside.** [`kafka`], [`publish`] (Kafka with its SQS backup), [`cache`] (Redis), [`store`] (PostgreSQL),
//!   [`dead_letter`] and [`sqs`], `secrets` (Secrets Manager), [`aws`] (how long any of its services is waited for), [`metrics`], [`trace`] and
//!   [`telemetry`]; [`apply`] says which of their errors pass, [`progress`] how far a source has come in Kafka's partitions.
//! - **Floor: values, and what every module needs.** Money and time ([`currency`], [`country`], [`rate`], [`number`], [`cross`], [`time`], [`period`]), what
//!   travels ([`event`], [`record`]), what is known of sources ([`source`], [`schedule`], [`ecb`], [`held`], [`provenance`]); they know no Redis, Kafka, Lambda or clock.
//!   [`config`] reads the environment, [`error_chain`] writes an error as one line, [`refused_login`] remembers that a password was refused.

// Top.
pub mod api;
pub mod batch;
pub mod function;

// Middle.
pub mod apply;
pub mod aws;
pub mod cache;
pub mod dead_letter;
pub mod kafka;
pub mod metrics;
pub mod progress;
pub mod publish;
mod secrets;
pub mod sqs;
pub mod store;
pub mod telemetry;
pub mod trace;

// Floor.
mod certificate;
pub mod config;
pub mod country;
pub mod cross;
pub mod currency;
pub mod ecb;
pub mod error_chain;
pub mod event;
pub mod held;
pub mod number;
pub mod period;
pub mod provenance;
pub mod rate;
pub mod record;
pub mod refused_login;
pub mod schedule;
mod serde_text;
mod sorted_table;
pub mod source;
pub mod time;
