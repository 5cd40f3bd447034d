//! How to reach Kafka.

use std::fmt;

use super::{CaFile, ConfigError, Get, optional, required, var};

/// How to reach Kafka.
#[derive(Clone)]
pub struct KafkaConfig {
    /// `KAFKA_BOOTSTRAP_SERVERS`: `host:port`, several with commas. Example `127.0.0.1:9092`.
    pub bootstrap_servers: String,
    /// `KAFKA_SECURITY` and what belongs to it; `plaintext` unless set.
    pub security: KafkaSecurity,
}

/// How a connection to Kafka is secured.
#[derive(Clone)]
pub enum KafkaSecurity {
    /// Nothing: local stacks and closed networks.
    Plaintext,
    /// TLS with SCRAM-SHA-512.
    Scram {
        /// `KAFKA_USERNAME`.
        username: String,
        /// `KAFKA_PASSWORD`.
        password: String,
        /// `KAFKA_CA_FILE`; the public roots when unset.
        ca_file: Option<CaFile>,
    },
    /// Amazon MSK's IAM access control, with the function's own role.
    MskIam {
        /// `AWS_REGION`.
        region: String,
    },
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaConfig")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .finish_non_exhaustive()
    }
}

impl KafkaConfig {
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        let bootstrap_servers = required(get, var::KAFKA_BOOTSTRAP_SERVERS)?;
        let security = match optional(get, var::KAFKA_SECURITY).as_deref() {
            None | Some("plaintext") => KafkaSecurity::Plaintext,
            Some("sasl_ssl_scram") => KafkaSecurity::Scram {
                username: required(get, var::KAFKA_USERNAME)?,
                password: required(get, var::KAFKA_PASSWORD)?,
                ca_file: CaFile::read(get, var::KAFKA_CA_FILE)?,
            },
            Some("msk_iam") => KafkaSecurity::MskIam {
                region: required(get, var::AWS_REGION)?,
            },
            Some(other) => {
                return Err(ConfigError::Invalid {
                    name: var::KAFKA_SECURITY,
                    value: other.to_owned(),
                    allowed: "plaintext, sasl_ssl_scram or msk_iam",
                });
            }
        };
        Ok(Self {
            bootstrap_servers,
            security,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_variable_and_what_is_allowed() {
        assert_eq!(
            KafkaConfig::read(&|_| None).unwrap_err().to_string(),
            "environment variable KAFKA_BOOTSTRAP_SERVERS is not set"
        );
        let get = |name: &str| match name {
            var::KAFKA_BOOTSTRAP_SERVERS => Some("a:1".to_owned()),
            var::KAFKA_SECURITY => Some("ssl".to_owned()),
            _ => None,
        };
        let error = KafkaConfig::read(&get).unwrap_err().to_string();
        assert_eq!(
            error,
            "environment variable KAFKA_SECURITY is \"ssl\": allowed is plaintext, sasl_ssl_scram or msk_iam"
        );
    }
}
