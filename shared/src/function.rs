//! Serves a Lambda function, measures and traces each invocation, and puts its ids into each line of its log.

use std::time::{Instant, SystemTime};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

use crate::trace::{Invocation, Trigger};
use crate::{metrics, trace};

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
    run_for(Trigger::Other, handle).await
}

/// The same for a function that `trigger` invokes.
pub(crate) async fn run_for<A, R, E>(
    trigger: Trigger,
    handle: impl AsyncFn(LambdaEvent<A>) -> Result<R, E>,
) -> Result<(), Error>
where
    A: for<'de> Deserialize<'de>,
    R: Serialize,
    E: Into<Diagnostic> + std::fmt::Debug,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<A>| async move {
        let began = Instant::now();
        metrics::begin(&event.context.request_id);
        let deadline = event.context.deadline();
        let invocation = Invocation::begin(&event.context, trigger);
        let log = invocation.log();
        // Boxed, because a function's future around the runtime's is deeper than the compiler follows.
        let work = Box::pin(async move { handle(event).await.map_err(Into::into) });
        let answer: Result<R, Diagnostic> = invocation.around(work).await;
        // Before the answer, after which Lambda freezes the process; and never so long that there is no time for the answer.
        let time_left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        trace::flush(time_left / 2).instrument(log).await;
        metrics::end(began.elapsed(), answer.is_err());
        answer
    }))
    .await
}
