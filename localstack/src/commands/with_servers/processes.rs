//! The processes of the command: what ends us is passed on to it, and nothing that it started is left.

use std::time::Duration;

use rustix::process::Signal;
use servers::Servers;
use servers::process_table::{Identity, descendants};
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

/// How long the command and what it started have to end after a signal.
const END_LIMIT: Duration = Duration::from_secs(5);

/// The signals that end us.
pub(super) struct Interruption {
    signals: [(Signal, tokio::signal::unix::Signal); 3],
}

impl Interruption {
    /// Watches for them from now on.
    pub(super) fn new() -> std::io::Result<Self> {
        let interrupt = (Signal::INT, signal(SignalKind::interrupt())?);
        let terminate = (Signal::TERM, signal(SignalKind::terminate())?);
        Ok(Self {
            signals: [interrupt, terminate, (Signal::HUP, signal(SignalKind::hangup())?)],
        })
    }

    /// The next that comes.
    pub(super) async fn next(&mut self) -> Signal {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.1.recv() => interrupt.0,
            _ = terminate.1.recv() => terminate.0,
            _ = hangup.1.recv() => hangup.0,
        }
    }
}

/// Passes the signal on and waits a while; `end_all` kills what is left.
pub(super) async fn end(child: &mut Child, servers: &Servers, signal: Signal) -> std::io::Result<()> {
    for process in leftovers(servers) {
        process.signal(signal)?;
    }
    match tokio::time::timeout(END_LIMIT, child.wait()).await {
        Ok(status) => status.map(|_| ()),
        Err(_) => Ok(()),
    }
}

/// Kills what `left` names until it names nothing: killing a process may hand its children to us.
pub(super) async fn end_all(left: impl Fn() -> Vec<Identity>) -> std::io::Result<()> {
    loop {
        let left = left();
        if left.is_empty() {
            return Ok(());
        }
        for process in left {
            process.signal(Signal::KILL)?;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Our descendants without the servers and what is below them.
pub(super) fn leftovers(servers: &Servers) -> Vec<Identity> {
    let own = servers.identities();
    let belongs: Vec<_> = own
        .iter()
        .flat_map(|(_, server)| descendants(server.pid).into_iter().chain([*server]))
        .collect();
    descendants(std::process::id())
        .into_iter()
        .filter(|process| !belongs.contains(process))
        .collect()
}
