//! Launches the stack's process, in a session of its own, and reads what it says until it is ready.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use servers::process_table::Identity;
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::{CommandError, say};
use crate::stack::daemon::{FAILED, READY};
use crate::stack::{StackOptions, StackPaths};

/// Lines of the log that are shown when the process ended without a word.
const TAIL_LINES: usize = 5;

/// The process never became ready.
#[derive(Debug)]
enum StartFailure {
    /// Why, in its own words.
    Said(String),
    /// It ended without a word.
    Silent,
}

/// Starts the process and returns when it is ready. A signal that comes meanwhile stops it again.
pub(super) async fn start(paths: &StackPaths, options: &StackOptions) -> Result<(), CommandError> {
    let mut child = spawn(paths, options)?;
    let daemon = Identity::of(child.id());
    let lines = child.stdout.take();

    let reading = tokio::task::spawn_blocking(move || follow(lines));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::system("watch for signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::system("watch for signals"))?;
    let not_started = |reason: String| CommandError::NotStarted {
        reason,
        log: paths.own_log().display().to_string(),
    };
    let stopped = tokio::select! {
        read = reading => {
            return match read {
                Ok(Ok(())) => Ok(()),
                Ok(Err(StartFailure::Said(reason))) => Err(not_started(reason)),
                Ok(Err(StartFailure::Silent)) => Err(not_started(tail(paths))),
                Err(error) => Err(not_started(error.to_string())),
            };
        }
        _ = interrupt.recv() => "interrupted",
        _ = terminate.recv() => "terminated",
    };
    if let Some(daemon) = daemon {
        daemon
            .signal(Signal::TERM)
            .map_err(CommandError::system("stop the stack"))?;
        while daemon.is_alive() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Err(not_started(stopped.to_owned()))
}

fn spawn(paths: &StackPaths, options: &StackOptions) -> Result<Child, CommandError> {
    let log = paths.own_log();
    std::fs::create_dir_all(paths.logs()).map_err(CommandError::system("make the folder of the logs"))?;
    let output = std::fs::File::create(&log).map_err(CommandError::system(format!("open {}", log.display())))?;
    let own = std::env::current_exe().map_err(CommandError::system("find this program"))?;
    // A session of its own: neither a closed terminal nor Ctrl-C reaches it.
    let mut command = Command::new("setsid");
    command.arg(own).arg("--root").arg(paths.root());
    command.arg("--stack-dir").arg(paths.stack());
    command.arg("daemon").args(options.to_arguments());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(output)
        .current_dir(paths.root());
    command.spawn().map_err(CommandError::system("start the stack"))
}

/// Prints what the process says until it is ready.
fn follow(lines: Option<ChildStdout>) -> Result<(), StartFailure> {
    let mut reason: Option<String> = None;
    for line in lines
        .into_iter()
        .flat_map(|lines| BufReader::new(lines).lines())
        .map_while(Result::ok)
    {
        match (&mut reason, line.strip_prefix(FAILED)) {
            (Some(reason), _) => *reason = format!("{reason}\n{line}"),
            (None, Some(failed)) => reason = Some(failed.to_owned()),
            (None, None) if line == READY => return Ok(()),
            (None, None) => say(&line),
        }
    }
    Err(reason.map_or(StartFailure::Silent, StartFailure::Said))
}

/// The end of the log.
fn tail(paths: &StackPaths) -> String {
    let text = std::fs::read_to_string(paths.own_log()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
