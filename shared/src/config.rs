//! Configuration from the environment. Every variable's name stands in [`var`]; each function has one struct, read once, whose errors name the variable.

mod ca_file;
mod login;
pub mod secret;

use std::fmt;
use std::str::FromStr;

pub use self::ca_file::CaFile;
pub use self::login::with_login;

/// Where variables come from. A parameter, so tests never change the process environment.
pub type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Names of all environment variables; `template.yaml` sets the same.
pub mod var {
    /// `host:port,host:port`.
    pub const KAFKA_BOOTSTRAP_SERVERS: &str = "KAFKA_BOOTSTRAP_SERVERS";
    /// `plaintext`, `sasl_ssl_scram` or `msk_iam`.
    pub const KAFKA_SECURITY: &str = "KAFKA_SECURITY";
    /// SCRAM user.
    pub const KAFKA_USERNAME: &str = "KAFKA_USERNAME";
    /// SCRAM password.
    pub const KAFKA_PASSWORD: &str = "KAFKA_PASSWORD";
    /// Secret with `username` and `password` of Kafka's SCRAM user.
    pub const KAFKA_SECRET_ARN: &str = "KAFKA_SECRET_ARN";
    /// Path of a PEM file with the brokers' CA, when it is not a public one.
    pub const KAFKA_CA_FILE: &str = "KAFKA_CA_FILE";
    /// Copies of each partition that new topics get.
    pub const KAFKA_REPLICATION: &str = "KAFKA_REPLICATION";
    /// `redis://` or `rediss://`, with user and password if needed.
    pub const REDIS_URL: &str = "REDIS_URL";
    /// User, unless `REDIS_URL` has one.
    pub const REDIS_USERNAME: &str = "REDIS_USERNAME";
    /// Password, unless `REDIS_URL` has one.
    pub const REDIS_PASSWORD: &str = "REDIS_PASSWORD";
    /// Secret with `username` and `password` of Redis, or with its `url`.
    pub const REDIS_SECRET_ARN: &str = "REDIS_SECRET_ARN";
    /// Path of a PEM file with the CA of Redis's certificate, when it is not a public one.
    pub const REDIS_CA_FILE: &str = "REDIS_CA_FILE";
    /// `true` for a Redis Cluster (ElastiCache Serverless is one).
    pub const REDIS_CLUSTER: &str = "REDIS_CLUSTER";
    /// `postgres://user:password@host/database?sslmode=verify-full`.
    pub const DATABASE_URL: &str = "DATABASE_URL";
    /// User, unless `DATABASE_URL` has one.
    pub const DATABASE_USERNAME: &str = "DATABASE_USERNAME";
    /// Password, unless `DATABASE_URL` has one.
    pub const DATABASE_PASSWORD: &str = "DATABASE_PASSWORD";
    /// Secret with `username` and `password` of PostgreSQL, or with its `url`.
    pub const DATABASE_SECRET_ARN: &str = "DATABASE_SECRET_ARN";
    /// Path of a PEM file with the CA of PostgreSQL's certificate, when it is not a public one.
    pub const DATABASE_CA_FILE: &str = "DATABASE_CA_FILE";
    /// `mongodb://user:password@host:port/database`, or `mongodb+srv://`; database `hwanyul` unless its path names one.
    pub const MONGODB_URI: &str = "MONGODB_URI";
    /// User, unless `MONGODB_URI` has one.
    pub const MONGODB_USERNAME: &str = "MONGODB_USERNAME";
    /// Password, unless `MONGODB_URI` has one.
    pub const MONGODB_PASSWORD: &str = "MONGODB_PASSWORD";
    /// Secret with `username` and `password` of MongoDB, or with its `uri`.
    pub const MONGODB_SECRET_ARN: &str = "MONGODB_SECRET_ARN";
    /// Path of a PEM file with the CA of MongoDB's certificate, when it is not a public one; DocumentDB's is not.
    pub const MONGODB_CA_FILE: &str = "MONGODB_CA_FILE";
    /// Clicks that one client may make in a minute.
    pub const CLICK_LIMIT_PER_MINUTE: &str = "CLICK_LIMIT_PER_MINUTE";
    /// What the console's distribution sends to say who it is.
    pub const EDGE_KEY: &str = "EDGE_KEY";
    /// Secret with the `key` of the console's distribution.
    pub const EDGE_SECRET_ARN: &str = "EDGE_SECRET_ARN";
    /// Where records go that can never be applied.
    pub const DEAD_LETTER_QUEUE_URL: &str = "DEAD_LETTER_QUEUE_URL";
    /// Where Lambda's own API answers, when not at AWS; the variable of all AWS SDKs.
    pub const LAMBDA_ENDPOINT: &str = "AWS_ENDPOINT_URL_LAMBDA";
    /// Where CodeDeploy's API answers, when not at AWS.
    pub const CODE_DEPLOY_ENDPOINT: &str = "AWS_ENDPOINT_URL_CODEDEPLOY";
    /// The FIFO queue of events that Kafka did not acknowledge.
    pub const BACKUP_QUEUE_URL: &str = "BACKUP_QUEUE_URL";
    /// Seconds until an event of the backup that Kafka did not acknowledge is tried again.
    pub const BACKUP_RETRY_SECONDS: &str = "BACKUP_RETRY_SECONDS";
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,krafka=warn`.
    pub const LOG_LEVEL: &str = "LOG_LEVEL";
    /// Where traces are sent, the base URL of an OTLP/HTTP receiver; OpenTelemetry's own variable. Without it there are none.
    pub const OTLP_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    /// Set by Lambda.
    pub const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
    /// Set by Lambda.
    pub const AWS_REGION: &str = "AWS_REGION";
    /// Set by Lambda.
    pub const FUNCTION_VERSION: &str = "AWS_LAMBDA_FUNCTION_VERSION";
    /// Set by Lambda: the instance's log stream, which names it.
    pub const LOG_STREAM: &str = "AWS_LAMBDA_LOG_STREAM_NAME";
    /// Set by Lambda, in MB.
    pub const MEMORY_SIZE: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    /// Providers in the order in which they are tried, `ecb,koreaexim`.
    pub const PROVIDERS: &str = "PROVIDERS";
    /// `public` when the rates are shown to others, else `private`.
    pub const PUBLICATION: &str = "PUBLICATION";
    /// Other addresses of providers than their own: `ecb=http://127.0.0.1:9010/daily.xml,koreaexim=https://example.com/rates`.
    pub const PROVIDER_URLS: &str = "PROVIDER_URLS";
    /// Secret with keys of providers, each under the provider's key; the variables that it gives are named by [`crate::source::ApiKey`].
    pub const PROVIDER_SECRET_ARN: &str = "PROVIDER_SECRET_ARN";
    /// The ECB's whole history, zipped CSV.
    pub const ECB_HISTORY_URL: &str = "ECB_HISTORY_URL";
    /// Milliseconds a provider may take for one request.
    pub const PROVIDER_TIMEOUT_MS: &str = "PROVIDER_TIMEOUT_MS";
    /// Requests to one provider in a run.
    pub const PROVIDER_ATTEMPTS: &str = "PROVIDER_ATTEMPTS";
    /// A change of more percent than this is held back unless confirmed.
    pub const MAX_JUMP_PERCENT: &str = "MAX_JUMP_PERCENT";
    /// Percent around the base rate for `tts` and `ttb` where the source gives none.
    pub const SPREAD_PERCENT: &str = "SPREAD_PERCENT";
}

