//! The emulator with a real function (`examples/echo_function.rs`) and a real Kafka.

mod deploy;
mod invoke;
mod mapping;
mod recovery;
mod schedule;
mod support;
