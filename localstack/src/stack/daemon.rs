//! The stack's process: starts everything in order, says so line by line, runs until it is told to stop, ends everything.
//!
//! `plan` decides what a start will use, `start` is the list of its stages, and each stage is a room of its own: `ports`, `server_processes`, `listeners`,
//! `first_events`.

mod first_events;
mod listeners;
mod plan;
mod ports;
mod progress;
mod server_processes;
mod start;

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use rustix::process::{Signal, getpid, set_child_subreaper};
use servers::process_table::descendants;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use self::progress::Progress;
use self::start::Running;
use super::{StackError, StackOptions, StackPaths, State, queues};

/// The last line of a start that went well.
pub const READY: &str = "ready";
/// What the last lines of one that did not begin with.
pub const FAILED: &str = "failed: ";

/// Runs the stack until SIGTERM, SIGINT, SIGHUP or `POST /_stack/stop`. Writes its progress to `out`: the last line is [`READY`], or
/// begins with [`FAILED`].
///
/// # Errors
/// [`StackError`] when it cannot start or stop; nothing is left running then either.
pub async fn run(paths: &StackPaths, options: &StackOptions, out: Box<dyn Write + Send>) -> Result<(), StackError> {
    let progress = Progress::new(out);
    let ran = run_locked(paths, options, &progress).await;
    if let Err(error) = &ran {
        progress.close(&format!("{FAILED}{}", emulator::with_causes(error)));
    }
    ran
}

async fn run_locked(paths: &StackPaths, options: &StackOptions, progress: &Progress) -> Result<(), StackError> {
    for dir in [paths.stack(), paths.data(), paths.logs()] {
        std::fs::create_dir_all(&dir).map_err(StackError::system(format!("make the folder {}", dir.display())))?;
    }
    // Held as long as this process lives, so that two starts at the same time cannot both go on.
    let lock = File::create(paths.lock()).map_err(StackError::system("open the lock"))?;
    lock.try_lock().map_err(|_| StackError::Running)?;
    set_child_subreaper(Some(getpid())).map_err(|error| StackError::system("adopt orphans")(error.into()))?;
    let (stop, stopped) = watch::channel(false);
    watch_signals(&stop)?;

    let starting = start::start(paths, options, progress, stop);
    let ran = run_until_stopped(starting, paths, progress, stopped).await;
    kill_leftovers().await?;
    State::remove(paths)?;
    ran
}

async fn run_until_stopped(
    starting: impl Future<Output = Result<Running, StackError>>,
    paths: &StackPaths,
    progress: &Progress,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), StackError> {
    let stop_requested = async move { stopped.wait_for(|stop| *stop).await.is_ok() };
    tokio::pin!(stop_requested);
    let running = tokio::select! {
        running = starting => running?,
        _ = &mut stop_requested => return Err(StackError::Stopped),
    };
    progress.close(READY);
    stop_requested.await;
    tracing::info!("Stopping");
    end(running, paths).await
}

/// Functions first, so that nothing is under way when the servers end.
async fn end(running: Running, paths: &StackPaths) -> Result<(), StackError> {
    let emulator = running.context.emulator.write().await.take();
    if let Some(emulator) = emulator {
        emulator.shutdown().await;
    }
    running.listeners.abort();
    drop(running.port_forwarder);
    let saved = queues::save(&running.context.sqs, &running.queue_urls, &paths.messages()).await;
    let stopped = match running.context.servers.take().await {
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
