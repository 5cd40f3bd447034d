//! The measurements of `./tests/bench`. Each prints a ratio to a limit taken in the same run, because machines are shared and noisy.
//!
//! A package of its own, because test code is compiled without optimization and this is not.

mod api;
mod cold_start;
mod handler;
mod latency;
mod memory;
mod publish;
mod rows;
mod times;

use std::path::PathBuf;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    match what.as_str() {
        "api" => api::run().await,
        "rows" => rows::run().await,
        "handler" => handler::run().await,
        "latency" => latency::run().await,
        "publish" => publish::run().await,
        "cold-start" => {
            let directory = PathBuf::from(arguments.next().unwrap_or_default());
            cold_start::run(&directory, &arguments.collect::<Vec<_>>()).await;
        }
        "memory" => {
            let directory = PathBuf::from(arguments.next().unwrap_or_default());
            let invocations = arguments
                .next()
                .and_then(|number| number.parse().ok())
                .unwrap_or(100_000);
            memory::run(&directory, invocations, &arguments.collect::<Vec<_>>()).await;
        }
        other => {
            eprintln!(
                "bench {other:?}: allowed are handler, publish, latency, api, rows, cold-start DIRECTORY FUNCTION... and memory DIRECTORY INVOCATIONS FUNCTION..."
            );
            std::process::exit(2);
        }
    }
}
