//! The Ranking service: which countries' currencies people look at, by Korean day. Clicks live in MongoDB; no Kafka. Redis holds the limit of
//! clicks a client, shared by all instances.

pub mod api;
mod click;
mod client;
mod config;
pub mod day;
pub mod standing;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use shared::cache::{Cache, CacheError};
use shared::country::CountryCode;

use self::client::Clients;
use self::day::{Period, Span, korean_day};
use self::standing::Clicks;
use self::store::{Store, StoreError};

pub use self::click::{Click, ClickError, ClickKey, Clicked};
pub use self::client::EDGE_HEADER;

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
pub struct Compared {
    /// The period.
    pub span: Span,
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

    /// The clicks of the `period` that holds `day`, and of the period before it.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn compared(&self, period: Period, day: NaiveDate) -> Result<Compared, StoreError> {
        let span = period.around(day);
        self.store.ready().await?;
        let (clicks, before) = tokio::try_join!(self.store.clicks(span), self.store.clicks(period.before(span)))?;
        Ok(Compared { span, clicks, before })
    }

    /// The clicks of one country on each of the `days` days that end today, days without clicks included.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn by_day(&self, country: CountryCode, days: u32) -> Result<Vec<(NaiveDate, u64)>, StoreError> {
        let span = Span::ending(self.today(), days);
        self.store.ready().await?;
        let counted = self.store.by_day(country, span).await?;
        let clicks = |day| counted.get(&day).copied().unwrap_or_default();
        Ok(span.days().map(|day| (day, clicks(day))).collect())
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
