//! `logs`: the last lines of functions and servers, and what they write next.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use super::{CommandError, say};
use crate::stack::{StackPaths, State};

/// How much of a log's end is read.
const TAIL_BYTES: u64 = 64 * 1024;
/// How often a followed log is read.
const POLL_EVERY: Duration = Duration::from_millis(200);

/// One log that is being read.
struct Log {
    prefix: String,
    path: PathBuf,
    read: u64,
}

/// Prints the last `lines` lines of one log, or of every log with its name in front, and with `follow` what comes.
///
/// # Errors
/// [`CommandError::UnknownLog`] lists the logs; [`CommandError::NotRunning`] when there never was a stack.
pub async fn logs(paths: &StackPaths, name: Option<&str>, lines: usize, follow: bool) -> Result<(), CommandError> {
    let found = find(paths)?;
    if found.is_empty() {
        return Err(CommandError::NotRunning);
    }
    let mut logs = match name {
        Some(name) => {
            let known = || found.keys().cloned().collect::<Vec<_>>().join(", ");
            let path = found.get(name).ok_or_else(|| CommandError::UnknownLog {
                name: name.to_owned(),
                known: known(),
            })?;
            vec![Log {
                prefix: String::new(),
                path: path.clone(),
                read: 0,
            }]
        }
        None => {
            let width = found.keys().map(String::len).max().unwrap_or_default();
            let log = |(name, path): (String, PathBuf)| Log {
                prefix: format!("{name:<width$} | "),
                path,
                read: 0,
            };
            found.into_iter().map(log).collect()
        }
    };
    for log in &mut logs {
        log.print_tail(lines)?;
    }
    if State::running(paths)?.is_none() {
        eprintln!("the stack is not running: these logs are of its last run; start it with ./localstack/up");
        return Ok(());
    }
    if !follow {
        return Ok(());
    }
    loop {
        for log in &mut logs {
            log.print_new()?;
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

fn find(paths: &StackPaths) -> Result<BTreeMap<String, PathBuf>, CommandError> {
    let dir = paths.logs();
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(CommandError::system(format!("read {}", dir.display()))(error)),
    };
    let log = |path: PathBuf| {
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        is_log
            .then(|| Some((path.file_stem()?.to_str()?.to_owned(), path.clone())))
            .flatten()
    };
    Ok(entries.filter_map(|entry| log(entry.ok()?.path())).collect())
}

impl Log {
    fn print_tail(&mut self, lines: usize) -> Result<(), CommandError> {
        let end = self.size()?;
        let text = self.read_from(end.saturating_sub(TAIL_BYTES))?;
        let all: Vec<&str> = text.lines().collect();
        self.print(&all[all.len().saturating_sub(lines)..]);
        Ok(())
    }

    fn print_new(&mut self) -> Result<(), CommandError> {
        let end = self.size()?;
        if end < self.read {
            // It was made anew.
            self.read = 0;
        }
        if end == self.read {
            return Ok(());
        }
        let text = self.read_from(self.read)?;
        // Half a line waits for its end.
        let complete = text.rfind('\n').map_or(0, |end| end + 1);
        self.read -= (text.len() - complete) as u64;
        self.print(&text[..complete].lines().collect::<Vec<_>>());
        Ok(())
    }

    fn print(&self, lines: &[&str]) {
        for line in lines {
            say(format_args!("{}{line}", self.prefix));
        }
    }

    fn size(&self) -> Result<u64, CommandError> {
        let size = std::fs::metadata(&self.path).map(|file| file.len());
        size.map_err(CommandError::system(format!("read {}", self.path.display())))
    }

    fn read_from(&mut self, start: u64) -> Result<String, CommandError> {
        let reading = || CommandError::system(format!("read {}", self.path.display()));
        let mut file = File::open(&self.path).map_err(reading())?;
        file.seek(SeekFrom::Start(start)).map_err(reading())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(reading())?;
        self.read = start + bytes.len() as u64;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
