//! What the running stack writes down, so that commands find it, and so that a later start can clean up after a crash.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use servers::process_table::Identity;

use super::{StackError, StackPaths, files};

/// A stack that runs, or that ran until it crashed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// The stack's own process.
    pub process: Identity,
    /// The servers' processes, by name.
    pub servers: BTreeMap<String, Identity>,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// Whether it asks the providers themselves.
    pub live: bool,
    /// Whether it is ready; before that, some endpoints may not answer.
    pub is_ready: bool,
    /// Where everything is.
    pub endpoints: Endpoints,
    /// The template's parameters that it gave.
    pub parameters: BTreeMap<String, String>,
}

/// Where a stack's parts are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// Kafka's bootstrap server, `host:port`.
    pub kafka: String,
    /// Redis's URL.
    pub redis: String,
    /// PostgreSQL's URL with the database.
    pub database: String,
    /// MongoDB's URI with the database.
    #[serde(default)]
    pub mongo: String,
    /// SQS's URL.
    pub sqs: String,
    /// The HTTP API's URL.
    #[serde(default)]
    pub api: String,
    /// The Lambda API's URL.
    pub lambda: String,
    /// The feed's URL; absent when the providers themselves are asked.
    pub feed: Option<String>,
    /// The console's URL, when there is one.
    #[serde(default)]
    pub console: Option<String>,
    /// This machine's address for functions in containers, when they may reach the stack. Each server has the same port there.
    #[serde(default)]
    pub docker: Option<Ipv4Addr>,
    /// The template's queues, by name.
    pub queues: BTreeMap<String, String>,
}

impl Endpoints {
    /// Each with the name that people are shown.
    #[must_use]
    pub fn named(&self) -> Vec<(&str, &str)> {
        let mut named = vec![
            ("Kafka", self.kafka.as_str()),
            ("Redis", &self.redis),
            ("PostgreSQL", &self.database),
            ("MongoDB", &self.mongo),
            ("SQS", &self.sqs),
            ("HTTP API", &self.api),
            ("Lambda API", &self.lambda),
        ];
        named.extend(self.console.as_deref().map(|console| ("console", console)));
        named.extend(self.feed.as_deref().map(|feed| ("feed", feed)));
        named
    }
}

impl State {
    /// What was written down last, whether it still runs or not.
    ///
    /// # Errors
    /// [`StackError`] when the file cannot be read.
    pub fn read(paths: &StackPaths) -> Result<Option<Self>, StackError> {
        let file = paths.state();
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StackError::system(format!("read {}", file.display()))(error)),
        };
        let read = serde_json::from_slice(&text);
        read.map(Some).map_err(|source| StackError::File {
            file: file.display().to_string(),
            source,
        })
    }

    /// The stack that runs now.
    ///
    /// # Errors
    /// As [`State::read`].
    pub fn running(paths: &StackPaths) -> Result<Option<Self>, StackError> {
        Ok(Self::read(paths)?.filter(|state| state.process.is_alive()))
    }

    /// Every process of the stack that still runs.
    #[must_use]
    pub fn alive(&self) -> Vec<Identity> {
        let all = self.servers.values().chain([&self.process]).copied();
        all.filter(|process| process.is_alive()).collect()
    }

    pub(super) fn write(&self, paths: &StackPaths) -> Result<(), StackError> {
        let file = paths.state();
        // A parameter may be a key.
        files::write_private(&file, self).map_err(StackError::system(format!("write {}", file.display())))
    }

    pub(super) fn remove(paths: &StackPaths) -> Result<(), StackError> {
        let file = paths.state();
        files::remove(&file).map_err(StackError::system(format!("remove {}", file.display())))
    }
}
