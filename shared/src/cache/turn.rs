//! A miss on a hot key is computed once: of all the readers that miss at the same time, in whatever instance, one gets the turn and the others wait for
//! what it caches.

use std::time::Duration;

use redis::{Value, from_redis_value};
use tokio::time::{Instant, sleep, timeout};

use super::{Cache, CacheError, key, new_token, script, ttl};

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

/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It was cached.
    Cached,
    /// It was computed.
    Computed,
}

impl Cache {
    /// What `cached` reads, or else what `compute` answers. `turn` names what is computed; of several readers that miss it, one computes and caches it
    /// (which is `compute`'s part, if its argument says that Redis can be written), and the others read what it cached.
    ///
    /// # Errors
    /// Those of `compute`. Redis failing is none: the value is then computed.
    pub async fn read_through<T, E, C, D>(
        &self,
        turn: &str,
        cached: impl Fn() -> C + Sync,
        compute: impl FnOnce(bool) -> D,
    ) -> Result<(T, Reading), E>
    where
        C: Future<Output = Result<Option<T>, CacheError>> + Send,
        D: Future<Output = Result<T, E>>,
    {
        let turn = key::turn(turn);
        let started = Instant::now();
        loop {
            match self.step(&turn, &cached).await {
                Ok(Step::Found(value)) => return Ok((value, Reading::Cached)),
                Ok(Step::Given(token, value)) => {
                    self.end_turn(&turn, &token).await;
                    return Ok((value, Reading::Cached));
                }
                Ok(Step::Compute(token)) => {
                    let value = compute(true).await;
                    self.end_turn(&turn, &token).await;
                    return value.map(|value| (value, Reading::Computed));
                }
                Ok(Step::Wait) if started.elapsed() < self.patience.others => sleep(LOOK_AGAIN).await,
                Ok(Step::Wait) => return compute(true).await.map(|value| (value, Reading::Computed)),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Could not read the cache; asking the store"
                    );
                    return compute(false).await.map(|value| (value, Reading::Computed));
                }
            }
        }
    }

    async fn step<T, C>(&self, turn: &str, cached: &(impl Fn() -> C + Sync)) -> Result<Step<T>, CacheError>
    where
        C: Future<Output = Result<Option<T>, CacheError>> + Send,
    {
        if let Some(value) = self.briefly(cached()).await? {
            return Ok(Step::Found(value));
        }
        let Some(token) = self.briefly(self.take_turn(turn)).await? else {
            return Ok(Step::Wait);
        };
        // The last holder may have cached it between the look and the turn.
        Ok(match self.briefly(cached()).await? {
            Some(value) => Step::Given(token, value),
            None => Step::Compute(token),
        })
    }

    /// The answer of a cache operation, if it comes soon enough for a reader who waits.
    ///
    /// # Errors
    /// Those of the operation, or [`CacheError::Slow`].
    pub async fn briefly<T>(&self, operation: impl Future<Output = Result<T, CacheError>>) -> Result<T, CacheError> {
        let limit = self.patience.redis;
        timeout(limit, operation).await.unwrap_or(Err(CacheError::Slow(limit)))
    }

    /// A token, if nobody else has the turn.
    async fn take_turn(&self, turn: &str) -> Result<Option<String>, CacheError> {
        let token = new_token();
        let mut command = redis::cmd("SET");
        command
            .arg(turn)
            .arg(&token)
            .arg("NX")
            .arg("PX")
            .arg(ttl::TURN.as_millis().to_string());
        let answer = self.connection.run(&[command]).await?.pop().unwrap_or(Value::Nil);
        let taken: Option<String> = from_redis_value(answer).map_err(redis::RedisError::from)?;
        Ok(taken.map(|_| token))
    }

    /// Gives the turn to whoever is next. If Redis fails, it ends by its TTL.
    async fn end_turn(&self, turn: &str, token: &str) {
        let call = (vec![turn.to_owned()], vec![token.to_owned()]);
        if let Err(error) = self.briefly(self.scripts(&script::END_TURN, &[call])).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "Could not end a turn");
        }
    }
}

enum Step<T> {
    Found(T),
    Given(String, T),
    Compute(String),
    Wait,
}
