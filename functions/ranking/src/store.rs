//! Clicks in MongoDB: the connection, and what is read. What is written is in `counts` and [`idempotency`].
//!
//! Only operations that MongoDB 5 to 8 and Amazon DocumentDB 5 both have: no transactions, no `$setWindowFields`, no `$facet`, no pipelines in
//! updates. Each step is one atomic operation on one document.
//!
//! | collection | document |
//! |---|---|
//! | `clicks` | `{_id: "2026-11-23:US", country_code, currency_code, date, clicks, recent: [key ids]}`, one a country and Korean day |
//! | `claims` | idempotency records `{_id: key id, country_code, date, request, created_at, answer?: {daily_clicks, total_clicks, current_rank}}`, kept 48 hours |

mod connection;
mod counts;
mod document;
mod error;
mod idempotency;
mod indexes;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Document, doc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::config::{ConfigError, Get};
use shared::country::CountryCode;
use shared::trace::{in_span, mongodb};

pub use self::counts::RECENT_KEYS;
pub use self::document::{ClickCounts, IDEMPOTENCY_TTL};
pub use self::error::StoreError;
pub use self::idempotency::IdempotencyRecord;

use self::connection::Connection;
use self::document::{CLICKS, country, day, signed};
use self::indexes::Indexes;
use crate::calendar::DateRange;
use crate::leaderboard::Clicks;

/// The clicks. Connects at the first use.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    indexes: Indexes,
}

impl Store {
    /// The store at `MONGODB_URI`, in the database that its path names, else in `hwanyul`.
    ///
    /// # Errors
    /// [`ConfigError`] when the variable is missing or no MongoDB URI.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            connection: Connection::read(get)?,
            indexes: Indexes::default(),
        })
    }

    /// Makes sure of a connection that lives, before something is written that cannot be repeated.
    ///
    /// # Errors
    /// [`StoreError`] when there is none.
    pub async fn ensure_connected(&self) -> Result<(), StoreError> {
        self.connection.check().await
    }

    /// Asks MongoDB for a sign of life.
    ///
    /// # Errors
    /// [`StoreError`] when there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.connection.ping().await
    }

    /// Makes the collections with their indexes, once a cold start.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be reached. That it refuses an index is logged and none.
    pub async fn ensure_indexes(&self) -> Result<(), StoreError> {
        self.indexes.make(&self.connection).await
    }

    /// The clicks of each country in `range`.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn clicks_by_country(&self, range: DateRange) -> Result<Clicks, StoreError> {
        let rows: Vec<Sum<String>> = self
            .aggregate(vec![
                doc! { "$match": { "date": { "$gte": range.from.to_string(), "$lte": range.to.to_string() } } },
                // Only what the index holds, so that documents with their keys are not fetched.
                doc! { "$project": { "_id": 0, "country_code": 1, "clicks": 1 } },
                doc! { "$group": { "_id": "$country_code", "clicks": { "$sum": "$clicks" } } },
            ])
            .await?;
        rows.into_iter()
            .map(|row| Ok((country(CLICKS, &row.id)?, row.clicks)))
            .collect()
    }

    /// The clicks of one country on the days of `range` that have any.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn clicks_by_day(
        &self,
        country: CountryCode,
        range: DateRange,
    ) -> Result<BTreeMap<NaiveDate, u64>, StoreError> {
        let days = doc! { "$gte": range.from.to_string(), "$lte": range.to.to_string() };
        let rows: Vec<Sum<String>> = self
            .aggregate(vec![
                doc! { "$match": { "country_code": country.as_str(), "date": days } },
                doc! { "$project": { "_id": 0, "date": 1, "clicks": 1 } },
                doc! { "$group": { "_id": "$date", "clicks": { "$sum": "$clicks" } } },
            ])
            .await?;
        rows.into_iter()
            .map(|row| Ok((day(CLICKS, &row.id)?, row.clicks)))
            .collect()
    }

    /// The clicks and the rank of `country` on `date` with its `daily_clicks`.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn click_counts(
        &self,
        country: CountryCode,
        date: NaiveDate,
        daily_clicks: u64,
    ) -> Result<ClickCounts, StoreError> {
        let total = self.aggregate::<Sum<Option<String>>>(vec![
            doc! { "$match": { "country_code": country.as_str() } },
            doc! { "$project": { "_id": 0, "clicks": 1 } },
            doc! { "$group": { "_id": null, "clicks": { "$sum": "$clicks" } } },
        ]);
        let above = async {
            let more = doc! { "date": date.to_string(), "clicks": { "$gt": signed(daily_clicks) } };
            Ok(self.days().await?.count_documents(more).await?)
        };
        let (total, above): (_, u64) = tokio::try_join!(total, above)?;
        Ok(ClickCounts {
            daily_clicks,
            total_clicks: total.first().map_or(daily_clicks, |row| row.clicks),
            current_rank: above + 1,
        })
    }

    async fn aggregate<T: DeserializeOwned + Send + Sync>(
        &self,
        pipeline: Vec<Document>,
    ) -> Result<Vec<T>, StoreError> {
        let reading = async {
            let cursor = self.days().await?.aggregate(pipeline).with_type::<T>().await?;
            Ok(cursor.try_collect().await?)
        };
        in_span(mongodb("aggregate clicks"), reading).await
    }

    async fn days(&self) -> Result<Collection<Document>, StoreError> {
        Ok(self.connection.database().await?.collection(CLICKS))
    }
}

/// One group of an aggregation.
#[derive(Debug, Deserialize)]
struct Sum<Id> {
    #[serde(rename = "_id")]
    id: Id,
    clicks: u64,
}
