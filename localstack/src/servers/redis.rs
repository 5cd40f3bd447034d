//! Redis, as a cache: it keeps nothing on disk, so killed is emptied.

use std::time::Duration;

use rustix::process::Signal;

use super::process::{Process, Program, listens};
use super::{Options, ServerError, install, port};
use crate::process_table::Identity;

/// Databases 0 to 1023, so that each test has one of its own.
const DATABASES: &str = "1024";

/// A running Redis. Dropping it kills it.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    port: u16,
}

impl Redis {
    /// Starts Redis and waits until it answers PING.
    ///
    /// # Errors
    /// [`ServerError`] says what is missing, who has the port or how the log ends.
    pub async fn start(options: &Options) -> Result<Self, ServerError> {
        let dir = install::make_dir(&options.dir)?;
        install::make_parent(&options.log)?;
        let port = port::resolve("Redis", options.port)?;
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
            server: "Redis",
            program: install::program("redis-server")?,
            args: args.iter().chain(&more).map(Into::into).collect(),
            env: Vec::new(),
            cwd: dir,
            log: options.log.clone(),
            user: None,
            stop_signal: Signal::TERM,
            ready_limit: Duration::from_secs(15),
            stop_limit: Duration::from_secs(5),
        };
        let process = Process::start(program, async || answers(port).await).await?;
        Ok(Self { process, port })
    }

    /// `redis://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it at once, as a crash does.
    ///
    /// # Errors
    /// [`ServerError::System`].
    pub async fn kill(&mut self) -> Result<(), ServerError> {
        self.process.kill().await
    }

    /// Starts it again on the same port, empty; kills it before, when it runs.
    ///
    /// # Errors
    /// As [`Redis::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        let port = self.port;
        self.process.start_again(async || answers(port).await).await
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// [`ServerError::System`].
    pub async fn stop(mut self) -> Result<(), ServerError> {
        self.process.stop().await.map(|_| ())
    }

    /// Its process.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        self.process.identity()
    }
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
