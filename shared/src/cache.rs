//! Redis cache operations. Every key pattern and TTL is in [`key`] and [`ttl`], every script in `script`.
//!
//! A clear costs what it touches: the key space is closed, so a clear names its keys and no command ever searches for them. A clear wins: each
//! currency has a fence (see [`key::rate_fence`]) whose token every clear replaces, and a reader can only store what it computed under the token
//! that it took before it began.

mod connect_failure;
mod connection;
mod history;
pub mod key;
mod rate;
mod script;
mod single_flight;
pub mod ttl;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::{Cmd, Value, from_redis_value};
use uuid::Uuid;

use self::connection::Connection;
use self::script::{Script, ScriptCall};
use self::single_flight::Patience;
use crate::config::RedisConfig;

pub use self::history::{Family, Lease};
pub use self::key::{AnalysisKind, Interval};
pub use self::rate::{CachedRate, RateLeases, Refreshed};
pub use self::single_flight::Reading;

/// Why Redis did not do what it was asked to. Whether it was done all the same is unknown; every operation here may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Redis could not be reached, did not answer in time or refused the command.
    #[error("redis failed")]
    Redis(#[from] redis::RedisError),
    /// Redis refused us, or speaks something else than we do: a setting is to blame.
    #[error("{reason}")]
    Refused {
        /// Which setting, and what is wrong with it.
        reason: String,
        /// What the client said.
        #[source]
        source: redis::RedisError,
    },
    /// Redis lost its data again and again while rows were on their way.
    #[error("redis lost its fences {0} times in a row while rates were refreshed")]
    Unstable(u32),
    /// Redis did not answer while a reader waited.
    #[error("redis did not answer in {0:?}")]
    Slow(Duration),
    /// An entry is not what this version of the service writes.
    #[error("the entry {key} cannot be read")]
    Entry {
        /// Its key.
        key: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The caches. Connects at the first use; clones share one connection.
#[derive(Clone)]
pub struct Cache {
    connection: Connection,
    patience: Patience,
}

impl Cache {
    /// A cache that has not connected yet.
    #[must_use]
    pub fn new(config: RedisConfig) -> Self {
        Self {
            connection: Connection::new(config),
            patience: Patience::default(),
        }
    }

    /// The same cache for readers who would rather wait than compute for themselves: `limit` for Redis, and `limit` for what another reader computes.
    #[must_use]
    pub fn with_patience(self, limit: Duration) -> Self {
        Self {
            patience: Patience {
                redis: limit,
                others: limit,
            },
            ..self
        }
    }

    /// Asks Redis for a sign of life.
    ///
    /// # Errors
    /// [`CacheError`] when there is none.
    pub async fn ping(&self) -> Result<(), CacheError> {
        self.connection.run(&[redis::cmd("PING")]).await.map(drop)
    }

    /// What Redis' clock shows; on a cluster that of any node.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn time(&self) -> Result<DateTime<Utc>, CacheError> {
        let answer = self.connection.run(&[redis::cmd("TIME")]).await?.pop();
        let (seconds, micros): (i64, u32) =
            from_redis_value(answer.unwrap_or(Value::Nil)).map_err(redis::RedisError::from)?;
        let no_time = (redis::ErrorKind::UnexpectedReturnType, "TIME answered no time");
        let time = DateTime::from_timestamp(seconds, micros.saturating_mul(1000));
        Ok(time.ok_or_else(|| redis::RedisError::from(no_time))?)
    }

    /// All fields of a hash; empty when there is none.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn hash(&self, key: &str) -> Result<BTreeMap<String, String>, CacheError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(key);
        let value = self.connection.run(&[command]).await?.pop().unwrap_or(Value::Nil);
        Ok(from_redis_value(value).map_err(redis::RedisError::from)?)
    }

    /// Sets `fields` of a hash, leaves its others, and lets the whole expire after `ttl`.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn put_hash(&self, key: &str, fields: &[(String, String)], ttl: Duration) -> Result<(), CacheError> {
        if fields.is_empty() {
            return Ok(());
        }
        let mut arguments = vec![ttl.as_secs().to_string()];
        arguments.extend(fields.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
        let call = ScriptCall {
            keys: vec![key.to_owned()],
            arguments,
        };
        self.scripts(&script::PUT_HASH, &[call]).await.map(drop)
    }

    /// Removes `fields` of a hash; works also while Redis has no room.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn drop_fields(&self, key: &str, fields: &[String]) -> Result<(), CacheError> {
        if fields.is_empty() {
            return Ok(());
        }
        let mut command = redis::cmd("HDEL");
        command.arg(key).arg(fields);
        self.connection.run(&[command]).await.map(drop)
    }

    /// Counts one under `key`, which expires `window` after its first count. Answers the count, and how long until it begins again.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn count(&self, key: &str, window: Duration) -> Result<(u64, Duration), CacheError> {
        let call = ScriptCall {
            keys: vec![key.to_owned()],
            arguments: vec![window.as_millis().to_string()],
        };
        let answer = self.scripts(&script::COUNT, &[call]).await?.pop().unwrap_or(Value::Nil);
        let (count, remaining): (u64, i64) = from_redis_value(answer).map_err(redis::RedisError::from)?;
        Ok((count, Duration::from_millis(remaining.unsigned_abs())))
    }

    /// Runs `script` once for each call, all in one round trip (one for each node on a cluster).
    async fn scripts(&self, script: &Script, calls: &[ScriptCall]) -> Result<Vec<Value>, CacheError> {
        let command = |name: &str, body: &str, call: &ScriptCall| -> Cmd {
            let mut command = redis::cmd(name);
            command
                .arg(body)
                .arg(call.keys.len())
                .arg(&call.keys)
                .arg(&call.arguments);
            command
        };
        let by_hash: Vec<Cmd> = calls
            .iter()
            .map(|call| command("EVALSHA", script.hash(), call))
            .collect();
        let mut answers = self.connection.try_run(&by_hash).await?;
        let unknown =
            |answer: &redis::RedisResult<Value>| matches!(answer, Err(error) if error.code() == Some("NOSCRIPT"));
        // A node that does not know the script yet learns it from the text.
        let missing: Vec<usize> = (0..answers.len()).filter(|place| unknown(&answers[*place])).collect();
        if !missing.is_empty() {
            let by_text: Vec<Cmd> = missing
                .iter()
                .map(|place| command("EVAL", script.text(), &calls[*place]))
                .collect();
            for (place, answer) in missing.into_iter().zip(self.connection.try_run(&by_text).await?) {
                answers[place] = answer;
            }
        }
        answers
            .into_iter()
            .map(|answer| answer.map_err(CacheError::from))
            .collect()
    }
}

/// A token that no other lease or clear ever uses.
fn new_token() -> String {
    Uuid::new_v4().simple().to_string()
}

/// What a fence's lease is: its token, and its last clear by an operator.
fn lease(value: Value) -> Result<(String, String), CacheError> {
    Ok(from_redis_value(value).map_err(redis::RedisError::from)?)
}

fn number(value: Value) -> Result<i64, CacheError> {
    Ok(from_redis_value(value).map_err(redis::RedisError::from)?)
}
