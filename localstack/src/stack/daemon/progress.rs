//! What a starting stack says, line by line, to the one who waits for it.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Where the one who waits reads; gone is fine.
pub(super) struct Progress {
    out: Mutex<Option<Box<dyn Write + Send>>>,
    began: Instant,
}

impl Progress {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self {
            out: Mutex::new(Some(out)),
            began: Instant::now(),
        }
    }

    /// A line with the time since the start.
    pub(super) fn line(&self, text: &str) {
        self.write(&format!("{:5.1} s  {text}\n", self.began.elapsed().as_secs_f64()));
    }

    /// The last line.
    pub(super) fn close(&self, text: &str) {
        self.write(&format!("{text}\n"));
        *self.out.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn write(&self, text: &str) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let written = out
            .as_mut()
            .map(|out| out.write_all(text.as_bytes()).and_then(|()| out.flush()));
        if matches!(written, Some(Err(_))) {
            *out = None;
        }
    }
}

/// A number with its noun, for a line.
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
