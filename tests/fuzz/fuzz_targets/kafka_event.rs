//! `./tests/fuzz kafka_event`; what it does is in `tests/src/fuzz.rs`.
#![no_main]

#[path = "../../src/fuzz.rs"]
#[allow(dead_code)]
mod fuzz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::target("kafka_event")(bytes));
