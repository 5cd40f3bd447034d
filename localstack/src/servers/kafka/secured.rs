//! Where a broker listens, and what a secured one adds: TLS, and users by SCRAM-SHA-512.

use std::ffi::OsString;
use std::path::Path;

use super::super::{Security, ServerError, port};

/// Where clients reach the broker, and how.
pub(super) struct Listeners {
    /// `NAME://host:port`, several with commas.
    pub(super) addresses: String,
    /// `NAME:PROTOCOL`, several with commas.
    pub(super) protocols: &'static str,
    /// Further settings, one a line.
    pub(super) more: String,
    /// Where the broker is reached without user and certificate.
    pub(super) plain_port: u16,
}

impl Listeners {
    /// One listener on `port`. A secured broker has a second one, without security, for itself and for whoever waits until it is ready.
    pub(super) fn choose(port: u16, security: Option<&Security>, dir: &Path) -> Result<Self, ServerError> {
        let Some(security) = security else {
            return Ok(Self {
                addresses: format!("PLAINTEXT://127.0.0.1:{port}"),
                protocols: "PLAINTEXT:PLAINTEXT",
                more: String::new(),
                plain_port: port,
            });
        };
        let plain_port = port::free_port()?;
        let keys = dir.join("server.pem");
        security.certificate.write_together(&keys)?;
        Ok(Self {
            addresses: format!("SECURED://127.0.0.1:{port},INTERNAL://127.0.0.1:{plain_port}"),
            protocols: "SECURED:SASL_SSL,INTERNAL:PLAINTEXT",
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
        })
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
