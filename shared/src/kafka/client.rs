//! The connection to Kafka, secured as the settings say: made anew for each producer and admin, or kept for those who share one.

use std::time::Duration;

use krafka::auth::{AuthConfig, AwsMskIamCredentials, TlsConfig};
use krafka::{Kafka, KrafkaError};
use tokio::sync::OnceCell;

use super::connect_failure;
use crate::config::{KafkaConfig, KafkaSecurity};

/// Longest wait for one broker to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Less than half of a delivery ([`super::producer::DELIVERY_TIMEOUT`]), so that a connection which died while the function was frozen is replaced within it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(4);

/// Connects as `config` says.
///
/// # Errors
/// What the client says; where a setting is to blame (wrong password, wrong CA, a port that speaks something else), its name and what is wrong with it.
pub(super) async fn connect(config: &KafkaConfig) -> Result<Kafka, KrafkaError> {
    let security = match &config.security {
        KafkaSecurity::Plaintext => AuthConfig::plaintext(),
        KafkaSecurity::Scram {
            username,
            password,
            ca_file,
        } => {
            let tls = match ca_file {
                Some(file) => TlsConfig::new().with_ca_cert_pem(file.pem()),
                None => TlsConfig::new(),
            };
            AuthConfig::sasl_scram_sha512(username, password).with_tls(tls)
        }
        KafkaSecurity::MskIam { region } => {
            let region = region.clone();
            AuthConfig::aws_msk_iam_provider(move || {
                let region = region.clone();
                async move { AwsMskIamCredentials::from_default_chain(region).await }
            })
        }
    };
    Kafka::builder(config.bootstrap_servers.as_str())
        .client_id("hwanyul")
        .security(security)
        .request_timeout(REQUEST_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .connect()
        .await
        .map_err(|error| connect_failure::named(config, error))
}

/// No broker could be reached, or it refused us.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect to Kafka at {bootstrap_servers}")]
pub struct ConnectError {
    /// Where it was tried.
    bootstrap_servers: String,
    /// What the client said.
    source: KrafkaError,
}

/// A connection that those share who read and who write the same records. Made at the first use and kept for warm invocations.
pub struct KafkaClient {
    config: KafkaConfig,
    kafka: OnceCell<Kafka>,
}

impl KafkaClient {
    /// Not connected yet.
    #[must_use]
    pub fn new(config: KafkaConfig) -> Self {
        Self {
            config,
            kafka: OnceCell::new(),
        }
    }

    pub(super) async fn connected(&self) -> Result<&Kafka, ConnectError> {
        let kafka = self.kafka.get_or_try_init(|| connect(&self.config)).await;
        kafka.map_err(|source| self.failed(source))
    }

    pub(super) fn failed(&self, source: KrafkaError) -> ConnectError {
        ConnectError {
            bootstrap_servers: self.config.bootstrap_servers.clone(),
            source,
        }
    }
}
