//! The Ranking service: which countries' currencies people look at, by Korean day. Clicks live in MongoDB; no Kafka. Redis holds the limit of
//! clicks a client, shared by all instances.

pub mod api;
pub mod calendar;
mod click;
mod client_address;
mod config;
mod idempotency;
pub mod leaderboard;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use shared::cache::{Cache, CacheError};
use shared::country::CountryCode;

use self::calendar::{DateRange, RankingPeriod, korean_day};
use self::client_address::Clients;
use self::leaderboard::Clicks;
use self::store::{Store, StoreError};

pub use self::click::{Click, ClickError, Clicked};
pub use self::client_address::EDGE_HEADER;
pub use self::idempotency::IdempotencyKey;

/// Where the present comes from. A parameter, so that a test can stand at Korean midnight.
type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The Ranking service: its store, and the cache that counts each client's clicks.
pub struct Ranking {
    store: Store,
    cache: Cache,
    clients: Clients,
    clicks_a_minute: u64,
    clock: Clock,
}

/// The clicks of a period and of the one before.
#[derive(Debug)]
pub struct PeriodClicks {
    /// The days of the period.
    pub range: DateRange,
    /// Its clicks.
    pub clicks: Clicks,
    /// The clicks of the period before.
    pub before: Clicks,
}

impl Ranking {
    /// The same service in another present.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where its clicks are stored.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The day that it is in Korea.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        korean_day((self.clock)())
    }

    /// The clicks of the `period` that contains `day`, and of the period before it.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn period_clicks(&self, period: RankingPeriod, day: NaiveDate) -> Result<PeriodClicks, StoreError> {
        let range = period.containing(day);
        self.store.ensure_indexes().await?;
        let (clicks, before) = tokio::try_join!(
            self.store.clicks_by_country(range),
            self.store.clicks_by_country(period.before(range))
        )?;
        Ok(PeriodClicks { range, clicks, before })
    }

    /// The clicks of one country on each of the `days` days that end today, days without clicks included.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn clicks_by_day(&self, country: CountryCode, days: u32) -> Result<Vec<(NaiveDate, u64)>, StoreError> {
        let range = DateRange::ending(self.today(), days);
        self.store.ensure_indexes().await?;
        let counted = self.store.clicks_by_day(country, range).await?;
        let clicks = |day| counted.get(&day).copied().unwrap_or_default();
        Ok(range.days().map(|day| (day, clicks(day))).collect())
    }

    /// Counts one of a client's clicks in its present minute; answers how long to wait when there are too many.
    async fn limit(&self, client: &str) -> Result<Option<Duration>, CacheError> {
        /// A click waits no longer for Redis; a new connection over TLS included, which has 2 s and then says itself what is wrong.
        const DEADLINE: Duration = Duration::from_secs(3);
        let key = shared::cache::key::click_limit(client);
        let counting = self.cache.count(&key, shared::cache::ttl::CLICK_LIMIT);
        let (count, left) = tokio::time::timeout(DEADLINE, counting)
            .await
            .unwrap_or(Err(CacheError::Slow(DEADLINE)))?;
        Ok((count > self.clicks_a_minute).then_some(left))
    }
}
