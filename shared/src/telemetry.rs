//! JSON logs, one line a batch at info and one a record at debug; traces where there is somebody to receive them. Never secrets, never payloads.

use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

use crate::config::{ConfigError, environment, say_read, var};
use crate::trace;

/// Starts logging to standard output, at `LOG_LEVEL` (default `info`; libraries at `warn`), and tracing to `OTEL_EXPORTER_OTLP_ENDPOINT` if it is set.
///
/// # Errors
/// [`ConfigError`] when `LOG_LEVEL` is no filter or the endpoint is no URL.
pub fn init() -> Result<(), ConfigError> {
    let filter = filter(environment(var::LOG_LEVEL).unwrap_or_else(|| "info".to_owned()))?;
    // Each has a filter of its own, so that a level for the log is none for the traces.
    let started = match trace::start(&environment)? {
        None => registry().with(filter).with(lines()).try_init(),
        Some(tracer) => registry()
            .with(lines().with_filter(filter))
            .with(trace::layer(tracer))
            .try_init(),
    };
    // A second call finds a subscriber set, which is what it wanted.
    if started.is_err() {
        tracing::debug!("logging was set up already");
    }
    // Until now nobody could hear it.
    say_read(var::LOG_LEVEL);
    say_read(var::OTLP_ENDPOINT);
    Ok(())
}

/// The log, a line of JSON for each event.
fn lines<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        // That of `function::run`, with the ids of the invocation.
        .with_current_span(true)
        .with_span_list(false)
}

fn filter(level: String) -> Result<EnvFilter, ConfigError> {
    let allowed = "error, warn, info, debug, trace, or a filter such as info,krafka=debug";
    let directives = if level.contains([',', '=']) {
        level.clone()
    } else {
        with_quiet_libraries(&level)
    };
    // The spans of a trace are not the log's.
    EnvFilter::try_new(format!("{directives},{}=off", trace::TARGET)).map_err(|_| ConfigError::Invalid {
        name: var::LOG_LEVEL,
        value: level,
        allowed,
    })
}

/// Libraries tell their own story at info and debug; ours is one line a batch.
fn with_quiet_libraries(level: &str) -> String {
    let loud = [
        "aws",
        "h2",
        "hyper",
        "hyper_util",
        "krafka",
        "reqwest",
        "rustls",
        "sqlx",
    ];
    // The runtime logs every error that a handler answers, which the handler has logged already. A panic still shows on standard error.
    loud.iter()
        .fold(format!("{level},lambda_runtime=off"), |directives, library| {
            format!("{directives},{library}=warn")
        })
}
