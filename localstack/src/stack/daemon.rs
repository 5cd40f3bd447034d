//! The stack's process: starts everything in order, says so line by line, runs until it is told to stop, ends everything.

mod ports;
mod progress;
mod start;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use emulator::PartialResponse;
use rustix::process::{Signal, getpid, set_child_subreaper};
use servers::process_table::descendants;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::interface::Parts;
use super::relay::Relay;
use super::{ConsoleMode, Places, StackError, State, queues};
use progress::Progress;

/// The last line of a start that went well.
pub const READY: &str = "ready";
/// What the last lines of one that did not begin with.
pub const FAILED: &str = "failed: ";

/// What to run.
#[derive(Debug, Clone)]
pub struct DaemonOptions {
    /// The checkout.
    pub places: Places,
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
    /// A MongoDB to use instead of starting one.
    pub mongodb_uri: Option<String>,
    /// How Kafka mappings read a partial batch response.
    pub partial_response: PartialResponse,
    /// The functions' bootstraps.
    pub bin_dir: PathBuf,
    /// Whether functions in containers may reach the stack, at Docker's bridge.
    pub docker: bool,
    /// Template parameters that win over the stack's own.
    pub parameters: BTreeMap<String, String>,
}

/// A stack that is up.
struct Running {
    parts: Arc<Parts>,
    interface: JoinHandle<()>,
    http_api: Option<JoinHandle<()>>,
    console: Option<JoinHandle<()>>,
    queue_urls: BTreeMap<String, String>,
    relay: Option<Relay>,
}

/// Runs the stack until SIGTERM, SIGINT, SIGHUP or `POST /_stack/stop`. Writes its progress to `out`: the last line is [`READY`], or
/// begins with [`FAILED`].
///
/// # Errors
/// [`StackError`] when it cannot start or stop; nothing is left running then either.
pub async fn run(options: DaemonOptions, out: Box<dyn Write + Send>) -> Result<(), StackError> {
    let progress = Progress::new(out);
    let ran = run_locked(&options, &progress).await;
    if let Err(error) = &ran {
        progress.close(&format!("{FAILED}{}", emulator::with_causes(error)));
    }
    ran
}

async fn run_locked(options: &DaemonOptions, progress: &Progress) -> Result<(), StackError> {
    let places = &options.places;
    for dir in [places.stack(), places.data(), places.logs()] {
        std::fs::create_dir_all(&dir).map_err(StackError::system(format!("make the folder {}", dir.display())))?;
    }
    // Held as long as this process lives, so that two starts at the same time cannot both go on.
    let lock = File::create(places.lock()).map_err(StackError::system("open the lock"))?;
    lock.try_lock().map_err(|_| StackError::Running)?;
    set_child_subreaper(Some(getpid())).map_err(|error| StackError::system("adopt orphans")(error.into()))?;
    let (stop, stopped) = watch::channel(false);
    watch_signals(&stop)?;

    let ran = run_until_stopped(options, progress, stop, stopped).await;
    kill_leftovers().await?;
    State::remove(places)?;
    ran
}

async fn run_until_stopped(
    options: &DaemonOptions,
    progress: &Progress,
    stop: watch::Sender<bool>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), StackError> {
    let told = async move { stopped.wait_for(|stop| *stop).await.is_ok() };
    tokio::pin!(told);
    let running = tokio::select! {
        running = start::start(options, progress, stop) => running?,
        _ = &mut told => return Err(StackError::Stopped),
    };
    progress.close(READY);
    told.await;
    tracing::info!("Stopping");
    end(running, &options.places).await
}

/// Functions first, so that nothing is under way when the servers end.
async fn end(running: Running, places: &Places) -> Result<(), StackError> {
    let emulator = running.parts.emulator.write().await.take();
    if let Some(emulator) = emulator {
        emulator.shutdown().await;
    }
    running.interface.abort();
    drop(running.relay);
    for serving in [running.http_api, running.console].into_iter().flatten() {
        serving.abort();
    }
    let saved = queues::save(&running.parts.sqs, &running.queue_urls, &places.messages()).await;
    let stopped = match running.parts.control.take().await {
        Some(servers) => servers.stop().await,
        None => Ok(()),
    };
    tracing::info!(messages.saved = saved?, "Stopped");
    Ok(stopped?)
}

/// Whatever is still below this process, after an error as well.
async fn kill_leftovers() -> Result<(), StackError> {
    loop {
        let left = descendants(std::process::id());
        if left.is_empty() {
            return Ok(());
        }
        for process in left {
            process
                .signal(Signal::KILL)
                .map_err(StackError::system("kill what is left"))?;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn watch_signals(stop: &watch::Sender<bool>) -> Result<(), StackError> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let mut signals = signal(kind).map_err(StackError::system("watch for signals"))?;
        let stop = stop.clone();
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                stop.send_replace(true);
            }
        });
    }
    Ok(())
}
