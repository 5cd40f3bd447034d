//! JSON logs, one line a batch at info and one a record at debug. Never secrets, never payloads.

use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, environment, var};

/// Starts logging to standard output, at `LOG_LEVEL` (default `info`; libraries at `warn`).
///
/// # Errors
/// [`ConfigError`] when `LOG_LEVEL` is no filter.
pub fn init() -> Result<(), ConfigError> {
    let level = environment(var::LOG_LEVEL).unwrap_or_else(|| "info".to_owned());
    let allowed = "error, warn, info, debug, trace, or a filter such as info,krafka=debug";
    let directives = if level.contains([',', '=']) {
        level.clone()
    } else {
        with_quiet_libraries(&level)
    };
    let filter = EnvFilter::try_new(directives).map_err(|_| ConfigError::Invalid {
        name: var::LOG_LEVEL,
        value: level,
        allowed,
    })?;
    // A second call finds a subscriber set, which is what it wanted.
    if tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        // That of `function::run`, with the ids of the invocation.
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init()
        .is_err()
    {
        tracing::debug!("logging was set up already");
    }
    Ok(())
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
