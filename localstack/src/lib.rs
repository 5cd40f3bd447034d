//! The local stack: the whole flow on one machine, with real servers, without Docker and without an AWS account.
//!
//! Crate `servers` has the real servers and crate `emulator` runs the template's functions; `feed` stands in for the rate providers, `stack`
//! puts them together, and `commands` are what a person types. Tests use `servers` and `feed` as well.

pub mod commands;
pub mod feed;
pub mod stack;
