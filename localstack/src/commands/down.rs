//! `down`: ends the stack and checks that nothing is left.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use servers::process_table::{Identity, descendants};

use super::{CommandError, say};
use crate::stack::{StackPaths, State};

/// How long the stack may take to end in order.
const IN_ORDER: Duration = Duration::from_secs(30);
/// How long killed processes may take to disappear.
const KILLED: Duration = Duration::from_secs(5);

/// Ends the stack in order; data stays. Without a stack it says so.
///
/// # Errors
/// [`CommandError::NotStopped`] names the processes that would not end.
pub async fn down(paths: &StackPaths) -> Result<(), CommandError> {
    let Some(state) = State::read(paths)? else {
        say("the stack is not running");
        return Ok(());
    };
    let began = Instant::now();
    let mut all = descendants(state.process.pid);
    if !state.process.is_alive() {
        // A crash: the pid may be another process's by now, so only what was written down counts.
        all.clear();
    }
    all.extend(state.alive());
    if all.is_empty() {
        say("the stack is not running");
        return Ok(());
    }
    state
        .process
        .signal(Signal::TERM)
        .map_err(CommandError::system("stop the stack"))?;
    let in_order = if state.process.is_alive() {
        gone(&all, IN_ORDER).await
    } else {
        false
    };
    if !in_order {
        for process in &all {
            process
                .signal(Signal::KILL)
                .map_err(CommandError::system(format!("kill process {}", process.pid)))?;
        }
        if !gone(&all, KILLED).await {
            let left = all.iter().filter(|process| process.is_alive());
            let processes: Vec<String> = left.map(|process| process.pid.to_string()).collect();
            return Err(CommandError::NotStopped {
                seconds: began.elapsed().as_secs(),
                processes: processes.join(", "),
            });
        }
        say("killed what did not end in time");
    }
    say(format_args!(
        "stopped in {:.1} s; data is kept (./localstack/reset removes it)",
        began.elapsed().as_secs_f64()
    ));
    Ok(())
}

async fn gone(processes: &[Identity], limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while processes.iter().any(|process| process.is_alive()) {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}