/// Why a configuration is refused. Values stay out of it where they may be secret.
#[derive(thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// Not set, or empty.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// Set to something else than is allowed.
    #[error("environment variable {name} is {value:?}: allowed is {allowed}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value, or `(hidden)`.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// It names a file of certificates that is none.
    #[error("environment variable {name} names the file {path:?}, which {fault}")]
    CaFile {
        /// The variable.
        name: &'static str,
        /// The file.
        path: String,
        /// What is wrong with it.
        fault: String,
    },
    /// It names a secret that cannot be read or says nothing that is known.
    #[error("environment variable {name} names a secret that {fault}")]
    Secret {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        fault: String,
    },
}

/// The sentence, because a function that ends before its first event leaves its error's `Debug` in the log.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The process environment; an empty variable counts as unset.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    say_read(name);
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says that a variable was read. What a function reads is what template.yaml has to set; the tests compare the two.
pub(crate) fn say_read(name: &str) {
    tracing::trace!(name, "Environment variable read");
}

/// The variable's value.
///
/// # Errors
/// [`ConfigError::Missing`] when it is unset or empty.
pub fn required(get: Get<'_>, name: &'static str) -> Result<String, ConfigError> {
    optional(get, name).ok_or(ConfigError::Missing(name))
}

/// The variable's value, unless it is unset or empty.
#[must_use]
pub fn optional(get: Get<'_>, name: &str) -> Option<String> {
    get(name).filter(|value| !value.is_empty())
}

