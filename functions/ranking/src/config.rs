//! The service as its environment says.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::Utc;
use shared::cache::Cache;
use shared::config::{ConfigError, Get, RedisConfig, parse_or, var};

use crate::Ranking;
use crate::client_address::Clients;
use crate::store::Store;

/// Clicks that a client may make in a minute, unless `CLICK_LIMIT_PER_MINUTE` says otherwise.
const CLICKS_A_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

impl Ranking {
    /// The service on `MONGODB_URI`, `REDIS_URL` (with their users and passwords) and `REDIS_CLUSTER`, with `CLICK_LIMIT_PER_MINUTE` (100 unless set) for each client, known behind
    /// the console's distribution by `EDGE_KEY`. Connects at the first use.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        let limit = parse_or(
            get,
            var::CLICK_LIMIT_PER_MINUTE,
            CLICKS_A_MINUTE,
            "a whole number of 1 or more",
        )?;
        Ok(Self {
            store: Store::read(get)?,
            cache: Cache::new(RedisConfig::read(get)?),
            clients: Clients::read(get),
            clicks_a_minute: u64::from(limit.get()),
            clock: Arc::new(Utc::now),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mongodb: &str, limit: &str) -> Result<Ranking, ConfigError> {
        Ranking::read(&|name| match name {
            "MONGODB_URI" => Some(mongodb.to_owned()),
            "REDIS_URL" => Some("redis://127.0.0.1:1".to_owned()),
            "CLICK_LIMIT_PER_MINUTE" => Some(limit.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn an_error_names_the_variable_and_no_password() {
        for uri in [
            "mongo://user:secret@host",
            "mongodb://user:sec/ret@host",
            "mongodb://user:secret@host/?tls=perhaps",
        ] {
            let error = read(uri, "").err().unwrap();
            let text = format!("{error} {error:?}");
            assert!(text.contains("MONGODB_URI") && text.contains("mongodb://"), "{text}");
            assert!(!text.contains("sec"), "{text}");
        }
        assert_eq!(read("", "").err(), Some(ConfigError::Missing("MONGODB_URI")));
        let store = format!("{:?}", read("mongodb://user:secret@host/clicks", "").unwrap().store());
        assert!(!store.contains("secret"), "{store}");
    }

    #[test]
    fn the_limit_is_a_hundred_unless_it_is_set() {
        let limit = |text| read("mongodb://host", text).map(|ranking| ranking.clicks_a_minute);
        assert_eq!(limit(""), Ok(100));
        assert_eq!(limit("7"), Ok(7));
        for text in ["0", "-1", "many"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
