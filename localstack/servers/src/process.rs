//! One server's process: started, watched until it answers, killed or stopped.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::{ProbeError, ServerError, spawner};
use crate::process_table::{Identity, descendants};

/// How often a starting server is asked whether it answers.
const PROBE_EVERY: Duration = Duration::from_millis(40);
/// How long one question may take.
const PROBE_LIMIT: Duration = Duration::from_secs(3);

/// How to start a server, the first time and again.
#[derive(Debug, Clone)]
pub struct Program {
    pub(super) server: &'static str,
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    /// The whole environment, besides PATH.
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: PathBuf,
    pub(super) log: PathBuf,
    /// The user it runs as, when that is not ours.
    pub(super) user: Option<String>,
    /// What ends it in order.
    pub(super) stop_signal: Signal,
    /// How long it may take to answer.
    pub(super) ready_limit: Duration,
    /// How long it may take to end in order.
    pub(super) stop_limit: Duration,
}

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Process {
    program: Program,
    child: Child,
    identity: Option<Identity>,
    log_start: u64,
}

impl Program {
    /// `setpriv`, so that the process dies with us, and another user's rights where asked.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(user) = &self.user {
            command
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={user}"))
                .arg("--init-groups");
        }
        command.arg("--").arg(program);
        command
            .env_clear()
            .env(
                "PATH",
                std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()),
            )
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.cwd)
            .stdin(Stdio::null())
            // A terminal's Ctrl-C is for us; we end the servers in order.
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    /// Runs a preparing program to its end, with the server's user and environment.
    pub(super) async fn prepare(
        &self,
        name: &'static str,
        program: &Path,
        args: &[OsString],
    ) -> Result<(), ServerError> {
        let mut command = self.command(program);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let run = async { spawner::spawn(command).await?.wait_with_output().await };
        let output = run
            .await
            .map_err(ServerError::system(format!("run {}", program.display())))?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        Err(ServerError::Prepare {
            program: name,
            status: output.status.to_string(),
            output: String::from_utf8_lossy(&text).trim().to_owned(),
        })
    }
}

impl Process {
    /// Starts the program and waits until `probe` succeeds.
    pub(super) async fn start(
        program: Program,
        probe: impl AsyncFn() -> Result<(), ProbeError>,
    ) -> Result<Self, ServerError> {
        let opening = ServerError::system(format!("open the log {}", program.log.display()));
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&program.log)
            .map_err(opening)?;
        let log_start = log.metadata().map(|file| file.len()).unwrap_or_default();
        let mut command = program.command(&program.program);
        let stderr = log.try_clone().map_err(ServerError::system("share the log"))?;
        command.args(&program.args).stdout(log).stderr(stderr);
        let starting = ServerError::system(format!("start {}", program.program.display()));
        let child = spawner::spawn(command).await.map_err(starting)?;
        let identity = child.id().and_then(Identity::of);
        let mut process = Self {
            program,
            child,
            identity,
            log_start,
        };
        process.until_ready(probe).await?;
        Ok(process)
    }

    async fn until_ready(&mut self, probe: impl AsyncFn() -> Result<(), ProbeError>) -> Result<(), ServerError> {
        let limit = self.program.ready_limit;
        let deadline = Instant::now() + limit;
        let mut reason;
        loop {
            let server = self.program.server;
            let log = self.program.log.display().to_string();
            if let Some(status) = self
                .child
                .try_wait()
                .map_err(ServerError::system(format!("watch {server}")))?
            {
                return Err(ServerError::Exited {
                    server,
                    status: status.to_string(),
                    log,
                    tail: self.log_tail(),
                });
            }
            match timeout(PROBE_LIMIT, probe()).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => reason = error,
                Err(_) => {
                    reason = ProbeError::Slow {
                        seconds: PROBE_LIMIT.as_secs(),
                    }
                }
            }
            if Instant::now() > deadline {
                return Err(ServerError::NotReady {
                    server,
                    seconds: limit.as_secs(),
                    reason: Box::new(reason),
                    log,
                    tail: self.log_tail(),
                });
            }
            sleep(PROBE_EVERY).await;
        }
    }

    /// Starts the same program again, after it has ended.
    pub(super) async fn start_again(
        &mut self,
        probe: impl AsyncFn() -> Result<(), ProbeError>,
    ) -> Result<(), ServerError> {
        self.kill().await?;
        *self = Self::start(self.program.clone(), probe).await?;
        Ok(())
    }

    /// Kills the process and all below it at once, and waits until they are gone.
    pub(super) async fn kill(&mut self) -> Result<(), ServerError> {
        let killing = |server| ServerError::system(format!("kill {server}"));
        let below = self
            .identity
            .filter(|own| own.is_alive())
            .map_or_else(Vec::new, |own| descendants(own.pid));
        self.child.kill().await.map_err(killing(self.program.server))?;
        for child in &below {
            child.signal(Signal::KILL).map_err(killing(self.program.server))?;
        }
        while below.iter().any(|child| child.is_alive()) {
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Ends the process in order, or kills it when it takes too long. Says whether it ended in order.
    pub(super) async fn stop(&mut self) -> Result<bool, ServerError> {
        let stopping = ServerError::system(format!("stop {}", self.program.server));
        if let Some(own) = self.identity {
            own.signal(self.program.stop_signal).map_err(stopping)?;
        }
        match timeout(self.program.stop_limit, self.child.wait()).await {
            Ok(Ok(_)) => Ok(true),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(
                    server.name = self.program.server,
                    "{} did not end in time and was killed",
                    self.program.server
                );
                self.kill().await?;
                Ok(false)
            }
        }
    }

    /// The process, while it runs.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// The last lines that this start wrote.
    fn log_tail(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.program.log)?;
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(self.log_start.max(end.saturating_sub(4096))))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_else(|error| format!("(could not be read: {error})"));
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}
