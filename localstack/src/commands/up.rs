//! `up`: starts the stack in the background and waits until it is ready.

mod launch;
mod welcome;

use std::time::Instant;

use rustix::process::Signal;

use self::welcome::{print_endpoints, print_requests};
use super::{CommandError, say};
use crate::stack::daemon::READY;
use crate::stack::{StackOptions, StackPaths, State};

/// Starts the stack, unless it runs already, and prints what happens and where everything is.
///
/// # Errors
/// [`CommandError::NotStarted`] says what the stack said last.
pub async fn up(paths: &StackPaths, options: &StackOptions) -> Result<(), CommandError> {
    if let Some(state) = State::running(paths)? {
        if !state.is_ready {
            return Err(CommandError::Starting);
        }
        say(format_args!("the stack is already running (pid {})", state.process.pid));
        print_endpoints(&state);
        print_requests(&state);
        if state.live != options.live {
            let kind = if state.live { "with --live" } else { "on the feed" };
            say(format_args!(
                "it runs {kind}; to change that: ./localstack/down, then up again"
            ));
        }
        if options.docker && state.endpoints.docker.is_none() {
            return Err(CommandError::NoDocker);
        }
        return Ok(());
    }
    end_leftovers(paths)?;
    let began = Instant::now();
    launch::start(paths, options).await?;
    let state = State::running(paths)?.ok_or(CommandError::NotRunning)?;
    print_endpoints(&state);
    say(format_args!("{READY} in {:.1} s", began.elapsed().as_secs_f64()));
    print_requests(&state);
    Ok(())
}

/// What a crashed stack may have left; its servers die with it, so this finds something only when the system is in trouble.
fn end_leftovers(paths: &StackPaths) -> Result<(), CommandError> {
    for process in State::read(paths)?.map(|state| state.alive()).unwrap_or_default() {
        say(format_args!("ending process {} that a crashed stack left", process.pid));
        process
            .signal(Signal::KILL)
            .map_err(CommandError::system(format!("end process {}", process.pid)))?;
    }
    Ok(())
}
