//! Idempotency records: what each idempotency key stands for, and what was answered.

use chrono::NaiveDate;
use mongodb::Collection;
use mongodb::bson::{DateTime, doc};
use mongodb::options::ReturnDocument;
use serde::{Deserialize, Serialize};
use shared::country::CountryCode;

use super::Store;
use super::document::{ClickCounts, IDEMPOTENCY_RECORDS, country, day, signed};
use super::error::{StoreError, is_duplicate_key};
use crate::idempotency::IdempotencyKey;

/// A record that is in the way of a new one can expire before it is read, once.
const ATTEMPTS: u32 = 3;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The country that its click counts for.
    pub country: CountryCode,
    /// The Korean day that its click counts on.
    pub day: NaiveDate,
    /// What was asked with it.
    pub request: String,
    /// What was answered, once it has been counted.
    pub counts: Option<ClickCounts>,
}

/// A record as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "_id")]
    id: String,
    country_code: String,
    date: String,
    request: String,
    created_at: DateTime,
    #[serde(rename = "answer", default, skip_serializing_if = "Option::is_none")]
    counts: Option<ClickCounts>,
}

impl Store {
    /// Reserves `key` for a click of `country` on `today`; answers the record that holds, this one or an earlier one.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB fails; this may be repeated then.
    pub async fn reserve(
        &self,
        key: &IdempotencyKey,
        country: CountryCode,
        today: NaiveDate,
    ) -> Result<IdempotencyRecord, StoreError> {
        let records = self.records().await?;
        for _ in 0..ATTEMPTS {
            let record = Stored {
                id: key.id.clone(),
                country_code: country.to_string(),
                date: today.to_string(),
                request: key.request.clone(),
                // The present of the machine and not of the service: MongoDB's own clock decides when it has expired.
                created_at: DateTime::now(),
                counts: None,
            };
            match records.insert_one(&record).await {
                Ok(_) => return record.try_into(),
                Err(error) if is_duplicate_key(&error) => {}
                Err(error) => return Err(error.into()),
            }
            if let Some(earlier) = records.find_one(doc! { "_id": &key.id }).await? {
                return earlier.try_into();
            }
        }
        Err(unstable(&key.id))
    }

    /// Gives a record its counts; answers the ones that hold, these or earlier ones.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB fails; this may be repeated then.
    pub async fn complete(&self, id: &str, counts: ClickCounts) -> Result<ClickCounts, StoreError> {
        let records = self.records().await?;
        let answer = doc! {
            "daily_clicks": signed(counts.daily_clicks),
            "total_clicks": signed(counts.total_clicks),
            "current_rank": signed(counts.current_rank),
        };
        let completed = records
            .find_one_and_update(
                doc! { "_id": id, "answer": { "$exists": false } },
                doc! { "$set": { "answer": answer } },
            )
            .return_document(ReturnDocument::After)
            .await?;
        let record = match completed {
            Some(record) => Some(record),
            None => records.find_one(doc! { "_id": id }).await?,
        };
        // A record that expired meanwhile is 48 hours old: its click is counted, and nobody else asks for this answer.
        Ok(record.and_then(|record| record.counts).unwrap_or(counts))
    }

    async fn records(&self) -> Result<Collection<Stored>, StoreError> {
        Ok(self.connection.database().await?.collection(IDEMPOTENCY_RECORDS))
    }
}

impl TryFrom<Stored> for IdempotencyRecord {
    type Error = StoreError;

    fn try_from(stored: Stored) -> Result<Self, StoreError> {
        Ok(Self {
            country: country(IDEMPOTENCY_RECORDS, &stored.country_code)?,
            day: day(IDEMPOTENCY_RECORDS, &stored.date)?,
            request: stored.request,
            counts: stored.counts,
        })
    }
}

fn unstable(id: &str) -> StoreError {
    StoreError::Unstable {
        collection: IDEMPOTENCY_RECORDS,
        id: id.to_owned(),
        attempts: ATTEMPTS,
    }
}
