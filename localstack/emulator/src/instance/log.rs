//! What a function's process writes: to the function's log, and the end of it to whoever asks for the tail of an invocation.
//!
//! Each process has a pipe of its own, because several write to one log, in which the lines of one cannot be told from those of another.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rustix::io::Errno;
use tokio::net::unix::pipe::Receiver;

use crate::sync::lock;

/// How much of an invocation's log its caller may have.
///
/// Source: "Invoke", AWS Lambda API reference (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>): "the last 4 KB of the execution log".
const TAIL_BYTES: usize = 4 * 1024;
/// A line that is longer is written in parts.
const LONGEST_LINE: usize = 64 * 1024;
/// What is read before other tasks may run; above what a pipe holds, so it empties one.
const READ_BUDGET: usize = 256 * 1024;

/// The output of one process.
pub(crate) struct ProcessLog {
    pipe: Receiver,
    state: Mutex<LogState>,
}

struct LogState {
    file: File,
    /// A line that has not ended yet.
    line: Vec<u8>,
    /// The end of what came since the invocation began; before the first, since the process began.
    tail: Vec<u8>,
    /// Whether writing has failed before: that is said once.
    has_failed: bool,
}

/// How far a pipe is read.
#[derive(PartialEq, Eq)]
enum PipeState {
    /// It holds nothing more for now.
    Empty,
    /// It may hold more.
    More,
    /// Its writers are gone.
    Ended,
}

impl ProcessLog {
    /// A log at this path, and what a process needs to write to it. It is read as long as somebody can write.
    pub(super) fn start(path: &Path) -> std::io::Result<(Arc<Self>, Stdio, Stdio)> {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        let (reader, writer) = std::io::pipe()?;
        let log = Arc::new(Self {
            pipe: Receiver::from_owned_fd(OwnedFd::from(reader))?,
            state: Mutex::new(LogState {
                file,
                line: Vec::new(),
                tail: Vec::new(),
                has_failed: false,
            }),
        });
        tokio::spawn(read_continuously(Arc::clone(&log)));
        Ok((log, writer.try_clone()?.into(), writer.into()))
    }

    /// An invocation begins: what was written before is not its own.
    pub(super) fn begin(&self) {
        self.read();
        lock(&self.state).tail.clear();
    }

    /// What the process has written, to the end; what it wrote before it answered is in the pipe by now.
    pub(crate) fn tail(&self) -> Vec<u8> {
        self.read();
        let mut state = lock(&self.state);
        state.flush_line();
        state.tail.clone()
    }

    /// Adds what the function could not write itself: why its process is gone.
    pub(crate) fn append_line(&self, text: &[u8]) {
        self.read();
        let mut state = lock(&self.state);
        state.flush_line();
        state.append(text);
        state.append(b"\n");
    }

    fn read(&self) -> PipeState {
        let mut buffer = [0; 16 * 1024];
        let mut state = lock(&self.state);
        let mut count = 0;
        while count < READ_BUDGET {
            match self.read_once(&mut buffer) {
                Ok(0) => {
                    state.flush_line();
                    return PipeState::Ended;
                }
                Ok(length) => {
                    state.append(&buffer[..length]);
                    count += length;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return PipeState::Empty,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Could not read what a function writes"
                    );
                    return PipeState::Ended;
                }
            }
        }
        PipeState::More
    }

    /// Reads from the pipe itself: tokio looks into it only after the system has told it that there is something, which may be a moment after the
    /// function's answer. It is asked at the end, so that it waits for news again.
    fn read_once(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match rustix::io::read(&self.pipe, &mut *buffer) {
            Err(Errno::AGAIN) => self.pipe.try_read(buffer),
            read => Ok(read?),
        }
    }
}

impl LogState {
    fn append(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(TAIL_BYTES);
        let surplus = (self.tail.len() + kept).saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
        self.tail.extend_from_slice(&bytes[bytes.len() - kept..]);
        // Whole lines at once, so that those of other processes do not come between.
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.line.extend_from_slice(bytes);
            if self.line.len() > LONGEST_LINE {
                self.flush_line();
            }
            return;
        };
        self.line.extend_from_slice(&bytes[..=end]);
        self.flush_line();
        self.line.extend_from_slice(&bytes[end + 1..]);
    }

    fn flush_line(&mut self) {
        let written = self.file.write_all(&self.line);
        self.line.clear();
        if let Err(error) = written
            && !std::mem::replace(&mut self.has_failed, true)
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Could not write to a function's log"
            );
        }
    }
}

/// Reads as it comes, also between invocations.
async fn read_continuously(log: Arc<ProcessLog>) {
    loop {
        if let Err(error) = log.pipe.readable().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Could not wait for what a function writes"
            );
            return;
        }
        match log.read() {
            PipeState::Empty => {}
            PipeState::More => tokio::task::yield_now().await,
            PipeState::Ended => return,
        }
    }
}

#[cfg(test)]
mod tests;
