//! Serves a Lambda function, measures each invocation, and puts its ids into each line of its log.

use std::time::Instant;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

use crate::metrics;

/// Calls `handle` with each event until the Runtime API ends.
///
/// # Errors
/// When the Runtime API ends.
pub async fn run<A, R, E>(handle: impl AsyncFn(LambdaEvent<A>) -> Result<R, E>) -> Result<(), Error>
where
    A: for<'de> Deserialize<'de>,
    R: Serialize,
    E: Into<Diagnostic> + std::fmt::Debug,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<A>| {
        let began = Instant::now();
        metrics::begin(&event.context.request_id);
        // Boxed, because a function's future around the runtime's is deeper than the compiler follows.
        let span = tracing::info_span!(
            "invocation",
            request_id = event.context.request_id,
            xray_trace_id = event.context.xray_trace_id
        );
        let answer = Box::pin(handle(event)).instrument(span).await;
        metrics::end(began.elapsed(), answer.is_err());
        answer
    }))
    .await
}
