//! The indexes, made once a cold start. No count depends on them: what must be unique is an `_id`.

use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use shared::error_chain::error_chain;
use tokio::sync::Mutex;

use super::connection::Connection;
use super::document::{CLICKS, IDEMPOTENCY_RECORDS, IDEMPOTENCY_TTL};
use super::error::StoreError;

/// Whether this instance has made them.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    are_made: Mutex<bool>,
}

impl Indexes {
    /// Makes them, unless this instance has. Before the first request's own work and not in a task beside it: Lambda freezes what still runs when the
    /// answer is given, and the local stack's server cannot bear a query while it makes a collection.
    ///
    /// That an index is refused is logged, and the next request tries again: without them answers are slower and idempotency records stay, and nothing is wrong.
    pub(super) async fn make(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut are_made = self.are_made.lock().await;
        if *are_made {
            return Ok(());
        }
        connection.check().await?;
        match make(connection).await {
            Ok(()) => *are_made = true,
            Err(error) => tracing::warn!(error = %error_chain(&error), "Could not make the indexes"),
        }
        Ok(())
    }
}

/// Repeating it changes nothing.
async fn make(connection: &Connection) -> Result<(), StoreError> {
    let database = connection.database().await?;
    // Each holds all that its queries read, so that they need no document: a day's clicks by country, and a country's by day.
    let by_date = index(doc! { "date": 1, "clicks": -1, "country_code": 1 }, None);
    let by_country = index(doc! { "country_code": 1, "date": 1, "clicks": 1 }, None);
    let expiry = IndexOptions::builder().expire_after(IDEMPOTENCY_TTL).build();
    database
        .collection::<Document>(CLICKS)
        .create_indexes([by_date, by_country])
        .await?;
    database
        .collection::<Document>(IDEMPOTENCY_RECORDS)
        .create_indexes([index(doc! { "created_at": 1 }, Some(expiry))])
        .await?;
    Ok(())
}

fn index(keys: Document, options: Option<IndexOptions>) -> IndexModel {
    IndexModel::builder().keys(keys).options(options).build()
}
