//! Docker's bridge: the network in which `sam local` runs functions, and this machine's address in it.
//!
//! A container has a loopback interface of its own, so what listens on 127.0.0.1 is out of its reach.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Stdio;
use std::time::Duration;

use if_addrs::{IfAddr, get_if_addrs};
use tokio::process::Command;
use tokio::time::timeout;

/// How long the engine may take to say what its bridge is.
const LIMIT: Duration = Duration::from_secs(10);
/// The name of the bridge's interface on this machine.
///
/// Source: "Bridge network driver", section "Default bridge network", Docker's manual.
const INTERFACE: &str = r#"{{index .Options "com.docker.network.bridge.name"}}"#;

/// This machine's place in the network of Docker's containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bridge {
    /// The address under which containers reach this machine.
    pub(super) address: Ipv4Addr,
    mask: Ipv4Addr,
}

/// Why containers cannot reach this machine.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// There is no command to ask.
    #[error(
        "--docker asks the command `docker` for its bridge, and it cannot be run; on Debian: apt-get install docker.io"
    )]
    NoCommand(#[source] std::io::Error),
    /// The engine does not answer.
    #[error(
        "--docker asks Docker's engine for its bridge, and it did not answer: {0}; start it, or say where it is with DOCKER_HOST"
    )]
    NoEngine(String),
    /// The engine is another machine's, or a virtual one's, as Docker Desktop's is.
    #[error(
        "--docker: the bridge of Docker's engine is the interface {interface:?}, which has no IPv4 address on this machine; the engine has to run here, not in a virtual machine"
    )]
    NoInterface {
        /// The interface that the engine named.
        interface: String,
    },
    /// Others than containers might reach the address.
    #[error(
        "--docker: Docker's bridge {interface:?} has the address {address}, allowed: a private one (10/8, 172.16/12, 192.168/16)"
    )]
    Public {
        /// The interface.
        interface: String,
        /// Its address.
        address: Ipv4Addr,
    },
    /// The interfaces of this machine cannot be listed.
    #[error("--docker: could not list the network interfaces of this machine")]
    Interfaces(#[source] std::io::Error),
}

impl Bridge {
    /// Asks the engine that the command `docker` speaks to (`DOCKER_HOST`) for its default bridge.
    ///
    /// # Errors
    /// [`BridgeError`] says what is missing.
    pub(super) async fn find() -> Result<Self, BridgeError> {
        let mut command = Command::new("docker");
        command.args(["network", "inspect", "bridge", "--format", INTERFACE]);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(LIMIT, command.output())
            .await
            .map_err(|_| BridgeError::NoEngine(format!("no answer in {} s", LIMIT.as_secs())))?
            .map_err(BridgeError::NoCommand)?;
        if !output.status.success() {
            return Err(BridgeError::NoEngine(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        Self::of_interface(String::from_utf8_lossy(&output.stdout).trim())
    }

    fn of_interface(interface: &str) -> Result<Self, BridgeError> {
        let all = get_if_addrs().map_err(BridgeError::Interfaces)?;
        let own = all.into_iter().find_map(|found| match found.addr {
            IfAddr::V4(own) if found.name == interface => Some(own),
            _ => None,
        });
        let own = own.ok_or_else(|| BridgeError::NoInterface {
            interface: interface.to_owned(),
        })?;
        if !own.ip.is_private() {
            return Err(BridgeError::Public {
                interface: interface.to_owned(),
                address: own.ip,
            });
        }
        Ok(Self {
            address: own.ip,
            mask: own.netmask,
        })
    }

    /// Whether `peer` is a container of this bridge, or this machine itself. A packet that another machine sends to the bridge's address arrives all the
    /// same, through whichever interface leads here.
    pub(super) fn contains(&self, peer: IpAddr) -> bool {
        match peer {
            IpAddr::V4(peer) => peer & self.mask == self.address & self.mask,
            IpAddr::V6(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bridges_own_network_is_let_in() {
        let bridge = Bridge {
            address: Ipv4Addr::new(172, 17, 0, 1),
            mask: Ipv4Addr::new(255, 255, 0, 0),
        };
        for (peer, is_let_in) in [
            ("172.17.0.1", true),
            ("172.17.255.254", true),
            ("172.18.0.2", false),
            ("192.0.2.7", false),
            ("127.0.0.1", false),
            ("::ffff:172.17.0.2", false),
            ("fd00::2", false),
        ] {
            assert_eq!(bridge.contains(peer.parse().unwrap()), is_let_in, "{peer}");
        }
    }

    #[test]
    fn an_interface_that_is_none_of_containers_is_refused_by_name() {
        let refused = Bridge::of_interface("nobodys0").unwrap_err().to_string();
        assert!(refused.contains("\"nobodys0\""), "{refused}");
        let refused = Bridge::of_interface("lo").unwrap_err().to_string();
        assert!(refused.contains("127.0.0.1, allowed: a private one"), "{refused}");
    }
}
