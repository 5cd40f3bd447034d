//! How to reach Redis.

use std::fmt;

use super::{CaFile, ConfigError, Get, parse_or, required, var, with_login};

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

    #[test]
    fn secrets_stay_out_of_errors_and_debug() {
        let read = |url: &str| RedisConfig::read(&|name| (name == var::REDIS_URL).then(|| url.to_owned()));
        let error = read("http://user:secret@host").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
        let config = read("redis://user:secret@host").unwrap();
        assert!(!format!("{config:?}").contains("secret"));
    }
}
