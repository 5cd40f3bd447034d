//! (f) A read through the function alone, on its Runtime API, against the bare Redis command that it stands on; one reader, and fifty at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use shared::currency::CurrencyCode;

use crate::times::{Times, report};
use tests::api::Ask;
use tests::pipeline::Pipeline;

/// Requests that each measurement counts.
const SAMPLES: usize = 1000;

/// Measures and prints.
///
/// # Panics
/// When the pipeline does not run.
pub async fn run() {
    let pipeline = Arc::new(Pipeline::start(&[]).await);
    pipeline.invoke("ingestor", json!({})).await.unwrap();
    pipeline.caught_up().await;
    let client = redis::Client::open(pipeline.redis.url()).unwrap();
    let one = vec![CurrencyCode::USD];
    let all: Vec<CurrencyCode> = CurrencyCode::all().filter(|code| *code != CurrencyCode::KRW).collect();
    for (name, path, codes) in [
        ("GET /currencies/USD", "/api/v1/currencies/USD", one),
        ("GET /currencies/latest", "/api/v1/currencies/latest", all),
    ] {
        let event = Bytes::from(Ask::get(path).event().to_string());
        for at_once in [1, 50] {
            // Every instance is started and connected before anything counts.
            readers(at_once, at_once * 4, || function(&pipeline, &event)).await;
            let connections = connections(&client, at_once).await;
            let own = readers(at_once, SAMPLES, || function(&pipeline, &event)).await;
            let mut next = 0;
            let bare = readers(at_once, SAMPLES, || {
                next += 1;
                bare(connections[next % connections.len()].clone(), &codes)
            })
            .await;
            for percent in [50, 99] {
                report(
                    &format!("(f) {name}, {at_once} at once, p{percent}"),
                    own.percentile(percent),
                    if codes.len() == 1 {
                        "HGETALL"
                    } else {
                        "pipeline of HGETALL"
                    },
                    bare.percentile(percent),
                    "",
                );
            }
        }
    }
    match Arc::try_unwrap(pipeline) {
        Ok(pipeline) => pipeline.stop().await,
        Err(_) => panic!("a reader still runs"),
    }
}

/// Times `count` reads, `at_once` of them under way at any time.
async fn readers<F>(at_once: usize, count: usize, mut read: impl FnMut() -> F) -> Times
where
    F: Future<Output = Duration> + Send + 'static,
{
    let mut running = tokio::task::JoinSet::new();
    let mut times = Vec::with_capacity(count);
    for _ in 0..at_once {
        running.spawn(read());
    }
    while let Some(time) = running.join_next().await {
        times.push(time.unwrap());
        if times.len() + running.len() < count {
            running.spawn(read());
        }
    }
    Times::new(times)
}

fn function(pipeline: &Arc<Pipeline>, event: &Bytes) -> impl Future<Output = Duration> + Send + 'static {
    let (pipeline, event) = (Arc::clone(pipeline), event.clone());
    async move {
        let started = Instant::now();
        let invocation = pipeline.emulator.invoke("currency-api", event).await.unwrap();
        let took = started.elapsed();
        let answer: Value = serde_json::from_slice(&invocation.payload).unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
        took
    }
}

async fn connections(client: &redis::Client, count: usize) -> Vec<MultiplexedConnection> {
    let mut connections = Vec::new();
    for _ in 0..count {
        connections.push(client.get_multiplexed_async_connection().await.unwrap());
    }
    connections
}

fn bare(
    mut connection: MultiplexedConnection,
    codes: &[CurrencyCode],
) -> impl Future<Output = Duration> + Send + 'static {
    let mut pipeline = redis::pipe();
    for code in codes {
        pipeline.cmd("HGETALL").arg(format!("rate:{code}"));
    }
    async move {
        let started = Instant::now();
        let answer: Vec<redis::Value> = pipeline.query_async(&mut connection).await.unwrap();
        let took = started.elapsed();
        assert!(!answer.is_empty());
        took
    }
}
