//! What the flow tests stand on: the real servers that `./tests/run` starts, and a corner of each that belongs to one test.

pub mod api;
pub mod asyncapi;
pub mod checkout;
pub mod contract;
pub mod docker;
pub mod documents;
pub mod ecb;
pub mod ecb_server;
pub mod faults;
pub mod fuzz;
pub mod kafka_topic;
pub mod openapi;
pub mod own_stores;
pub mod pipeline;
pub mod proxy;
pub mod queue;
pub mod read_apis;
pub mod receiver;
pub mod records;
pub mod rie;
pub mod rotation;
pub mod sam;
pub mod samples;
pub mod secrets;
pub mod secured;
pub mod services;

pub use own_stores::{own_database, own_redis_database};
pub use queue::received;
pub use records::{RawRecord, in_use, kafka_event, rate};
pub use services::Services;

/// The value of a variable that `./tests/run` sets.
#[must_use]
pub fn server(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: these tests need real servers, run them with ./tests/run"))
}

/// A program that `./localstack/install` put into the cache.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn tool(path: &str) -> std::path::PathBuf {
    let cache = std::env::var("HWANYUL_CACHE")
        .map(std::path::PathBuf::from)
        .unwrap_or_else(|_| {
            let base = std::env::var("XDG_CACHE_HOME").map(std::path::PathBuf::from);
            base.unwrap_or_else(|_| std::path::PathBuf::from(std::env::var("HOME").unwrap()).join(".cache"))
                .join("hwanyul")
        });
    let program = cache.join(path);
    assert!(
        program.exists(),
        "{} is missing: run ./localstack/install all",
        program.display()
    );
    program
}
