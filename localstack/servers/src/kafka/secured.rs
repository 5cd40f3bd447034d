//! Where a broker listens, and what a secured one adds: TLS, and users by SCRAM-SHA-512.

use std::ffi::OsString;
use std::net::SocketAddrV4;
use std::path::Path;

use super::super::{Security, ServerError, port};

/// Where clients reach the broker, and how.
pub(super) struct Listeners {
    /// `NAME://host:port`, several with commas.
    pub(super) addresses: String,
    /// The same, as clients are told.
    pub(super) advertised: String,
    /// `NAME:PROTOCOL`, several with commas.
    pub(super) protocols: String,
    /// Further settings, one a line.
    pub(super) more: String,
    /// Where the broker is reached without user and certificate.
    pub(super) plain_port: u16,
    /// Where a proxy leads to, when there is one.
    pub(super) proxied_port: Option<u16>,
}

impl Listeners {
    /// One listener on `port`. A secured broker has a second one, without security, for itself and for whoever waits until it is ready.
    pub(super) fn choose(port: u16, security: Option<&Security>, dir: &Path) -> Result<Self, ServerError> {
        let Some(security) = security else {
            let addresses = format!("PLAINTEXT://127.0.0.1:{port}");
            return Ok(Self {
                advertised: addresses.clone(),
                addresses,
                protocols: "PLAINTEXT:PLAINTEXT".to_owned(),
                more: "inter.broker.listener.name=PLAINTEXT\n".to_owned(),
                plain_port: port,
                proxied_port: None,
            });
        };
        let plain_port = port::free_port()?;
        let keys = dir.join("server.pem");
        security.certificate.write_together(&keys)?;
        let addresses = format!("SECURED://127.0.0.1:{port},INTERNAL://127.0.0.1:{plain_port}");
        Ok(Self {
            advertised: addresses.clone(),
            addresses,
            protocols: "SECURED:SASL_SSL,INTERNAL:PLAINTEXT".to_owned(),
            more: format!(
                "inter.broker.listener.name=INTERNAL
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secured.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={}
",
                keys.display()
            ),
            plain_port,
            proxied_port: None,
        })
    }

    /// One listener more, for clients that come through a proxy: they are told its address.
    pub(super) fn behind(mut self, proxy: Option<SocketAddrV4>) -> Result<Self, ServerError> {
        if let Some(proxy) = proxy {
            let port = port::free_port()?;
            self.addresses.push_str(&format!(",PROXIED://127.0.0.1:{port}"));
            self.advertised.push_str(&format!(",PROXIED://{proxy}"));
            self.protocols.push_str(",PROXIED:PLAINTEXT");
            self.proxied_port = Some(port);
        }
        Ok(self)
    }
}

/// Arguments of `StorageTool format` that make the user.
pub(super) fn new_user(security: &Security) -> [OsString; 2] {
    let Security { user, password, .. } = security;
    [
        "--add-scram".into(),
        format!("SCRAM-SHA-512=[name={user},password={password}]").into(),
    ]
}
