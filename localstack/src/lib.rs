//! The local stack: the whole flow on one machine, with real servers, without Docker and without an AWS account.
//!
//! `servers` are the real servers, `feed` stands in for the rate providers, `emulator` runs the template's functions, `stack`
//! puts them together, and `commands` are what a person types. Tests use `servers` and `feed` as well.

pub mod commands;
pub mod emulator;
pub mod feed;
pub mod process_table;
pub mod servers;
pub mod stack;
pub mod wrapper;
