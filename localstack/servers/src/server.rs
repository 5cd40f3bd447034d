//! What all servers have in common: each is started, killed, started again, stopped and recognised in the same way. What is
//! particular to one is its [`ServerKind`].

use super::process::{Process, Program};
use super::{Options, ProbeError, ServerError, install, port};
use crate::process_table::Identity;

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server<K> {
    process: Process,
    port: u16,
    kind: K,
}

/// What is particular to one kind of server.
pub trait ServerKind: Sized + Send {
    /// Its name, for people.
    const NAME: &str;

    /// Makes what the server needs before it starts, and says how to start it.
    fn prepare(options: &Options, port: u16) -> impl Future<Output = Result<(Self, Program), ServerError>> + Send;

    /// Asks the server on `port`, in its own protocol, whether it answers.
    fn probe(&self, port: u16) -> impl Future<Output = Result<(), ProbeError>> + Send;

    /// Called when it answers for the first time.
    fn started(&self) -> Result<(), ServerError> {
        Ok(())
    }

    /// Called when it has ended; `_in_order` is false when it had to be killed.
    fn stopped(self, _in_order: bool) -> Result<(), ServerError> {
        Ok(())
    }
}

impl<K: ServerKind> Server<K> {
    /// Starts it, with new data when the folder has none, and waits until it answers.
    ///
    /// # Errors
    /// [`ServerError`] says what is missing, who has the port or how the log ends.
    pub async fn start(options: &Options) -> Result<Self, ServerError> {
        install::make_parent(&options.log)?;
        let port = port::resolve(K::NAME, options.port)?;
        let (kind, program) = K::prepare(options, port).await?;
        let process = Process::start(program, async || kind.probe(port).await).await?;
        kind.started()?;
        Ok(Self { process, port, kind })
    }

    /// Kills it and all below it at once, as a crash does.
    ///
    /// # Errors
    /// [`ServerError::System`].
    pub async fn kill(&mut self) -> Result<(), ServerError> {
        self.process.kill().await
    }

    /// Starts it again on the same port and data; kills it before, when it runs. What it keeps only in memory is lost.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        let (port, kind) = (self.port, &self.kind);
        self.process.start_again(async || kind.probe(port).await).await
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// [`ServerError::System`].
    pub async fn stop(mut self) -> Result<(), ServerError> {
        let in_order = self.process.stop().await?;
        self.kind.stopped(in_order)
    }

    /// Its process.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        self.process.identity()
    }

    pub(super) fn kind(&self) -> &K {
        &self.kind
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}
