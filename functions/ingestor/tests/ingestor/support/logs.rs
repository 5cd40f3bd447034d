//! The log of all tests of this process. One subscriber for all: a subscriber for one thread misses lines whose place in the code another thread,
//! without subscriber, came by at the same time.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::Value;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let filter = EnvFilter::new("ingestor=debug");
    let format = tracing_subscriber::fmt().json().flatten_event(true);
    format
        .with_env_filter(filter)
        .with_writer(log.clone())
        .try_init()
        .unwrap();
    log
});

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

/// Begins to keep the log, once for all tests.
pub fn keep() {
    LazyLock::force(&LOG);
}

/// The lines so far that hold `text`.
pub fn lines_with(text: &str) -> Vec<Value> {
    let log = String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap();
    log.lines()
        .filter(|line| line.contains(text))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