/// The variable parsed, or `default` when it is unset or empty.
///
/// # Errors
/// [`ConfigError::Invalid`] with `allowed` when it does not parse.
pub fn parse_or<T: FromStr>(
    get: Get<'_>,
    name: &'static str,
    default: T,
    allowed: &'static str,
) -> Result<T, ConfigError> {
    match optional(get, name) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| ConfigError::Invalid { name, value, allowed }),
    }
}

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

/// How to reach Redis.
#[derive(Clone)]
pub struct RedisConfig {
    /// `REDIS_URL`: `redis://127.0.0.1:6379`, or `rediss://user:password@host:6379` for TLS. Of a cluster, any nodes, several with commas. Those without user
    /// or password have `REDIS_USERNAME` and `REDIS_PASSWORD`.
    pub url: String,
    /// `REDIS_CLUSTER`: `true` or `false` (default).
    pub cluster: bool,
    /// `REDIS_CA_FILE`; the public roots when unset.
    pub ca_file: Option<CaFile>,
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("RedisConfig")
            .field("cluster", &self.cluster)
            .finish_non_exhaustive()
    }
}

impl RedisConfig {
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        let url = required(get, var::REDIS_URL)?;
        if !url
            .split(',')
            .all(|node| node.starts_with("redis://") || node.starts_with("rediss://"))
        {
            let allowed =
                "redis://[user:password@]host:port, or rediss:// for TLS; several nodes of a cluster with commas";
            return Err(ConfigError::Invalid {
                name: var::REDIS_URL,
                value: "(hidden)".to_owned(),
                allowed,
            });
        }
        let login = |node| with_login(node, get, var::REDIS_USERNAME, var::REDIS_PASSWORD);
        let url = url.split(',').map(login).collect::<Vec<_>>().join(",");
        let ca_file = CaFile::read(get, var::REDIS_CA_FILE)?;
        if ca_file.is_some() && !url.split(',').all(|node| node.starts_with("rediss://")) {
            return Err(ConfigError::Invalid {
                name: var::REDIS_URL,
                value: "(hidden)".to_owned(),
                allowed: "rediss://[user:password@]host:port, because REDIS_CA_FILE is set",
            });
        }
        Ok(Self {
            url,
            ca_file,
            cluster: parse_or(get, var::REDIS_CLUSTER, false, "true or false")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        move |name| {
            pairs
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        }
    }

    #[test]
    fn an_error_names_the_variable_and_what_is_allowed() {
        assert_eq!(
            KafkaConfig::read(&with(&[])).unwrap_err().to_string(),
            "environment variable KAFKA_BOOTSTRAP_SERVERS is not set"
        );
        let get = with(&[("KAFKA_BOOTSTRAP_SERVERS", "a:1"), ("KAFKA_SECURITY", "ssl")]);
        let error = KafkaConfig::read(&get).unwrap_err().to_string();
        assert_eq!(
            error,
            "environment variable KAFKA_SECURITY is \"ssl\": allowed is plaintext, sasl_ssl_scram or msk_iam"
        );
    }

    #[test]
    fn secrets_stay_out_of_errors_and_debug() {
        let error = RedisConfig::read(&with(&[("REDIS_URL", "http://user:secret@host")])).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
        let config = RedisConfig::read(&with(&[("REDIS_URL", "redis://user:secret@host")])).unwrap();
        assert!(!format!("{config:?}").contains("secret"));
    }
}
