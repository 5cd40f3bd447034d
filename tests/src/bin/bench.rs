//! `./tests/bench`: see `flows::bench`.

use std::path::PathBuf;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    match what.as_str() {
        "api" => flows::bench::api::run().await,
        "rows" => flows::bench::rows::run().await,
        "handler" => flows::bench::handler::run().await,
        "latency" => flows::bench::latency::run().await,
        "publish" => flows::bench::publish::run().await,
        "cold-start" => {
            let directory = PathBuf::from(arguments.next().unwrap_or_default());
            flows::bench::cold_start::run(&directory, &arguments.collect::<Vec<_>>()).await;
        }
        "memory" => {
            let directory = PathBuf::from(arguments.next().unwrap_or_default());
            let invocations = arguments
                .next()
                .and_then(|number| number.parse().ok())
                .unwrap_or(100_000);
            flows::bench::memory::run(&directory, invocations, &arguments.collect::<Vec<_>>()).await;
        }
        other => {
            eprintln!(
                "bench {other:?}: allowed are handler, publish, latency, api, rows, cold-start DIRECTORY FUNCTION... and memory DIRECTORY INVOCATIONS FUNCTION..."
            );
            std::process::exit(2);
        }
    }
}
