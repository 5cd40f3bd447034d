//! Where Kafka is and how it is reached. Every connection of the emulator to Kafka begins here.

use std::fmt;
use std::path::PathBuf;

use krafka::auth::{AuthConfig, TlsConfig};
use krafka::{Kafka, KafkaBuilder};

/// A Kafka cluster, as the mappings reach it.
///
/// A template names secrets for this (`SourceAccessConfigurations`), which exist in AWS only; so it is said here instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaAccess {
    /// `host:port`, several with commas. Events carry it as `bootstrapServers`.
    pub bootstrap: String,
    /// How a connection is secured.
    pub security: KafkaSecurity,
}

/// How a connection to Kafka is secured.
#[derive(Clone, PartialEq, Eq)]
pub enum KafkaSecurity {
    /// Nothing.
    Plaintext,
    /// TLS with SCRAM-SHA-512, as `SASL_SCRAM_512_AUTH` and `SERVER_ROOT_CA_CERTIFICATE` of a mapping ask for.
    Scram {
        /// The user.
        username: String,
        /// Its password.
        password: String,
        /// A PEM file with the brokers' CA; the public roots without it.
        ca_file: Option<PathBuf>,
    },
}

impl fmt::Debug for KafkaSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plaintext => f.write_str("Plaintext"),
            Self::Scram { username, ca_file, .. } => f
                .debug_struct("Scram")
                .field("username", username)
                .field("ca_file", ca_file)
                .finish_non_exhaustive(),
        }
    }
}

impl KafkaAccess {
    /// A Kafka without TLS and passwords.
    pub fn plaintext(bootstrap: impl Into<String>) -> Self {
        Self {
            bootstrap: bootstrap.into(),
            security: KafkaSecurity::Plaintext,
        }
    }

    /// A Kafka with TLS and SCRAM-SHA-512.
    pub fn scram(
        bootstrap: impl Into<String>,
        username: impl Into<String>,
        password: impl Into<String>,
        ca_file: Option<PathBuf>,
    ) -> Self {
        Self {
            bootstrap: bootstrap.into(),
            security: KafkaSecurity::Scram {
                username: username.into(),
                password: password.into(),
                ca_file,
            },
        }
    }

    /// A connection to be made, under this name.
    pub(crate) fn client(&self, client_id: impl Into<String>) -> KafkaBuilder {
        let builder = Kafka::builder(self.bootstrap.as_str()).client_id(client_id);
        match &self.security {
            KafkaSecurity::Plaintext => builder,
            KafkaSecurity::Scram {
                username,
                password,
                ca_file,
            } => {
                let tls = match ca_file {
                    Some(path) => TlsConfig::new().with_ca_cert(path.to_string_lossy().into_owned()),
                    None => TlsConfig::new(),
                };
                builder.security(AuthConfig::sasl_scram_sha512(username, password).with_tls(tls))
            }
        }
    }
}
