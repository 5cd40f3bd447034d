//! How full the caches are, and what is held back. The key space is closed, so every key is named and nothing is searched.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use shared::cache::{Family, key, ttl};
use shared::currency::CurrencyCode;
use shared::period::Period;
use tokio::sync::Mutex;

use super::held::{self, HeldView, Unreadable};
use super::state::{CacheFamily, CacheState};

/// How long Redis may take.
const LIMIT: Duration = Duration::from_millis(800);

/// A hash of a source: what is held back, by currency.
type Held = BTreeMap<String, String>;

/// Asks Redis, over a connection that is made anew after a failure.
pub(super) struct Caches {
    url: String,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Caches {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            connection: Mutex::default(),
        }
    }

    /// Each family with its entries, and what is held back; nothing while Redis cannot be asked, or has what cannot be read.
    pub(super) async fn look(&self) -> (Option<CacheState>, Option<Vec<HeldView>>) {
        let mut asked = self.ask().await;
        if asked.is_err() {
            // The connection was one to a Redis that has gone since.
            asked = self.ask().await;
        }
        match asked {
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

    async fn ask(&self) -> Result<(Vec<CacheFamily>, Vec<Held>), RedisError> {
        let mut kept = self.connection.lock().await;
        let mut connection = match kept.take() {
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
        for (family, ttls, keys) in families_of_keys() {
            let mut pipe = redis::pipe();
            for key in &keys {
                pipe.cmd("PTTL").arg(key);
            }
            let left: Vec<i64> = pipe.query_async(&mut connection).await?;
            // -2 is no entry, -1 one that never expires.
            let entries = left.iter().filter(|left| **left != -2);
            families.push(CacheFamily {
                family: family.to_owned(),
                entries: entries.clone().count(),
                possible: keys.len(),
                ttl_seconds: ttls,
                next_expiry_ms: entries.copied().filter(|left| *left >= 0).min(),
            });
        }
        let mut pipe = redis::pipe();
        for source in held::SOURCES {
            pipe.cmd("HGETALL").arg(key::held(source));
        }
        let held = pipe.query_async(&mut connection).await?;
        *kept = Some(connection);
        Ok((families, held))
    }
}

fn held_views(hashes: &[Held]) -> Option<Vec<HeldView>> {
    let views = held::SOURCES
        .iter()
        .zip(hashes)
        .map(|(source, hash)| held::views(source, hash));
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

fn families_of_keys() -> [(&'static str, Vec<u64>, Vec<String>); 4] {
    let all = |family: Family| CurrencyCode::all().flat_map(|code| family.keys(code)).collect();
    let mut of_series: Vec<u64> = Period::ALL
        .into_iter()
        .map(|period| ttl::history(period).as_secs())
        .collect();
    of_series.dedup();
    let computed = vec![ttl::COMPUTED.as_secs()];
    [
        (
            "rate",
            vec![ttl::RATE.as_secs()],
            CurrencyCode::all().map(key::rate).collect(),
        ),
        ("history", of_series, all(Family::History)),
        ("stats", computed.clone(), all(Family::Stats)),
        ("analysis", computed, all(Family::Analysis)),
    ]
}
