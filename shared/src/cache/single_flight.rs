//! Single flight: a miss on a hot key is computed once. Of all the readers that miss at the same time, in whatever instance, one holds the lock and computes;
//! the others wait for what it caches.

use crate::error_chain::error_chain;
use std::time::Duration;

use redis::{Value, from_redis_value};
use tokio::time::{Instant, sleep, timeout};

use super::script::{self, ScriptCall};
use super::{Cache, CacheError, key, new_token, ttl};

/// How long readers wait before they help themselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For Redis, before a reader goes to the store.
    pub(super) redis: Duration,
    /// For somebody else's computation, before a reader computes for itself.
    pub(super) others: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            redis: Duration::from_millis(500),
            others: Duration::from_secs(2),
        }
    }
}

/// How often a waiting reader asks for the value.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It was cached.
    Cached,
    /// It was computed.
    Computed,
}

impl Cache {
    /// What `cached` reads, or else what `compute` answers. `name` says what is computed; of several readers that miss it, one computes and caches it
    /// (which is `compute`'s part, if its argument says that Redis can be written), and the others read what it cached.
    ///
    /// # Errors
    /// Those of `compute`. Redis failing is none: the value is then computed.
    pub async fn read_through<T, E, C, D>(
        &self,
        name: &str,
        cached: impl Fn() -> C + Sync,
        compute: impl FnOnce(bool) -> D,
    ) -> Result<(T, Reading), E>
    where
        C: Future<Output = Result<Option<T>, CacheError>> + Send,
        D: Future<Output = Result<T, E>>,
    {
        let lock = key::single_flight_lock(name);
        let started = Instant::now();
        loop {
            match self.look_up(&lock, &cached).await {
                Ok(Lookup::Found(value)) => return Ok((value, Reading::Cached)),
                Ok(Lookup::Filled(token, value)) => {
                    self.release(&lock, &token).await;
                    return Ok((value, Reading::Cached));
                }
                Ok(Lookup::Compute(token)) => {
                    let value = compute(true).await;
                    self.release(&lock, &token).await;
                    return value.map(|value| (value, Reading::Computed));
                }
                Ok(Lookup::Wait) if started.elapsed() < self.patience.others => sleep(POLL_INTERVAL).await,
                Ok(Lookup::Wait) => return compute(true).await.map(|value| (value, Reading::Computed)),
                Err(error) => {
                    tracing::warn!(
                        error = error_chain(&error),
                        "Could not read the cache; asking the store"
                    );
                    return compute(false).await.map(|value| (value, Reading::Computed));
                }
            }
        }
    }

    /// What there is to do for a reader: the value, or the lock under which to compute it, or nothing while another holds that.
    async fn look_up<T, C>(&self, lock: &str, cached: &(impl Fn() -> C + Sync)) -> Result<Lookup<T>, CacheError>
    where
        C: Future<Output = Result<Option<T>, CacheError>> + Send,
    {
        if let Some(value) = self.with_timeout(cached()).await? {
            return Ok(Lookup::Found(value));
        }
        let Some(token) = self.with_timeout(self.acquire(lock)).await? else {
            return Ok(Lookup::Wait);
        };
        // The last holder may have cached it between the read and the lock.
        Ok(match self.with_timeout(cached()).await? {
            Some(value) => Lookup::Filled(token, value),
            None => Lookup::Compute(token),
        })
    }

    /// The answer of a cache operation, if it comes soon enough for a reader who waits.
    ///
    /// # Errors
    /// Those of the operation, or [`CacheError::Slow`].
    pub async fn with_timeout<T>(
        &self,
        operation: impl Future<Output = Result<T, CacheError>>,
    ) -> Result<T, CacheError> {
        let limit = self.patience.redis;
        timeout(limit, operation).await.unwrap_or(Err(CacheError::Slow(limit)))
    }

    /// A token, if nobody else holds the lock.
    async fn acquire(&self, lock: &str) -> Result<Option<String>, CacheError> {
        let token = new_token();
        let mut command = redis::cmd("SET");
        command
            .arg(lock)
            .arg(&token)
            .arg("NX")
            .arg("PX")
            .arg(ttl::SINGLE_FLIGHT_LOCK.as_millis().to_string());
        let answer = self.connection.run(&[command]).await?.pop().unwrap_or(Value::Nil);
        let taken: Option<String> = from_redis_value(answer).map_err(redis::RedisError::from)?;
        Ok(taken.map(|_| token))
    }

    /// Gives the lock to whoever is next. If Redis fails, it ends by its TTL.
    async fn release(&self, lock: &str, token: &str) {
        let call = ScriptCall {
            keys: vec![lock.to_owned()],
            arguments: vec![token.to_owned()],
        };
        if let Err(error) = self.with_timeout(self.scripts(&script::RELEASE_LOCK, &[call])).await {
            tracing::debug!(error = error_chain(&error), "Could not release a lock");
        }
    }
}

/// What a reader finds.
enum Lookup<T> {
    /// The value.
    Found(T),
    /// The value, which the last holder cached before the lock with this token was ours.
    Filled(String, T),
    /// Nothing, and the lock with this token.
    Compute(String),
    /// Nothing, and somebody else holds the lock.
    Wait,
}
