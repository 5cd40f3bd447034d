//! The servers that the local stack and the tests run on: Apache Kafka, Redis, PostgreSQL, MongoDB's protocol and LocalStack's SQS.
//!
//! Each is a child process that dies with this one, however this one ends; it is started only when asked, on a port of its
//! own on 127.0.0.1, and counts as started when it answers. What is stored in them is for others to decide.

mod all;
mod install;
mod kafka;
mod mongo;
mod offsets;
mod port;
mod postgres;
mod probe;
mod process;
pub mod process_table;
mod redis;
mod security;
mod server;
mod spawner;
mod sqs;

use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};

pub use all::{Ports, Servers, ServersOptions};
pub use kafka::Kafka;
pub use mongo::Mongo;
pub use offsets::topic_ends;
pub use port::{Claim, TakenPort, claim, claim_exactly, free_port, owner_of};
pub use postgres::Postgres;
pub use probe::ProbeError;
pub use redis::{Redis, RedisCluster};
pub use security::{Authority, Certificate, Security, Validity};
pub use server::{Server, ServerKind};
pub use sqs::Sqs;

/// Where one server lives.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its data; made when missing. A server started again on the same folder has its data again, as far as it keeps any.
    pub dir: PathBuf,
    /// Its output, appended.
    pub log: PathBuf,
    /// Its port on 127.0.0.1, or any free one.
    pub port: Option<u16>,
    /// Its user, password and certificate; without them whoever connects is let in, and nothing is encrypted. MongoDB's protocol and SQS have none here.
    pub security: Option<Security>,
    /// Kafka's alone: where a proxy is that leads to [`Kafka::proxied_port`]. A broker tells its clients where it is, so it has to know that they come
    /// another way.
    pub proxy: Option<SocketAddrV4>,
}

impl Options {
    /// Data and output in `dir`, on any free port.
    pub fn in_dir(dir: impl AsRef<Path>) -> Self {
        let dir = dir.as_ref().to_path_buf();
        Self {
            log: dir.with_extension("log"),
            dir,
            port: None,
            security: None,
            proxy: None,
        }
    }

    /// The same, secured.
    #[must_use]
    pub fn secured(self, security: Security) -> Self {
        Self {
            security: Some(security),
            ..self
        }
    }
}

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A program or library is not installed.
    #[error("{what} is missing; install it with: ./localstack/install servers")]
    Missing {
        /// What, and where it was looked for.
        what: String,
    },
    /// A file, folder or process could not be made.
    #[error("could not {what}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The port is in use.
    #[error("port {port} for {server} is in use by {owner}; end it or choose another port")]
    PortTaken {
        /// The server that wanted it.
        server: &'static str,
        /// The port.
        port: u16,
        /// Who has it.
        owner: String,
    },
    /// No port between 20000 and 32000 could be had.
    #[error("no free port between {low} and {high} in {tries} tries")]
    NoFreePort {
        /// The lowest that is tried.
        low: u16,
        /// The highest that is tried.
        high: u16,
        /// How many were tried.
        tries: usize,
    },
    /// The server ended before it answered.
    #[error("{server} ended ({status}) before it was ready; its log {log} ends:\n{tail}")]
    Exited {
        /// The server.
        server: &'static str,
        /// How it ended.
        status: String,
        /// Its log.
        log: String,
        /// The log's last lines.
        tail: String,
    },
    /// The server does not answer.
    #[error("{server} did not answer within {seconds} s ({reason}); its log {log} ends:\n{tail}")]
    NotReady {
        /// The server.
        server: &'static str,
        /// How long it had.
        seconds: u64,
        /// What the last try said.
        reason: Box<ProbeError>,
        /// Its log.
        log: String,
        /// The log's last lines.
        tail: String,
    },
    /// A certificate could not be made.
    #[error("could not make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The nodes of a Redis Cluster did not become one.
    #[error("the nodes of the Redis Cluster are no cluster: {0}")]
    Cluster(String),
    /// A preparing program, such as `initdb`, failed.
    #[error("{program} failed ({status}): {output}")]
    Prepare {
        /// The program.
        program: &'static str,
        /// How it ended.
        status: String,
        /// What it printed.
        output: String,
    },
}

impl ServerError {
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}
