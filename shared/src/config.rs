//! Configuration from the environment. Every variable's name stands in [`var`]; each function has one struct, read once, whose errors name the variable.

mod ca_file;
mod kafka;
mod login;
mod redis;
pub mod secret;
pub mod var;

use std::fmt;
use std::str::FromStr;

pub use self::ca_file::CaFile;
pub use self::kafka::{KafkaConfig, KafkaSecurity};
pub use self::login::with_login;
pub use self::redis::RedisConfig;

/// Where variables come from. A parameter, so tests never change the process environment.
pub type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

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
