//! Redis, as a cache: it keeps nothing on disk, so killed is emptied.

use std::time::Duration;

use rustix::process::Signal;

use super::process::{Program, listens};
use super::server::{Server, ServerKind};
use super::{Options, ServerError, install};

/// Databases 0 to 1023, so that each test has one of its own.
const DATABASES: &str = "1024";

/// A running Redis. Dropping it kills it.
pub type Redis = Server<Kind>;

/// What is particular to Redis.
#[derive(Debug)]
pub struct Kind;

impl Redis {
    /// `redis://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }
}

impl ServerKind for Kind {
    const NAME: &str = "Redis";

    async fn prepare(options: &Options, port: u16) -> Result<(Self, Program), ServerError> {
        let args = [
            "--bind",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
        ];
        let more = ["--databases", DATABASES, "--daemonize", "no", "--loglevel", "notice"];
        let program = Program {
            server: Self::NAME,
            program: install::program("redis-server")?,
            args: args.iter().chain(&more).map(Into::into).collect(),
            env: Vec::new(),
            cwd: install::make_dir(&options.dir)?,
            log: options.log.clone(),
            user: None,
            stop_signal: Signal::TERM,
            ready_limit: Duration::from_secs(15),
            stop_limit: Duration::from_secs(5),
        };
        Ok((Self, program))
    }

    async fn answers(port: u16) -> Result<(), String> {
        listens(port).await?;
        let ping = async {
            let client = redis::Client::open(format!("redis://127.0.0.1:{port}"))?;
            let mut connection = client.get_multiplexed_async_connection().await?;
            redis::cmd("PING").query_async::<String>(&mut connection).await
        };
        ping.await
            .map(|_| ())
            .map_err(|error: redis::RedisError| error.to_string())
    }
}
