//! Redis as the ingestor uses it: every operation bounded. The ingestor works without Redis; the summary then says what it had to do without.

pub(crate) mod error;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::join_all;
use futures::join;
use shared::cache::{Cache, CacheError, key, ttl};
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use tokio::time::timeout;

pub use self::error::MemoryError;
use crate::circuit::{ProviderState, UnreadableState};
use crate::holding::{self, Held};
use crate::provider::key::ProviderKey;
use crate::published_rates::PublishedRates;

/// Longer than a reconnection takes, short against a provider's answer.
const LIMIT: Duration = Duration::from_secs(3);

/// What the ingestor remembers between runs.
pub struct Memory {
    cache: Cache,
}

/// What is remembered of a source's rates.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    /// What it last published.
    pub published: PublishedRates,
    /// What is held back of it.
    pub held: Held,
}

/// The states of providers.
#[derive(Debug, Default)]
pub struct States {
    /// Those that could be read.
    pub read: BTreeMap<ProviderKey, ProviderState>,
    /// Why the others could not; they begin anew.
    pub unreadable: Vec<(ProviderKey, UnreadableState)>,
}

impl Memory {
    /// A memory that has not connected yet.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self { cache }
    }

    /// What Redis' clock shows.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn time(&self) -> Result<DateTime<Utc>, MemoryError> {
        within(self.cache.time()).await
    }

    /// Circuits and due times of `providers`.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn states(&self, providers: &[ProviderKey]) -> Result<States, MemoryError> {
        let hashes = providers
            .iter()
            .map(async |provider| self.cache.hash(&key::provider(provider.as_str())).await);
        let hashes = within(async { join_all(hashes).await.into_iter().collect::<Result<Vec<_>, _>>() }).await?;
        let mut states = States::default();
        for (provider, hash) in providers.iter().zip(hashes) {
            match ProviderState::from_hash(&hash) {
                Ok(state) => {
                    states.read.insert(*provider, state);
                }
                Err(error) => states.unreadable.push((*provider, error)),
            }
        }
        Ok(states)
    }

    /// What `provider` last published, and what is held back of it.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn rates(&self, provider: ProviderKey) -> Result<Remembered, MemoryError> {
        let both = async {
            let held = key::held(provider.as_str());
            let (published, held) = join!(PublishedRates::read(&self.cache, provider), self.cache.hash(&held));
            Ok((published?, held?))
        };
        let (published, fields) = within(both).await?;
        Ok(Remembered {
            published,
            held: read_held(&fields, provider),
        })
    }

    /// What is held back of `provider`.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn held(&self, provider: ProviderKey) -> Result<Held, MemoryError> {
        self.rates(provider)
            .await
            .map(|remembered| holding::unpublished(&remembered.held, &remembered.published))
    }

    /// Remembers `held`, beside what else is held back of `provider`.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn put_held(&self, provider: ProviderKey, held: &Held) -> Result<(), MemoryError> {
        let text = |(code, rates): (&CurrencyCode, &Vec<HeldRate>)| {
            let text = serde_json::to_string(rates).map_err(|cause| MemoryError::Unwritable { code: *code, cause })?;
            Ok((code.as_str().to_owned(), text))
        };
        let fields = held.iter().map(text).collect::<Result<Vec<_>, MemoryError>>()?;
        within(self.cache.put_hash(&key::held(provider.as_str()), &fields, ttl::HELD)).await
    }

    /// Nothing of `codes` is held back of `provider` any more.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn drop_held(&self, provider: ProviderKey, codes: &[CurrencyCode]) -> Result<(), MemoryError> {
        let fields: Vec<String> = codes.iter().map(|code| code.as_str().to_owned()).collect();
        within(self.cache.drop_fields(&key::held(provider.as_str()), &fields)).await
    }

    /// Writes fields of the states of several providers.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn put_states(&self, fields: &BTreeMap<ProviderKey, Vec<(String, String)>>) -> Result<(), MemoryError> {
        let puts = fields.iter().map(async |(provider, fields)| {
            self.cache
                .put_hash(&key::provider(provider.as_str()), fields, ttl::PROVIDER)
                .await
        });
        within(async { join_all(puts).await.into_iter().collect() }).await
    }

    /// Forgets what `provider` published in these fields.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn forget(&self, provider: ProviderKey, fields: &[String]) -> Result<(), MemoryError> {
        within(self.cache.drop_fields(&key::published(provider.as_str()), fields)).await
    }

    /// Remembers what `provider` published.
    ///
    /// # Errors
    /// [`MemoryError`] when Redis cannot be asked.
    pub async fn put_published(&self, provider: ProviderKey, fields: &[(String, String)]) -> Result<(), MemoryError> {
        within(
            self.cache
                .put_hash(&key::published(provider.as_str()), fields, ttl::PUBLISHED),
        )
        .await
    }
}

fn read_held(fields: &BTreeMap<String, String>, provider: ProviderKey) -> Held {
    let mut held = Held::new();
    for (field, text) in fields {
        match (field.parse(), serde_json::from_str(text)) {
            (Ok(code), Ok(rates)) => {
                held.insert(code, rates);
            }
            _ => {
                tracing::warn!(provider.key = %provider, field, "Cannot read what is held back; the source's next document decides anew")
            }
        }
    }
    held
}

async fn within<T>(operation: impl Future<Output = Result<T, CacheError>>) -> Result<T, MemoryError> {
    match timeout(LIMIT, operation).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(MemoryError::Timeout(LIMIT)),
    }
}
