//! Why Redis did not do what was asked of it. The ingestor goes on without it; the run's summary says what it had to do without.

use std::time::Duration;

use shared::cache::CacheError;
use shared::currency::CurrencyCode;

/// Why nothing could be remembered or read.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// Redis cannot be reached or refuses.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Redis does not answer in time.
    #[error("redis gave no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// Redis failed earlier in this run, so it is not waited for again.
    #[error("redis could not be asked before")]
    NotAsked,
    /// What is held back of a currency is no JSON.
    #[error("{code} cannot be written")]
    Unwritable {
        /// The currency.
        code: CurrencyCode,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
}
