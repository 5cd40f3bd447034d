//! `up`: starts the stack in the background and waits until it is ready.

use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum as _;
use emulator::PartialResponse;
use rustix::process::Signal;
use servers::process_table::Identity;
use tokio::signal::unix::{SignalKind, signal};

use super::{CommandError, say};
use crate::stack::daemon::{FAILED, READY};
use crate::stack::{ConsoleMode, Places, State};

/// How the stack is to run.
#[derive(Debug, Clone)]
pub struct UpOptions {
    /// Whether to ask the providers themselves instead of the feed.
    pub live: bool,
    /// Business days before the newest at which the feed starts.
    pub feed_days: usize,
    /// Seconds from one business day of the feed to the next.
    pub feed_step: u64,
    /// The port of the HTTP API; 9000, or another when that is in use, without it.
    pub api_port: Option<u16>,
    /// What the console shows of the pipeline.
    pub console: ConsoleMode,
    /// The port of the console; 8000, or another when that is in use, without it.
    pub console_port: Option<u16>,
    /// How Kafka mappings read a partial batch response.
    pub partial_response: PartialResponse,
    /// Whether functions in containers may reach the stack, at Docker's bridge.
    pub docker: bool,
    /// `NAME=VALUE` for the template, winning over the stack's own.
    pub parameters: Vec<String>,
}

/// Starts the stack, unless it runs already, and prints what happens and where everything is.
///
/// # Errors
/// [`CommandError::NotStarted`] says what the stack said last.
pub async fn up(places: &Places, options: &UpOptions) -> Result<(), CommandError> {
    if let Some(state) = State::running(places)? {
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
    end_leftovers(places)?;
    let began = Instant::now();
    start(places, options).await?;
    let state = State::running(places)?.ok_or(CommandError::NotRunning)?;
    print_endpoints(&state);
    say(format_args!("{READY} in {:.1} s", began.elapsed().as_secs_f64()));
    print_requests(&state);
    Ok(())
}

/// What a crashed stack may have left; its servers die with it, so this finds something only when the system is in trouble.
fn end_leftovers(places: &Places) -> Result<(), CommandError> {
    for process in State::read(places)?.map(|state| state.alive()).unwrap_or_default() {
        say(format_args!("ending process {} that a crashed stack left", process.pid));
        process
            .signal(Signal::KILL)
            .map_err(CommandError::system(format!("end process {}", process.pid)))?;
    }
    Ok(())
}

async fn start(places: &Places, options: &UpOptions) -> Result<(), CommandError> {
    let log = places.own_log();
    std::fs::create_dir_all(places.logs()).map_err(CommandError::system("make the folder of the logs"))?;
    let output = std::fs::File::create(&log).map_err(CommandError::system(format!("open {}", log.display())))?;
    let own = std::env::current_exe().map_err(CommandError::system("find this program"))?;
    let mut command = Command::new("setsid");
    command.arg(own).arg("--root").arg(places.root());
    command.arg("--stack-dir").arg(places.stack()).arg("daemon");
    command.args([
        "--feed-days",
        &options.feed_days.to_string(),
        "--feed-step",
        &options.feed_step.to_string(),
    ]);
    // The same words as on the command line.
    if let Some(reading) = options.partial_response.to_possible_value() {
        command.args(["--partial-response", reading.get_name()]);
    }
    if let Some(mode) = options.console.to_possible_value() {
        command.args(["--console", mode.get_name()]);
    }
    if let Some(port) = options.console_port {
        command.args(["--console-port", &port.to_string()]);
    }
    if options.live {
        command.arg("--live");
    }
    if options.docker {
        command.arg("--docker");
    }
    if let Some(port) = options.api_port {
        command.args(["--api-port", &port.to_string()]);
    }
    command.args(
        options
            .parameters
            .iter()
            .flat_map(|parameter| ["--parameter", parameter]),
    );
    // A session of its own: neither a closed terminal nor Ctrl-C reaches it.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(output)
        .current_dir(places.root());
    let mut child = command.spawn().map_err(CommandError::system("start the stack"))?;
    let daemon = Identity::of(child.id());
    let lines = child.stdout.take();

    let reading = tokio::task::spawn_blocking(move || follow(lines));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::system("watch for signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::system("watch for signals"))?;
    let not_started = |reason| CommandError::NotStarted {
        reason,
        log: log.display().to_string(),
    };
    let stopped = tokio::select! {
        read = reading => {
            return match read {
                Ok(Ok(())) => Ok(()),
                Ok(Err(reason)) => Err(not_started(if reason.is_empty() { tail(places) } else { reason })),
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

/// Prints what the stack says until it is ready, or gives the reason why it never will be.
fn follow(lines: Option<ChildStdout>) -> Result<(), String> {
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
    Err(reason.unwrap_or_default())
}

fn tail(places: &Places) -> String {
    let text = std::fs::read_to_string(places.own_log()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// What to ask the HTTP API first.
fn print_requests(state: &State) {
    let api = &state.endpoints.api;
    say(format_args!("\nThe HTTP API is {api}; worth trying:\n"));
    say(format_args!("  curl '{api}/api/v1/currencies/USD'"));
    say(format_args!(
        "  curl '{api}/api/v1/currencies/latest?base=USD&symbols=KRW,EUR,JPY'"
    ));
    say(format_args!(
        "  curl '{api}/api/v1/history?base=USD&target=EUR&period=1m'"
    ));
    say(format_args!(
        "  curl '{api}/api/v1/history/compare?targets=USD,EUR,JPY&period=3m'"
    ));
    say(format_args!(
        "  curl -H 'Content-Type: application/json' -d '{{\"country\":\"US\",\"user_id\":\"me\"}}' '{api}/api/v1/rankings/click' && curl '{api}/api/v1/rankings?period=daily'"
    ));
    if state.live {
        say("\nHistory is there after ./localstack/backfill\n");
    } else {
        say("\nHistory reaches back a year; all of it since 1999 is there after ./localstack/backfill\n");
    }
    if let Some(bridge) = state.endpoints.docker {
        say(format_args!(
            "Functions in containers reach all of it at {bridge}; what gives `sam local` these addresses: ./localstack/sam-env\n"
        ));
    }
    if let Some(console) = &state.endpoints.console {
        say(format_args!("Open the console: {console}\n"));
    }
}

fn print_endpoints(state: &State) {
    say("");
    for (name, address) in state.endpoints.named() {
        say(format_args!("  {name:<12} {address}"));
    }
    for (name, url) in &state.endpoints.queues {
        say(format_args!("  {:<12} {name}  {url}", "queue"));
    }
    say("");
}
