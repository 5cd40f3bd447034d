//! Rate providers: how each is asked, what it gives and how it fails. Each one is a file in `provider/` with a `fetch` and a pure `parse`; what is known of
//! it without asking stands in the registry ([`shared::source`]). Nothing here knows Kafka or Redis.
//!
//! A new provider is its adapter's file, its `mod` line and its line in [`ADAPTERS`], and its entry in `shared/src/source/registry.rs`.

pub(crate) mod access;
pub(crate) mod error;
pub(crate) mod http;
pub(crate) mod key;
pub(crate) mod quotes;
pub(crate) mod row;

pub mod ecb;
pub mod exchangerate_api;
pub mod koreaexim;

use futures::future::BoxFuture;

pub use self::access::Access;
pub use self::error::ProviderError;
pub use self::http::{Http, ProviderRequest, ProviderResponse, RequestContext, RequestLimits};
pub use self::key::{ProviderKey, UnknownProvider};
pub use self::quotes::{OmittedRow, Prices, Quote, Quotes};
pub use self::row::RowError;

/// An adapter: it asks its source for the newest rates.
type Fetch = for<'a> fn(&'a ProviderRequest<'_>) -> BoxFuture<'a, Result<Quotes, ProviderError>>;

/// The adapter of each source of the registry.
const ADAPTERS: &[(&str, Fetch)] = &[
    ("ecb", |request| Box::pin(ecb::fetch(request))),
    ("exchangerate_api", |request| Box::pin(exchangerate_api::fetch(request))),
    ("koreaexim", |request| Box::pin(koreaexim::fetch(request))),
];

/// Asks a provider for its newest rates.
///
/// # Errors
/// [`ProviderError`] when there are none to be had.
pub async fn fetch(request: &ProviderRequest<'_>) -> Result<Quotes, ProviderError> {
    let provider = request.provider();
    let adapter = ADAPTERS.iter().find(|(key, _)| *key == provider.as_str());
    let (_, fetch) = adapter.ok_or(ProviderError::NoAdapter)?;
    fetch(request).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::source;

    use super::*;

    #[test]
    fn every_source_of_the_registry_has_one_adapter() {
        let adapters: BTreeSet<&str> = ADAPTERS.iter().map(|(key, _)| *key).collect();
        assert_eq!(adapters, source::keys().into_iter().collect());
        assert_eq!(adapters.len(), ADAPTERS.len());
    }
}
