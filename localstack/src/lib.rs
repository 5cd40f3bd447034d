//! The local stack: the whole flow on one machine, with real servers, without Docker and without an AWS account.

pub mod emulator;
