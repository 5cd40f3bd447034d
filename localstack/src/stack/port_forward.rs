//! Forwards ports: containers on Docker's bridge reach what listens on 127.0.0.1 by it. Nobody from outside the bridge is let through.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::StackError;
use super::bridge::Bridge;

/// From the bridge's port to a port of 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PortForward {
    /// Whose it is, for errors.
    pub(super) server: &'static str,
    /// The port at the bridge's address.
    pub(super) from: u16,
    /// The port at 127.0.0.1.
    pub(super) to: u16,
}

/// What listens on the bridge. Dropping it ends it, and the connections through it.
#[derive(Debug)]
pub(super) struct PortForwarder {
    _listening: JoinSet<()>,
}

impl PortForwarder {
    /// Listens at the bridge's address alone.
    ///
    /// # Errors
    /// [`StackError::System`] names the address that is in use.
    pub(super) async fn start(bridge: Bridge, forwards: &[PortForward]) -> Result<Self, StackError> {
        let mut listening = JoinSet::new();
        for forward in forwards {
            let address = SocketAddrV4::new(bridge.address, forward.from);
            let listener = TcpListener::bind(address).await.map_err(StackError::system(format!(
                "listen on {address}, where containers look for {}",
                forward.server
            )))?;
            listening.spawn(serve(listener, bridge, *forward));
        }
        Ok(Self { _listening: listening })
    }
}

async fn serve(listener: TcpListener, bridge: Bridge, forward: PortForward) {
    // Connections end with their listener.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((_, peer)) if !bridge.contains(peer.ip()) => {
                tracing::warn!(%peer, "Refused a connection to {} from outside Docker's bridge", forward.server);
            }
            Ok((container, _)) => {
                connections.spawn(async move {
                    // What the server closes, or a container that went away, is everyday.
                    if let Err(error) = pipe(container, forward.to).await {
                        tracing::debug!(
                            error = &error as &dyn std::error::Error,
                            "A connection to {} ended",
                            forward.server
                        );
                    }
                });
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "Could not accept a connection to {}",
                    forward.server
                );
                // Out of file descriptors, most likely: others have to end first.
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn pipe(mut container: TcpStream, port: u16) -> io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    container.set_nodelay(true)?;
    server.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut container, &mut server).await?;
    Ok(())
}
