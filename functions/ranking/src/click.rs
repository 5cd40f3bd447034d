//! One click, counted once.

use std::time::Duration;

use chrono::NaiveDate;
use serde::Serialize;
use shared::cache::CacheError;
use shared::country::CountryCode;
use shared::currency::CurrencyCode;
use utoipa::ToSchema;

use crate::Ranking;
use crate::idempotency::IdempotencyKey;
use crate::store::{ClickCounts, IdempotencyRecord, Store, StoreError};

/// A click to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// Whose currency was looked at.
    pub country: CountryCode,
    /// The client that the limit is about.
    pub client: String,
    /// What makes a repeated click one click; without it each counts.
    pub key: Option<IdempotencyKey>,
}

/// A click that was counted, and where its country stands with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Clicked {
    /// The country it counted for.
    pub country_code: CountryCode,
    /// That country's own currency.
    pub currency_code: CurrencyCode,
    /// The country's clicks on that day, this one included.
    #[schema(minimum = 1)]
    pub daily_clicks: u64,
    /// The country's clicks on all days.
    #[schema(minimum = 1)]
    pub total_clicks: u64,
    /// One more than the number of countries with more clicks on that day.
    #[schema(minimum = 1)]
    pub current_rank: u64,
    /// The Korean day (KST, UTC+9) it counted on.
    pub date: NaiveDate,
}

/// Why a click was not counted, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum ClickError {
    /// The client has clicked too often; nothing was counted.
    #[error("more than {allowed} clicks a minute: try again in {wait:?}")]
    TooMany {
        /// How many are allowed.
        allowed: u64,
        /// When the next one is.
        wait: Duration,
    },
    /// The key was sent before, with another request; nothing was counted.
    #[error("the idempotency key belongs to another request, {0}")]
    OtherRequest(String),
    /// Redis cannot say how often the client has clicked; nothing was counted.
    ///
    /// Counting without the limit would let anyone write the ranking while Redis is away: that would be a made-up count.
    #[error("the client's clicks cannot be limited")]
    Limit(#[from] CacheError),
    /// MongoDB failed. Whether the click was counted is unknown; a click with a key may be repeated.
    #[error("the click cannot be counted")]
    Store(#[from] StoreError),
}

impl Ranking {
    /// Counts `click` for the Korean day that it is, once for each key. A click with a key that was counted before is answered as it was then.
    ///
    /// # Errors
    /// [`ClickError`]; only after [`ClickError::Store`] is it unknown whether the click was counted.
    pub async fn click(&self, click: &Click) -> Result<Clicked, ClickError> {
        let (waiting, connected) = tokio::join!(self.limit(&click.client), self.store.ensure_connected());
        if let Some(wait) = waiting? {
            return Err(ClickError::TooMany {
                allowed: self.clicks_a_minute,
                wait,
            });
        }
        connected?;
        self.store.ensure_indexes().await?;
        let today = self.today();
        match &click.key {
            None => Ok(count_each(&self.store, click.country, today).await?),
            Some(key) => count_once(&self.store, click.country, today, key).await,
        }
    }
}

/// Counts a click without a key: one each time.
async fn count_each(store: &Store, country: CountryCode, today: NaiveDate) -> Result<Clicked, StoreError> {
    let daily_clicks = store.count(country, today).await?;
    let counts = store.click_counts(country, today, daily_clicks).await?;
    Ok(clicked(country, today, counts))
}

/// Counts a click exactly once, whoever else has the same key at the same time, and whatever instance died with it half done.
///
/// 1. The idempotency record says what the key stands for. Who finds one goes on with its country and day, so a retry after midnight counts on the first day.
/// 2. One atomic update of the day's document counts the key unless it is in there already: that document alone decides, so two may come here at once.
/// 3. The record gets its counts. The first ones stay, so all who sent the key are answered the same.
///
/// An instance that dies leaves a record without counts, and whoever retries does steps 2 and 3.
async fn count_once(
    store: &Store,
    country: CountryCode,
    today: NaiveDate,
    key: &IdempotencyKey,
) -> Result<Clicked, ClickError> {
    let record = store.reserve(key, country, today).await?;
    if record.request != key.request {
        return Err(ClickError::OtherRequest(record.request));
    }
    let IdempotencyRecord {
        country, day, counts, ..
    } = record;
    if let Some(counts) = counts {
        return Ok(clicked(country, day, counts));
    }
    let daily_clicks = store.count_once(country, day, &key.id).await?;
    let counts = store.click_counts(country, day, daily_clicks).await?;
    let counts = store.complete(&key.id, counts).await?;
    Ok(clicked(country, day, counts))
}

fn clicked(country: CountryCode, date: NaiveDate, counts: ClickCounts) -> Clicked {
    Clicked {
        country_code: country,
        currency_code: country.currency(),
        daily_clicks: counts.daily_clicks,
        total_clicks: counts.total_clicks,
        current_rank: counts.current_rank,
        date,
    }
}
