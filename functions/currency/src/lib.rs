//! What the Currency service does with each topic: keeps `currency.current_rate` and the `rate:{code}` caches current. Each function may be applied
//! any number of times, in any order. [`api`] answers from them.

pub mod api;
mod current;
mod ended;
mod exact_product;
mod quote;
mod store;

use shared::apply::ApplyError;
use shared::cache::{Cache, CacheError};
use shared::config::{ConfigError, Get, RedisConfig};
use shared::currency::CurrencyCode;
use shared::event::{
    CacheInvalidation, CacheKey, DataProcessingCompleted, ExchangeRateUpdated, MANUAL, NewDataReceived,
};
use sqlx::PgPool;

/// How often rows are read when Redis loses their fences, or an operator clears them, while they are read: once for each such moment. More clears than this
/// within one refresh are a fault somewhere, and the batch comes again.
const REFRESH_ATTEMPTS: u32 = 16;

/// The Currency service: its store and its caches.
pub struct Currency {
    store: PgPool,
    cache: Cache,
}

impl Currency {
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

    /// Topic `new_data_received`: a run begins. Makes the connections that its rates will need and reads which currencies are known.
    ///
    /// # Errors
    /// [`ApplyError`] when PostgreSQL or Redis does not answer.
    pub async fn new_data_received(&self, events: &[NewDataReceived]) -> Result<(), ApplyError> {
        let ping = async { self.cache.ping().await.map_err(ApplyError::from) };
        let known = async { store::known(&self.store).await.map_err(ApplyError::from) };
        let (known, ()) = tokio::try_join!(known, ping)?;
        tracing::debug!(
            known_currencies = known.len(),
            runs = events.len(),
            "Ready for new rates"
        );
        Ok(())
    }

    /// Topic `exchange_rate_updated`: stores the newest observation of each currency in the batch and refreshes its cache entry from the row that won.
    ///
    /// # Errors
    /// [`ApplyError`] when PostgreSQL or Redis cannot be reached; nothing is acknowledged then.
    pub async fn rate_updated(&self, events: &[ExchangeRateUpdated]) -> Result<(), ApplyError> {
        let newest = newest(events);
        let codes: Vec<CurrencyCode> = newest.iter().map(|event| event.currency_code).collect();
        self.refresh(&codes, async |_: &[CurrencyCode]| {
            store::upsert(&self.store, &newest).await
        })
        .await?;
        for code in &codes {
            tracing::debug!(currency.code = %code, "Cache cleared for updated currency: {code}");
        }
        Ok(())
    }

    /// Topic `data_processing_completed`: refreshes the entry of every currency that has a rate.
    ///
    /// # Errors
    /// [`ApplyError`] when PostgreSQL or Redis cannot be reached.
    pub async fn processing_completed(&self, _: &[DataProcessingCompleted]) -> Result<(), ApplyError> {
        let codes = store::known(&self.store).await?;
        self.refresh(&codes, async |codes: &[CurrencyCode]| {
            store::rows(&self.store, codes).await
        })
        .await
    }

    /// Topic `cache_invalidation`: clears the named entries, or all of them, and fills them from the store in the same step. An operator's
    /// ([`MANUAL`]) are filled with what the store has even where a newer row was cached, because somebody may have repaired the store.
    ///
    /// # Errors
    /// [`ApplyError`] when PostgreSQL or Redis cannot be reached.
    pub async fn cache_invalidated(&self, events: &[CacheInvalidation]) -> Result<(), ApplyError> {
        let by_operator = events.iter().filter(|event| event.invalidation_type == MANUAL);
        self.cache.forget_newest(&named(by_operator)).await?;
        let codes = named(events.iter());
        self.refresh(&codes, async |codes: &[CurrencyCode]| {
            store::rows(&self.store, codes).await
        })
        .await
    }

    /// Caches the rows that `read` gives for `codes`; the entries of those without a row are cleared. The leases come before the rows are read, so
    /// what is cached is never older than what was there.
    async fn refresh(
        &self,
        codes: &[CurrencyCode],
        read: impl AsyncFn(&[CurrencyCode]) -> Result<Vec<ExchangeRateUpdated>, sqlx::Error>,
    ) -> Result<(), ApplyError> {
        let mut codes = codes.to_vec();
        for _ in 0..REFRESH_ATTEMPTS {
            if codes.is_empty() {
                return Ok(());
            }
            let leases = self.cache.lease_rates(&codes).await?;
            let rows = read(&codes).await?;
            let refreshed = self.cache.refresh_rates(&leases, &rows).await?;
            let without: Vec<CurrencyCode> = codes
                .iter()
                .filter(|code| rows.iter().all(|row| row.currency_code != **code))
                .copied()
                .collect();
            self.cache.drop_rates(&leases, &without).await?;
            codes = refreshed.lost;
        }
        if codes.is_empty() {
            Ok(())
        } else {
            Err(CacheError::Unstable(REFRESH_ATTEMPTS).into())
        }
    }
}

/// The currencies that the events name, each once.
fn named<'a>(events: impl Iterator<Item = &'a CacheInvalidation>) -> Vec<CurrencyCode> {
    let mut codes = Vec::new();
    for key in events.flat_map(|event| &event.cache_keys) {
        match key {
            CacheKey::One(code) => codes.push(*code),
            CacheKey::All => codes.extend(CurrencyCode::all()),
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The newest of each currency's events, by currency. A batch can have thousands of events, so each costs one index into an array.
fn newest(events: &[ExchangeRateUpdated]) -> Vec<ExchangeRateUpdated> {
    let mut newest: Vec<Option<&ExchangeRateUpdated>> = vec![None; CurrencyCode::all().len()];
    for event in events {
        let known = &mut newest[event.currency_code.index()];
        if known.is_none_or(|known| event.cmp_version(known).is_gt()) {
            *known = Some(event);
        }
    }
    newest.into_iter().flatten().cloned().collect()
}
