//! What the History service does with each topic: keeps every observation and each day's prices, and clears what was computed from them. Each function
//! may be applied any number of times, in any order. [`api`] answers from them.

pub mod api;
mod closes;
mod comparison;
mod daily;
mod day;
mod forecast;
mod formulas;
mod leg;
mod point;
mod range;
mod read_through;
mod series;
#[cfg(test)]
mod simulated_walks;
mod statistics;
mod store;

use shared::apply::ApplyError;
use shared::cache::{Cache, Family};
use shared::config::{ConfigError, Get, RedisConfig};
use shared::currency::CurrencyCode;
use shared::event::{CacheInvalidation, DataProcessingCompleted, ExchangeRateUpdated, NewDataReceived};
use sqlx::PgPool;

/// The History service: its store and its caches.
pub struct History {
    store: PgPool,
    cache: Cache,
}

impl History {
    /// The service on these servers.
    #[must_use]
    pub fn new(store: PgPool, cache: Cache) -> Self {
        Self { store, cache }
    }

    /// The service as `DATABASE_URL`, `REDIS_URL` and `REDIS_CLUSTER` say. Connects at the first use.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self::new(
            shared::store::pool(get)?,
            Cache::new(RedisConfig::read(get)?),
        ))
    }

    /// Topic `new_data_received`: a run begins, so comparisons and forecasts are about to be out of date. Clears them.
    ///
    /// # Errors
    /// [`ApplyError`] when Redis cannot be reached.
    pub async fn new_data_received(&self, _: &[NewDataReceived]) -> Result<(), ApplyError> {
        self.clear_all(&[Family::Analysis]).await
    }

    /// Topic `exchange_rate_updated`: stores the observations and the prices of their days, then clears whatever was computed from those currencies.
    ///
    /// # Errors
    /// [`ApplyError`] when PostgreSQL or Redis cannot be reached; nothing is acknowledged then.
    pub async fn rate_updated(&self, events: &[ExchangeRateUpdated]) -> Result<(), ApplyError> {
        let stored = store::store(&self.store, events).await?;
        let mut codes: Vec<CurrencyCode> = events.iter().map(|event| event.currency_code).collect();
        codes.sort_unstable();
        codes.dedup();
        let cleared = self
            .cache
            .clear_history(&codes, &[Family::History, Family::Stats, Family::Analysis])
            .await?;
        tracing::debug!(stored, cleared, "Observations stored");
        for code in &codes {
            tracing::debug!(currency.code = %code, "Cache cleared for updated currency: {code}");
        }
        Ok(())
    }

    /// Topic `data_processing_completed`: clears all statistics.
    ///
    /// # Errors
    /// [`ApplyError`] when Redis cannot be reached.
    pub async fn processing_completed(&self, _: &[DataProcessingCompleted]) -> Result<(), ApplyError> {
        self.clear_all(&[Family::Stats]).await
    }

    /// Topic `cache_invalidation`: clears all history and all statistics.
    ///
    /// # Errors
    /// [`ApplyError`] when Redis cannot be reached.
    pub async fn cache_invalidated(&self, _: &[CacheInvalidation]) -> Result<(), ApplyError> {
        self.clear_all(&[Family::History, Family::Stats]).await
    }

    async fn clear_all(&self, families: &[Family]) -> Result<(), ApplyError> {
        let codes: Vec<CurrencyCode> = CurrencyCode::all().collect();
        let cleared = self.cache.clear_history(&codes, families).await?;
        tracing::debug!(cleared, ?families, "Cache cleared for all currencies");
        Ok(())
    }
}
