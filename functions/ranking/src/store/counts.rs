//! Counting: one document a country and Korean day, changed by one atomic operation a click.

use chrono::NaiveDate;
use mongodb::bson::{Document, doc};
use mongodb::options::ReturnDocument;
use serde::Deserialize;
use shared::country::CountryCode;
use shared::trace::{in_span, mongodb};

use super::Store;
use super::document::CLICKS;
use super::error::{StoreError, is_duplicate_key};

/// How many of the keys that counted last a day's document remembers: 32 letters each, so some 40 kB. An instance that dies between counting and
/// answering is repeated safely unless this many other clicks with keys came to the same country and day before the retry.
pub const RECENT_KEYS: i32 = 1000;
/// An upsert can lose against another that inserts the same document, once: the document is never removed.
const ATTEMPTS: u32 = 3;

/// What is read of a day's document; never its keys.
#[derive(Debug, Deserialize)]
struct Counted {
    clicks: u64,
}

impl Store {
    /// Counts one click. Answers the day's clicks.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB fails; whether the click was counted is unknown then.
    pub async fn count(&self, country: CountryCode, date: NaiveDate) -> Result<u64, StoreError> {
        let id = id(country, date);
        for _ in 0..ATTEMPTS {
            let increment = doc! { "$inc": { "clicks": 1_i64 }, "$setOnInsert": row(country, date) };
            if let Some(clicks) = self.upsert(doc! { "_id": &id }, increment).await? {
                return Ok(clicks);
            }
        }
        Err(unstable(id))
    }

    /// Counts one click with a key, unless that key counted already. Answers the day's clicks.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB fails; this may be repeated then.
    pub async fn count_once(&self, country: CountryCode, date: NaiveDate, key: &str) -> Result<u64, StoreError> {
        let id = id(country, date);
        for _ in 0..ATTEMPTS {
            let unless_counted = doc! { "_id": &id, "recent": { "$ne": key } };
            let increment = doc! {
                "$inc": { "clicks": 1_i64 },
                "$push": { "recent": { "$each": [key], "$slice": -RECENT_KEYS } },
                "$setOnInsert": row(country, date),
            };
            if let Some(clicks) = self.upsert(unless_counted, increment).await? {
                return Ok(clicks);
            }
            // The document is there and the filter did not find it, so the key is in it; or another upsert inserted it first, and the next attempt
            // will find it.
            if let Some(clicks) = self.counted(doc! { "_id": &id, "recent": key }).await? {
                return Ok(clicks);
            }
        }
        Err(unstable(id))
    }

    /// The day's clicks after the update; nothing when a document with that `_id` is there and does not match, or came there in the meantime.
    async fn upsert(&self, filter: Document, update: Document) -> Result<Option<u64>, StoreError> {
        let days = self.days().await?.clone_with_type::<Counted>();
        let updated = days
            .find_one_and_update(filter, update)
            .upsert(true)
            .return_document(ReturnDocument::After)
            .projection(doc! { "clicks": 1 })
            .into_future();
        match in_span(mongodb("findAndModify clicks"), updated).await {
            Ok(counted) => Ok(counted.map(|counted| counted.clicks)),
            Err(error) if is_duplicate_key(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn counted(&self, filter: Document) -> Result<Option<u64>, StoreError> {
        let days = self.days().await?.clone_with_type::<Counted>();
        let found = days.find_one(filter).projection(doc! { "clicks": 1 }).await?;
        Ok(found.map(|counted| counted.clicks))
    }
}

fn id(country: CountryCode, date: NaiveDate) -> String {
    format!("{date}:{country}")
}

/// A day's document without what counting sets.
fn row(country: CountryCode, date: NaiveDate) -> Document {
    doc! { "country_code": country.as_str(), "currency_code": country.currency().as_str(), "date": date.to_string() }
}

fn unstable(id: String) -> StoreError {
    StoreError::Unstable {
        collection: CLICKS,
        id,
        attempts: ATTEMPTS,
    }
}
