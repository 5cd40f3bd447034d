//! How many answers Redis gave and how many PostgreSQL had to: the functions' own metrics, from the lines of their logs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

/// What a line of the embedded metric format says of reads.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CacheReads {
    pub(super) cache_hits: u64,
    pub(super) cache_misses: u64,
}

/// Follows the logs from where they stood at the start.
pub(super) struct CacheMetrics {
    logs: PathBuf,
    followed: Mutex<BTreeMap<String, FollowedLog>>,
}

/// What is known of one function's log.
struct FollowedLog {
    /// Bytes that were read.
    position: u64,
    reads: CacheReads,
}

impl CacheMetrics {
    pub(super) fn new(logs: PathBuf, functions: &BTreeSet<String>) -> Self {
        let end = |function: &String| {
            let log = logs.join(format!("{function}.log"));
            log.metadata().map(|file| file.len()).unwrap_or_default()
        };
        let followed = functions.iter().map(|function| {
            let log = FollowedLog {
                position: end(function),
                reads: CacheReads::default(),
            };
            (function.clone(), log)
        });
        Self {
            followed: Mutex::new(followed.collect()),
            logs,
        }
    }

    /// Hits and misses of each function until now.
    pub(super) fn read(&self) -> BTreeMap<String, CacheReads> {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        for (function, followed) in followed.iter_mut() {
            let log = self.logs.join(format!("{function}.log"));
            if let Err(error) = followed.read_new_lines(&log)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "Could not read {}",
                    log.display()
                );
            }
        }
        followed
            .iter()
            .map(|(function, followed)| (function.clone(), followed.reads))
            .collect()
    }
}

impl FollowedLog {
    /// Adds the lines that were written since the last time, whole ones only.
    fn read_new_lines(&mut self, log: &Path) -> std::io::Result<()> {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(self.position))?;
        let mut lines = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = lines.read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                return Ok(());
            }
            self.position += u64::try_from(length).unwrap_or_default();
            if line.starts_with(b"{\"_aws\"")
                && let Ok(metric) = serde_json::from_slice::<CacheReads>(&line)
            {
                self.reads.cache_hits += metric.cache_hits;
                self.reads.cache_misses += metric.cache_misses;
            }
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
        let metrics = CacheMetrics::new(dir.path().to_owned(), &BTreeSet::from(["currency-api".to_owned()]));
        let count = || metrics.read()["currency-api"];
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
