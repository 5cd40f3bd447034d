//! Claims: what each idempotency key stands for, and what was answered.

use std::time::Duration;

use chrono::NaiveDate;
use mongodb::Collection;
use mongodb::bson::{DateTime, doc};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use mongodb::options::ReturnDocument;
use serde::{Deserialize, Serialize};
use shared::country::CountryCode;

use super::{CLAIMS, Store, StoreError, country, day, signed};
use crate::click::ClickKey;

/// How long a key stands for its click: 48 hours. After that it is forgotten, and counts anew.
pub const CLAIM_LIFE: Duration = Duration::from_secs(48 * 60 * 60);
/// A claim that is in the way of a new one can expire before it is read, once.
const ATTEMPTS: u32 = 3;
/// MongoDB's code for a second document under a unique key.
const DUPLICATE_KEY: i32 = 11000;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The country that its click counts for.
    pub country: CountryCode,
    /// The Korean day that its click counts on.
    pub day: NaiveDate,
    /// What was asked with it.
    pub request: String,
    /// What was answered, once it has been counted.
    pub answer: Option<Counts>,
}

/// Where a country stands with a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Its clicks on that day.
    pub daily_clicks: u64,
    /// Its clicks on all days.
    pub total_clicks: u64,
    /// Its rank on that day.
    pub current_rank: u64,
}

/// A claim as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "_id")]
    id: String,
    country_code: String,
    date: String,
    request: String,
    created_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Counts>,
}

impl Store {
    /// Claims `key` for a click of `country` on `today`; answers the claim that stands, this one or an earlier one.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB fails; this may be repeated then.
    pub async fn claim(&self, key: &ClickKey, country: CountryCode, today: NaiveDate) -> Result<Claim, StoreError> {
        let claims = self.claims().await?;
        for _ in 0..ATTEMPTS {
            let claim = Stored {
                id: key.id.clone(),
                country_code: country.to_string(),
                date: today.to_string(),
                request: key.request.clone(),
                // The present of the machine and not of the service: MongoDB's own clock decides when it has expired.
                created_at: DateTime::now(),
                answer: None,
            };
            match claims.insert_one(&claim).await {
                Ok(_) => return claim.try_into(),
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(error.into()),
            }
            if let Some(earlier) = claims.find_one(doc! { "_id": &key.id }).await? {
                return earlier.try_into();
            }
        }
        Err(unstable(&key.id))
    }

    /// Gives a claim its answer; answers the one that stands, this one or an earlier one.
    ///
    /// # Errors
    /// [`StoreError`] when MongoDB fails; this may be repeated then.
    pub async fn answer(&self, id: &str, counts: Counts) -> Result<Counts, StoreError> {
        let claims = self.claims().await?;
        let answer = doc! {
            "daily_clicks": signed(counts.daily_clicks),
            "total_clicks": signed(counts.total_clicks),
            "current_rank": signed(counts.current_rank),
        };
        let first = claims
            .find_one_and_update(
                doc! { "_id": id, "answer": { "$exists": false } },
                doc! { "$set": { "answer": answer } },
            )
            .return_document(ReturnDocument::After)
            .await?;
        let standing = match first {
            Some(claim) => Some(claim),
            None => claims.find_one(doc! { "_id": id }).await?,
        };
        // A claim that expired meanwhile is 48 hours old: its click is counted, and nobody else asks for this answer.
        Ok(standing.and_then(|claim| claim.answer).unwrap_or(counts))
    }

    async fn claims(&self) -> Result<Collection<Stored>, StoreError> {
        Ok(self.connection.database().await?.collection(CLAIMS))
    }
}

impl TryFrom<Stored> for Claim {
    type Error = StoreError;

    fn try_from(stored: Stored) -> Result<Self, StoreError> {
        Ok(Self {
            country: country(CLAIMS, &stored.country_code)?,
            day: day(CLAIMS, &stored.date)?,
            request: stored.request,
            answer: stored.answer,
        })
    }
}

/// Whether a document with the same `_id` is there already. Inserts report it as a write's failure, findAndModify as its own.
pub(super) fn is_duplicate(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.code == DUPLICATE_KEY,
        ErrorKind::Command(error) => error.code == DUPLICATE_KEY,
        _ => false,
    }
}

fn unstable(id: &str) -> StoreError {
    StoreError::Unstable {
        collection: CLAIMS,
        id: id.to_owned(),
        attempts: ATTEMPTS,
    }
}
