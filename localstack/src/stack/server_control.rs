//! Servers that are stopped and started again while the stack runs, so that anyone may watch what happens then.

use std::sync::{Mutex, MutexGuard, PoisonError};

use servers::process_table::Identity;
use servers::{ServerError, Servers};
use tokio::sync::Mutex as AsyncMutex;

use super::State;

/// The servers, and the one that is being stopped or started.
pub(super) struct ServerControl {
    /// Taken out when the stack ends.
    servers: AsyncMutex<Option<Servers>>,
    current: Mutex<Option<(&'static str, ServerAction)>>,
}

/// A server that is being stopped or started, until this is dropped.
pub(super) struct Transition<'a> {
    control: &'a ServerControl,
    name: &'static str,
    action: ServerAction,
}

impl Drop for Transition<'_> {
    fn drop(&mut self) {
        *self.control.current() = None;
    }
}

/// What is done with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerAction {
    Start,
    Stop,
}

/// Another server is being stopped or started.
#[derive(Debug, thiserror::Error)]
#[error("{} is being stopped or started; one server at a time", ServerControl::label(.server))]
pub(super) struct ServerBusy {
    server: &'static str,
}

/// Which servers may be stopped: those whose data outlive them, or that may lose them. SQS here keeps messages in memory alone, so what waits in it would be lost.
const STOPPABLE: [(&str, &str); 4] = [
    ("kafka", "Kafka"),
    ("redis", "Redis"),
    ("postgres", "PostgreSQL"),
    ("mongo", "MongoDB"),
];

impl ServerControl {
    pub(super) fn new(servers: Servers) -> Self {
        Self {
            servers: AsyncMutex::new(Some(servers)),
            current: Mutex::default(),
        }
    }

    /// The servers, for the last time.
    pub(super) async fn take(&self) -> Option<Servers> {
        self.servers.lock().await.take()
    }

    /// What is being done with a server just now.
    pub(super) fn action_on(&self, name: &str) -> Option<ServerAction> {
        let (server, action) = (*self.current())?;
        (server == name).then_some(action)
    }

    /// Notes that a server is to be stopped or started. One at a time, so that what is shown of the others stays true.
    ///
    /// # Errors
    /// [`ServerBusy`] names the one that is worked on already.
    pub(super) fn begin(&self, name: &'static str, action: ServerAction) -> Result<Transition<'_>, ServerBusy> {
        let mut current = self.current();
        if let Some((server, _)) = *current {
            return Err(ServerBusy { server });
        }
        *current = Some((name, action));
        Ok(Transition {
            control: self,
            name,
            action,
        })
    }

    fn current(&self) -> MutexGuard<'_, Option<(&'static str, ServerAction)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name as this module knows it, when the server may be stopped here.
    pub(super) fn stoppable(state: &State, name: &str) -> Option<&'static str> {
        let (known, _) = STOPPABLE.into_iter().find(|(known, _)| *known == name)?;
        state.servers.contains_key(known).then_some(known)
    }

    /// Its name for people.
    pub(super) fn label(name: &str) -> &str {
        let found = STOPPABLE.into_iter().find(|(known, _)| *known == name);
        found.map_or(if name == "sqs" { "SQS" } else { name }, |(_, label)| label)
    }
}

impl Transition<'_> {
    /// Kills the server, as a crash does, or starts it again on its port and data. Gives its process, when it has one then.
    pub(super) async fn run(&self) -> Result<Option<Identity>, ServerError> {
        let mut servers = self.control.servers.lock().await;
        let Some(servers) = servers.as_mut() else {
            return Ok(None);
        };
        macro_rules! on {
            ($server:expr) => {{
                let server = $server;
                match self.action {
                    ServerAction::Stop => server.kill().await?,
                    ServerAction::Start => server.restart().await?,
                }
                server.identity()
            }};
        }
        Ok(match (self.name, servers.mongo.as_mut()) {
            ("kafka", _) => on!(&mut servers.kafka),
            ("redis", _) => on!(&mut servers.redis),
            ("postgres", _) => on!(&mut servers.postgres),
            ("mongo", Some(mongo)) => on!(mongo),
            _ => None,
        })
    }
}
