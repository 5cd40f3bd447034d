//! How full the caches are, and what is held back. The key space is closed, so every key is named and nothing is searched.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use shared::cache::{Family, key, ttl};
use shared::currency::CurrencyCode;
use shared::period::Period;
use shared::source::SOURCES;
use tokio::sync::Mutex;

use super::held_rates::{self, HeldView, Unreadable};
use super::state::{CacheFamily, CacheState};

/// How long Redis may take.
const LIMIT: Duration = Duration::from_millis(800);

/// A hash of a source: what is held back, by currency.
type Held = BTreeMap<String, String>;

/// Asks Redis, over a connection that is made anew after a failure.
pub(super) struct CacheEntries {
    url: String,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl CacheEntries {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            connection: Mutex::default(),
        }
    }

    /// Each family with its entries, and what is held back; nothing while Redis cannot be asked, or has what cannot be read.
    pub(super) async fn read(&self) -> (Option<CacheState>, Option<Vec<HeldView>>) {
        let mut read = self.try_read().await;
        if read.is_err() {
            // The connection was one to a Redis that has gone since.
            read = self.try_read().await;
        }
        match read {
            Ok((families, held)) => (Some(CacheState { families }), held_views(&held)),
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "Could not ask Redis for its entries"
                );
                (None, None)
            }
        }
    }

    async fn try_read(&self) -> Result<(Vec<CacheFamily>, Vec<Held>), RedisError> {
        let mut pooled = self.connection.lock().await;
        let mut connection = match pooled.take() {
            Some(connection) => connection,
            None => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(LIMIT))
                    .set_response_timeout(Some(LIMIT));
                let client = Client::open(self.url.as_str())?;
                client.get_multiplexed_async_connection_with_config(&config).await?
            }
        };
        let mut families = Vec::new();
        for KeyFamily {
            name,
            ttl_seconds,
            keys,
        } in key_families()
        {
            let mut pipe = redis::pipe();
            for key in &keys {
                pipe.cmd("PTTL").arg(key);
            }
            let remaining: Vec<i64> = pipe.query_async(&mut connection).await?;
            // -2 is no entry, -1 one that never expires.
            let entries = remaining.iter().filter(|ttl| **ttl != -2);
            families.push(CacheFamily {
                family: name.to_owned(),
                entries: entries.clone().count(),
                possible: keys.len(),
                ttl_seconds,
                next_expiry_ms: entries.copied().filter(|ttl| *ttl >= 0).min(),
            });
        }
        let mut pipe = redis::pipe();
        for source in SOURCES {
            pipe.cmd("HGETALL").arg(key::held(source.key));
        }
        let held = pipe.query_async(&mut connection).await?;
        *pooled = Some(connection);
        Ok((families, held))
    }
}

fn held_views(hashes: &[Held]) -> Option<Vec<HeldView>> {
    let views = SOURCES
        .iter()
        .zip(hashes)
        .map(|(source, hash)| held_rates::views(source.key, hash));
    match views.collect::<Result<Vec<_>, Unreadable>>() {
        Ok(views) => Some(views.into_iter().flatten().collect()),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Could not read what is held back"
            );
            None
        }
    }
}

/// One family of keys, and how long its entries live.
struct KeyFamily {
    name: &'static str,
    ttl_seconds: Vec<u64>,
    keys: Vec<String>,
}

fn key_families() -> [KeyFamily; 4] {
    let family = |name, ttl_seconds, keys| KeyFamily {
        name,
        ttl_seconds,
        keys,
    };
    let all = |family: Family| CurrencyCode::all().flat_map(|code| family.keys(code)).collect();
    let rates = CurrencyCode::all().map(key::rate).collect();
    let mut of_series: Vec<u64> = Period::ALL
        .into_iter()
        .map(|period| ttl::history(period).as_secs())
        .collect();
    of_series.dedup();
    let computed = vec![ttl::COMPUTED.as_secs()];
    [
        family("rate", vec![ttl::RATE.as_secs()], rates),
        family("history", of_series, all(Family::History)),
        family("stats", computed.clone(), all(Family::Stats)),
        family("analysis", computed, all(Family::Analysis)),
    ]
}
