//! (d) Cold start: from spawn to the first `next`, against a hello-world on the same runtime. (e) Size of each bootstrap.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::times::{Times, report};

/// From spawn to the first request on the Runtime API, which is `next`.
async fn cold(binary: &Path) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let queue = "http://127.0.0.1:9/000000000000/dead-letters";
    let mut command = Command::new(binary);
    command
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .envs([
            (
                "AWS_LAMBDA_RUNTIME_API",
                listener.local_addr().unwrap().to_string().as_str(),
            ),
            ("AWS_LAMBDA_FUNCTION_NAME", "cold"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "s"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "g"),
            ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9"),
            ("REDIS_URL", "redis://127.0.0.1:9"),
            ("DATABASE_URL", "postgres://postgres@127.0.0.1:9/none"),
            ("MONGODB_URI", "mongodb://127.0.0.1:9/none"),
            ("DEAD_LETTER_QUEUE_URL", queue),
        ]);
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    let (mut stream, _) = tokio::time::timeout(Duration::from_secs(10), listener.accept())
        .await
        .unwrap()
        .unwrap();
    let mut head = [0; 64];
    let read = stream.read(&mut head).await.unwrap();
    let took = started.elapsed();
    assert!(
        head[..read].starts_with(b"GET /2018-06-01/runtime/invocation/next"),
        "{binary:?} asked for something else first"
    );
    child.kill().await.unwrap();
    took
}

/// Measures and prints every binary in `directory` that has the name of a function.
///
/// # Panics
/// When a binary is missing.
pub async fn run(directory: &Path, functions: &[String]) {
    for name in functions {
        let (mut measured, mut limit) = (Vec::new(), Vec::new());
        for round in 0..22 {
            let hello = cold(&directory.join("hello")).await;
            let own = cold(&directory.join(name)).await;
            if round >= 2 {
                limit.push(hello);
                measured.push(own);
            }
        }
        report(
            &format!("(d) cold start, {name}"),
            Times::new(measured).median(),
            "hello-world",
            Times::new(limit).median(),
            "goal <= 1.5",
        );
    }
}
