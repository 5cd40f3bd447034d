//! A way to a server that a test can slow, stall, cut and restore: a TCP proxy on a port of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// The state of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Bytes pass as they come.
    Open,
    /// Each piece of at most 16 KiB waits for so long, in both directions.
    Slow(Duration),
    /// Nothing passes and nothing is closed, as when a cable is pulled or a server hangs.
    Stalled,
    /// Every connection is closed, and new ones as soon as they come.
    Cut,
    /// Each connection is closed once so many more bytes have come from the server: in the middle of an answer.
    CutAfter(u64),
}

/// A running proxy. Dropping it ends it.
pub struct Proxy {
    port: u16,
    way: watch::Sender<Way>,
    /// `host:port`, empty until it is known.
    target: watch::Sender<String>,
    hang_up: Arc<Notify>,
    accepting: JoinHandle<()>,
    connections: Arc<AtomicU64>,
}

impl Proxy {
    /// Listens on a free port; connections wait until there is a target.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (way, target) = (watch::Sender::new(Way::Open), watch::Sender::new(String::new()));
        let hang_up = Arc::new(Notify::new());
        let connections = Arc::new(AtomicU64::new(0));
        let accepting = tokio::spawn(accept(
            listener,
            target.subscribe(),
            way.subscribe(),
            Arc::clone(&hang_up),
            Arc::clone(&connections),
        ));
        Self {
            port,
            way,
            target,
            hang_up,
            accepting,
            connections,
        }
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where connections lead from now on: a port of this machine.
    pub fn lead_to(&self, port: u16) {
        self.target.send_replace(format!("127.0.0.1:{port}"));
    }

    /// Leads to the server of a URL, and gives the URL that leads through here.
    ///
    /// # Panics
    /// When the text is no URL.
    #[must_use]
    pub fn before(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, address) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        self.target.send_replace(address.to_owned());
        format!("{scheme}://{user}127.0.0.1:{}{path}", self.port)
    }

    /// Changes the way, for connections that are open too.
    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// Closes every connection that is open, as a server does that lost patience; new ones pass.
    pub fn hang_up(&self) {
        self.hang_up.notify_waiters();
    }

    /// How many connections there have been.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.way.send_replace(Way::Cut);
    }
}

async fn accept(
    listener: TcpListener,
    target: watch::Receiver<String>,
    way: watch::Receiver<Way>,
    hang_up: Arc<Notify>,
    connections: Arc<AtomicU64>,
) {
    while let Ok((client, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(connect(client, target.clone(), way.clone(), Arc::clone(&hang_up)));
    }
}

async fn connect(
    client: TcpStream,
    mut target: watch::Receiver<String>,
    mut way: watch::Receiver<Way>,
    hang_up: Arc<Notify>,
) {
    // From here on, so that a connection that is being made is closed too.
    let hung_up = hang_up.notified();
    // A stalled way takes the connection, as a listening server's backlog does, and answers nothing.
    let Ok(is_cut) = way
        .wait_for(|way| *way != Way::Stalled)
        .await
        .map(|way| *way == Way::Cut)
    else {
        return;
    };
    let Ok(address) = target
        .wait_for(|address| !address.is_empty())
        .await
        .map(|address| String::clone(&address))
    else {
        return;
    };
    if is_cut {
        return;
    }
    let Ok(server) = TcpStream::connect(address).await else {
        return;
    };
    if client.set_nodelay(true).and(server.set_nodelay(true)).is_err() {
        return;
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    // One direction that ends closes both, as a connection that breaks does.
    tokio::select! {
        () = pass(from_client, to_server, way.clone(), false) => {}
        () = pass(from_server, to_client, way, true) => {}
        () = hung_up => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>, is_from_server: bool) {
    let mut piece = vec![0; 16 * 1024];
    let mut passed_since_change: u64 = 0;
    loop {
        let read = tokio::select! {
            changed = way.changed() => {
                passed_since_change = 0;
                if changed.is_err() || *way.borrow_and_update() == Way::Cut { return }
                continue;
            }
            read = from.read(&mut piece) => read,
        };
        let Ok(mut length @ 1..) = read else { return };
        let mut is_last = false;
        loop {
            let now = *way.borrow_and_update();
            match now {
                Way::Open => break,
                Way::Slow(pause) => {
                    tokio::time::sleep(pause).await;
                    break;
                }
                Way::Stalled => {
                    if way.changed().await.is_err() {
                        return;
                    }
                }
                Way::Cut => return,
                Way::CutAfter(bytes) => {
                    if is_from_server && passed_since_change + length as u64 > bytes {
                        length = usize::try_from(bytes.saturating_sub(passed_since_change)).unwrap_or(length);
                        is_last = true;
                    }
                    break;
                }
            }
        }
        passed_since_change += length as u64;
        if to.write_all(&piece[..length]).await.is_err() || is_last {
            return;
        }
    }
}
