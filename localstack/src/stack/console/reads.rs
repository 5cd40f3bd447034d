//! How many answers Redis gave and how many PostgreSQL had to: the functions' own metrics, from the lines of their logs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

/// What a line of the embedded metric format says of reads.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Reads {
    pub(super) cache_hits: u64,
    pub(super) cache_misses: u64,
}

/// Follows the logs from where they stood at the start.
pub(super) struct Metrics {
    logs: PathBuf,
    read: Mutex<BTreeMap<String, (u64, Reads)>>,
}

impl Metrics {
    pub(super) fn new(logs: PathBuf, functions: impl Iterator<Item = String>) -> Self {
        let end = |function: &String| {
            let log = logs.join(format!("{function}.log"));
            log.metadata().map(|file| file.len()).unwrap_or_default()
        };
        let read = functions
            .map(|function| (function.clone(), (end(&function), Reads::default())))
            .collect();
        Self {
            read: Mutex::new(read),
            logs,
        }
    }

    /// Hits and misses of each function until now.
    pub(super) fn look(&self) -> BTreeMap<String, Reads> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        for (function, (place, reads)) in read.iter_mut() {
            let log = self.logs.join(format!("{function}.log"));
            if let Err(error) = follow(&log, place, reads)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "Could not read {}",
                    log.display()
                );
            }
        }
        read.iter()
            .map(|(function, (_, reads))| (function.clone(), *reads))
            .collect()
    }
}

/// Adds the lines that were written since `place`, whole ones only.
fn follow(log: &std::path::Path, place: &mut u64, reads: &mut Reads) -> std::io::Result<()> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(*place))?;
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = lines.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(());
        }
        *place += u64::try_from(length).unwrap_or_default();
        if line.starts_with(b"{\"_aws\"")
            && let Ok(said) = serde_json::from_slice::<Reads>(&line)
        {
            reads.cache_hits += said.cache_hits;
            reads.cache_misses += said.cache_misses;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_since_the_start_are_counted_once() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("currency-api.log");
        let line = |hits: u64| format!("{{\"_aws\":{{}},\"CacheHits\":{hits},\"CacheMisses\":1}}\n");
        std::fs::write(&log, line(100)).unwrap();
        let metrics = Metrics::new(dir.path().to_owned(), ["currency-api".to_owned()].into_iter());
        let count = || metrics.look()["currency-api"];
        assert_eq!(count().cache_hits, 0);

        let half = line(7);
        let (first, second) = half.split_at(20);
        let append = |text: &str| {
            let mut file = File::options().append(true).open(&log).unwrap();
            std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        };
        append("not a metric\n");
        append(&line(3));
        append(first);
        assert_eq!((count().cache_hits, count().cache_misses), (3, 1));
        append(second);
        assert_eq!((count().cache_hits, count().cache_misses), (10, 2));
    }
}
