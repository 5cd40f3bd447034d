//! (h) Memory: the resident size of each function's process over a hundred thousand invocations of its sample event, on real servers.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::process::Command;

use tests::samples::{Samples, event};

/// How often the size is taken.
const LOOKS: u64 = 10;

/// A Runtime API that hands out one event again and again.
struct Endless {
    event: String,
    most: u64,
    given: AtomicU64,
    failed: AtomicU64,
}

/// Serves the Runtime API for one process; gives its address.
async fn serve(endless: &Arc<Endless>) -> String {
    let (next, error) = (Arc::clone(endless), Arc::clone(endless));
    let next = move || async move {
        let number = next.given.fetch_add(1, Ordering::Relaxed);
        if number >= next.most {
            std::future::pending::<()>().await;
        }
        let deadline = chrono::Utc::now().timestamp_millis() + 60_000;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (
                "lambda-runtime-aws-request-id",
                format!("00000000-0000-4000-8000-{number:012}"),
            ),
            ("lambda-runtime-deadline-ms", deadline.to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:000000000000:function:bench".to_owned(),
            ),
        ] {
            headers.insert(name, HeaderValue::from_str(&value).unwrap());
        }
        (headers, next.event.clone()).into_response()
    };
    let failed = move || async move {
        error.failed.fetch_add(1, Ordering::Relaxed);
        StatusCode::ACCEPTED
    };
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(|| async { StatusCode::ACCEPTED }),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(failed));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Resident kilobytes of a process.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Invokes each function `invocations` times, one after the other, and prints how its size went.
///
/// # Panics
/// When a function dies, or fails an invocation.
pub async fn run(directory: &Path, invocations: u64, functions: &[String]) {
    let samples = Samples::start().await;
    for function in functions {
        one(directory, function, invocations, &samples.environment).await;
    }
}

async fn one(directory: &Path, function: &str, invocations: u64, environment: &BTreeMap<String, String>) {
    let endless = Arc::new(Endless {
        event: event(function),
        most: invocations,
        given: AtomicU64::new(0),
        failed: AtomicU64::new(0),
    });
    let began = Instant::now();
    let mut child = Command::new(directory.join(function))
        .envs(environment)
        .env("AWS_LAMBDA_RUNTIME_API", serve(&endless).await)
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
        .env("LOG_LEVEL", "error")
        // What a click is counted under is its address, and all of these come from one.
        .env("CLICK_LIMIT_PER_MINUTE", "1000000000")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pid = child.id().unwrap();
    let mut sizes = Vec::new();
    for look in 1..=LOOKS {
        let until = invocations * look / LOOKS;
        // The event after the last one is asked for when the last one is done.
        while endless.given.load(Ordering::Relaxed) <= until.min(invocations) - u64::from(look < LOOKS) {
            assert!(child.try_wait().unwrap().is_none(), "{function} died");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sizes.push(resident(pid));
    }
    child.kill().await.unwrap();
    let failed = endless.failed.load(Ordering::Relaxed);
    assert_eq!(failed, 0, "{function} failed {failed} of {invocations} invocations");
    let (first, last) = (sizes[0], sizes[sizes.len() - 1]);
    let megabytes = |size: u64| size as f64 / 1024.0;
    println!(
        "(h) memory, {function:<38} {:>6.1} MiB after {:>6}, {:>6.1} MiB after {invocations}: {:+.1} %, most {:.1}, in {:.0} s",
        megabytes(first),
        invocations / LOOKS,
        megabytes(last),
        (last as f64 / first as f64 - 1.0) * 100.0,
        megabytes(*sizes.iter().max().unwrap()),
        began.elapsed().as_secs_f64()
    );
}
