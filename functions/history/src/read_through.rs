//! Cache first, then store. What is cached is computed by one reader for all, and never put back after a clear.

use shared::error_chain::error_chain;
use std::time::Duration;

use futures::future::try_join_all;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::api::{ApiError, ServedFrom};
use shared::cache::{Cache, CacheError, Lease};
use shared::currency::CurrencyCode;

/// The layout of cached values. An entry of another layout is as good as none.
const VERSION: u32 = 4;

/// A cached value with its layout.
#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    value: T,
}

/// Where one currency's part of an answer is cached.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The currency whose clears clear it.
    pub code: CurrencyCode,
    /// Its key, one of [`shared::cache::Family::keys`].
    pub key: String,
    /// How long it lives.
    pub ttl: Duration,
}

/// What was read, and where.
#[derive(Debug)]
pub(crate) struct Loaded<T> {
    /// One for each entry, in their order; `None` where there is nothing in the store.
    pub values: Vec<Option<T>>,
    /// Where they were read.
    pub served_from: ServedFrom,
}

/// What a cached value may be.
pub(crate) trait Cacheable: Serialize + DeserializeOwned + Send + Sync {}

impl<T: Serialize + DeserializeOwned + Send + Sync> Cacheable for T {}

/// The values of `entries`: cached ones, and for currencies whose entry is missing what `compute` answers, in their order.
///
/// # Errors
/// Those of `compute`. Redis failing is none: everything is computed then.
pub(crate) async fn read_through<T: Cacheable, F>(
    cache: &Cache,
    entries: &[Entry],
    compute: impl FnOnce(Vec<CurrencyCode>) -> F,
) -> Result<Loaded<T>, ApiError>
where
    F: Future<Output = Result<Loaded<T>, ApiError>>,
{
    let missing = match cache.with_timeout(get::<T>(cache, entries)).await {
        Ok(values) => match values.iter().position(Option::is_none) {
            None => {
                return Ok(Loaded {
                    values,
                    served_from: ServedFrom::Cache,
                });
            }
            Some(first) => &entries[first],
        },
        Err(error) => {
            tracing::warn!(
                error = error_chain(&error),
                "Could not read the cache; asking the store"
            );
            return compute(codes(entries)).await;
        }
    };
    // One lock for all entries: that of the first that is missing, which is the last to be put, so nobody finds a part and computes the rest.
    let cached = async || {
        let values = get::<T>(cache, entries).await?;
        Ok(values.iter().all(Option::is_some).then_some(Loaded {
            values,
            served_from: ServedFrom::Cache,
        }))
    };
    let fill = async |is_cache_up: bool| {
        if is_cache_up {
            fill(cache, entries, compute).await
        } else {
            compute(codes(entries)).await
        }
    };
    cache
        .read_through(&missing.key, cached, fill)
        .await
        .map(|(loaded, _)| loaded)
}

/// The value of one entry; `None` where `compute` answers nothing.
///
/// # Errors
/// As [`read_through`].
pub(crate) async fn read_one_through<T: Cacheable, F>(
    cache: &Cache,
    entry: Entry,
    compute: impl FnOnce() -> F,
) -> Result<Option<(T, ServedFrom)>, ApiError>
where
    F: Future<Output = Result<(T, ServedFrom), ApiError>>,
{
    let computed = |_| async {
        let (value, served_from) = compute().await?;
        Ok(Loaded {
            values: vec![Some(value)],
            served_from,
        })
    };
    let Loaded { values, served_from } = read_through(cache, &[entry], computed).await?;
    Ok(values.into_iter().flatten().next().map(|value| (value, served_from)))
}

/// The cached values. One that cannot be read counts as missing.
async fn get<T: DeserializeOwned>(cache: &Cache, entries: &[Entry]) -> Result<Vec<Option<T>>, CacheError> {
    let texts = try_join_all(entries.iter().map(|entry| cache.computed(&entry.key))).await?;
    let read = |(entry, text): (&Entry, Option<String>)| {
        let text = text?;
        match serde_json::from_str::<Versioned<T>>(&text) {
            Ok(Versioned {
                version: VERSION,
                value,
            }) => Some(value),
            Ok(Versioned { version, .. }) => {
                tracing::debug!(cache.key = entry.key, version, "Another version wrote this entry");
                None
            }
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(
                    cache.key = entry.key,
                    error,
                    "Could not read this entry; computing it again"
                );
                None
            }
        }
    };
    Ok(entries.iter().zip(texts).map(read).collect())
}

/// Computes what is missing and caches it. The leases come before the computation, so a clear in between makes the puts worthless.
async fn fill<T: Cacheable, F>(
    cache: &Cache,
    entries: &[Entry],
    compute: impl FnOnce(Vec<CurrencyCode>) -> F,
) -> Result<Loaded<T>, ApiError>
where
    F: Future<Output = Result<Loaded<T>, ApiError>>,
{
    let prepared = cache.with_timeout(async {
        let values = get::<T>(cache, entries).await?;
        let missing = entries.iter().zip(&values).filter(|(_, value)| value.is_none());
        let leases = try_join_all(missing.map(|(entry, _)| cache.lease_history(entry.code))).await?;
        Ok((values, leases))
    });
    let (mut values, leases) = match prepared.await {
        Ok(prepared) => prepared,
        Err(error) => {
            tracing::warn!(
                error = error_chain(&error),
                "Could not prepare the cache; asking the store"
            );
            return compute(codes(entries)).await;
        }
    };
    let places: Vec<usize> = (0..values.len()).filter(|place| values[*place].is_none()).collect();
    let missing: Vec<Entry> = places.iter().map(|place| entries[*place].clone()).collect();
    let computed = compute(codes(&missing)).await?;
    if let Err(error) = cache
        .with_timeout(put(cache, &missing, &leases, &computed.values))
        .await
    {
        tracing::warn!(error = error_chain(&error), "Could not cache what was computed");
    }
    for (place, value) in places.into_iter().zip(computed.values) {
        values[place] = value;
    }
    Ok(Loaded {
        values,
        served_from: computed.served_from,
    })
}

/// Caches what was computed, the first entry last.
async fn put<T: Serialize>(
    cache: &Cache,
    entries: &[Entry],
    leases: &[Lease],
    values: &[Option<T>],
) -> Result<(), CacheError> {
    for ((entry, lease), value) in entries.iter().zip(leases).zip(values).rev() {
        let Some(value) = value else { continue };
        let text = serde_json::to_string(&Versioned {
            version: VERSION,
            value,
        })
        .map_err(|error| CacheError::Entry {
            key: entry.key.clone(),
            source: error.into(),
        })?;
        if !cache.put_computed(lease, &entry.key, &text, entry.ttl).await? {
            tracing::debug!(cache.key = entry.key, "Cleared while it was computed, so not cached");
        }
    }
    Ok(())
}

fn codes(entries: &[Entry]) -> Vec<CurrencyCode> {
    entries.iter().map(|entry| entry.code).collect()
}
