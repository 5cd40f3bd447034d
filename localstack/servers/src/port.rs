//! Ports on 127.0.0.1: free ones, and who has one that is taken.

use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::{Mutex, PoisonError};

use rand::RngExt as _;

use super::ServerError;
use crate::process_table::{Identity, pids};

/// Below Linux's usual range for outgoing connections (32768 and up), so that no client's connection sits on a server's port
/// while the server is being started again.
const LOW: u16 = 20_000;
const HIGH: u16 = 32_000;
const TRIES: usize = 200;
/// "Listening" in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// A port for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The port to use.
    pub port: u16,
    /// The port that was wanted, when it was taken.
    pub taken: Option<TakenPort>,
}

/// A port that somebody else has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenPort {
    /// The port.
    pub port: u16,
    /// Who has it, in words.
    pub owner: String,
}

/// What keeps the ports that this process has given out from being given out again, here or by another process, before a server listens on them. A name in the
/// abstract namespace goes with the process that has it, however that ends.
static GIVEN: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());

/// A port that nothing listens on, and that nobody else who asks here is given while this process lives.
///
/// # Errors
/// [`ServerError::NoFreePort`].
pub fn free_port() -> Result<u16, ServerError> {
    let mut random = rand::rng();
    (0..TRIES)
        .map(|_| random.random_range(LOW..HIGH))
        .find(|port| is_free(*port) && is_reserved_now(*port))
        .ok_or(ServerError::NoFreePort {
            low: LOW,
            high: HIGH,
            tries: TRIES,
        })
}

/// `wanted` when it is free, else another port and the owner of the wanted one.
///
/// # Errors
/// [`ServerError::NoFreePort`].
pub fn claim(wanted: u16) -> Result<Claim, ServerError> {
    if is_free(wanted) {
        return Ok(Claim {
            port: wanted,
            taken: None,
        });
    }
    Ok(Claim {
        port: free_port()?,
        taken: Some(TakenPort {
            port: wanted,
            owner: owner_of(wanted),
        }),
    })
}

/// `wanted`, which must be free.
///
/// # Errors
/// [`ServerError::PortTaken`] says for whom it was wanted and who has it.
pub fn claim_exactly(server: &'static str, wanted: u16) -> Result<u16, ServerError> {
    if is_free(wanted) {
        return Ok(wanted);
    }
    Err(ServerError::PortTaken {
        server,
        port: wanted,
        owner: owner_of(wanted),
    })
}

/// The port of `options`, or a free one; a wanted port must be free.
pub(super) fn resolve(server: &'static str, wanted: Option<u16>) -> Result<u16, ServerError> {
    match wanted {
        None => free_port(),
        Some(port) => claim_exactly(server, port),
    }
}

/// Who listens on `port`, in words: `redis-server (pid 123)`.
#[must_use]
pub fn owner_of(port: u16) -> String {
    let inodes = listening_inodes(port);
    let owner = pids()
        .into_iter()
        .find(|pid| holds_any(*pid, &inodes))
        .and_then(Identity::of);
    match owner {
        Some(owner) => format!(
            "{} (pid {})",
            owner.name().unwrap_or_else(|| "a process".to_owned()),
            owner.pid
        ),
        None => "a process of another user".to_owned(),
    }
}

/// Whether the port was nobody's, and is this process's from now on.
fn is_reserved_now(port: u16) -> bool {
    let reserve = || UnixListener::bind_addr(&SocketAddr::from_abstract_name(format!("hwanyul-port-{port}"))?);
    let reserved = reserve().ok();
    let is_reserved = reserved.is_some();
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner).extend(reserved);
    is_reserved
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn listening_inodes(port: u16) -> HashSet<String> {
    let suffix = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().skip(1).map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let is_owner = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTEN;
            is_owner.then(|| format!("socket:[{}]", fields.get(9).unwrap_or(&"")))
        })
        .collect()
}

fn holds_any(pid: u32, inodes: &HashSet<String>) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    files
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
        .any(|target| target.to_str().is_some_and(|target| inodes.contains(target)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_owner_and_another_is_given() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let wanted = listener.local_addr().unwrap().port();

        let claim = claim(wanted).unwrap();

        let TakenPort { port, owner } = claim.taken.unwrap();
        assert_eq!(port, wanted);
        assert!(owner.ends_with(&format!("(pid {})", std::process::id())), "{owner}");
        assert_ne!(claim.port, wanted);
    }

    #[test]
    fn no_port_is_given_twice() {
        // Of 12,000 ports these would have some twice, by chance.
        let ports: HashSet<u16> = (0..500).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 500);
        assert!(ports.iter().all(|port| !is_reserved_now(*port)));
    }

    #[test]
    fn a_free_port_is_given_as_wanted() {
        let port = free_port().unwrap();
        assert_eq!(claim(port).unwrap(), Claim { port, taken: None });
    }
}
