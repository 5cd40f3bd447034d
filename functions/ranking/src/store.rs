//! Clicks in MongoDB: the connection, and what is read. What is written is in [`claims`] and `days`.
//!
//! Only operations that MongoDB 5 to 8 and Amazon DocumentDB 5 both have: no transactions, no `$setWindowFields`, no `$facet`, no pipelines in
//! updates. Each step is one atomic operation on one document.
//!
//! | collection | document |
//! |---|---|
//! | `clicks` | `{_id: "2026-11-23:US", country_code, currency_code, date, clicks, recent: [key ids]}`, one a country and Korean day |
//! | `claims` | `{_id: key id, country_code, date, request, created_at, answer?: {daily_clicks, total_clicks, current_rank}}`, kept 48 hours |

mod claims;
mod connection;
mod days;
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
use shared::refused_login;
use shared::trace::{mongodb, step};

pub use self::claims::{CLAIM_LIFE, Claim, Counts};
pub use self::days::RECENT_KEYS;

use self::connection::Connection;
use self::indexes::Indexes;
use crate::day::Span;
use crate::standing::Clicks;

/// The name of the collection of days.
const CLICKS: &str = "clicks";
/// The name of the collection of claims.
const CLAIMS: &str = "claims";

/// Why MongoDB did not do what it was asked to. Whether it was done all the same is unknown.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// MongoDB could not be reached, did not answer in time or refused the operation.
    #[error("mongodb failed")]
    Mongo(#[source] mongodb::error::Error),
    /// A document is not what this version of the service writes.
    #[error("{collection} has {field} {value:?}, which is no {allowed}")]
    Document {
        /// The collection.
        collection: &'static str,
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        allowed: &'static str,
    },
    /// The same document appeared and disappeared again and again.
    #[error("{id} of {collection} was neither there nor absent {attempts} times in a row")]
    Unstable {
        /// The collection.
        collection: &'static str,
        /// The document.
        id: String,
        /// How often it was tried.
        attempts: u32,
    },
}

impl From<mongodb::error::Error> for StoreError {
    fn from(error: mongodb::error::Error) -> Self {
        if connection::is_refused_login(&error) {
            refused_login::note();
        }
        Self::Mongo(error)
    }
}

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
    pub async fn connected(&self) -> Result<(), StoreError> {
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
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.indexes.make(&self.connection).await
    }

    /// The clicks of each country in `span`.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn clicks(&self, span: Span) -> Result<Clicks, StoreError> {
        let rows: Vec<Sum<String>> = self
            .aggregate(vec![
                doc! { "$match": { "date": { "$gte": span.from.to_string(), "$lte": span.to.to_string() } } },
                // Only what the index holds, so that documents with their keys are not fetched.
                doc! { "$project": { "_id": 0, "country_code": 1, "clicks": 1 } },
                doc! { "$group": { "_id": "$country_code", "clicks": { "$sum": "$clicks" } } },
            ])
            .await?;
        rows.into_iter()
            .map(|row| Ok((country(CLICKS, &row.id)?, row.clicks)))
            .collect()
    }

    /// The clicks of one country on the days of `span` that have any.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn by_day(&self, country: CountryCode, span: Span) -> Result<BTreeMap<NaiveDate, u64>, StoreError> {
        let days = doc! { "$gte": span.from.to_string(), "$lte": span.to.to_string() };
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

    /// Where `country` stands on `date` with its `daily_clicks`.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB cannot be asked.
    pub async fn standing(
        &self,
        country: CountryCode,
        date: NaiveDate,
        daily_clicks: u64,
    ) -> Result<Counts, StoreError> {
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
        Ok(Counts {
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
        step(mongodb("aggregate clicks"), reading).await
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

/// BSON has no unsigned numbers. No count comes near the difference.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn country(collection: &'static str, text: &str) -> Result<CountryCode, StoreError> {
    text.parse().map_err(|_| StoreError::Document {
        collection,
        field: "country_code",
        value: text.to_owned(),
        allowed: "country that this version knows",
    })
}

fn day(collection: &'static str, text: &str) -> Result<NaiveDate, StoreError> {
    text.parse().map_err(|_| StoreError::Document {
        collection,
        field: "date",
        value: text.to_owned(),
        allowed: "day as YYYY-MM-DD",
    })
}
