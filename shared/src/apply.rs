//! What can go wrong when a batch is applied, and whether the same batch may succeed later.

use crate::cache::CacheError;

/// Why a decoded batch could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// PostgreSQL could not be reached, or refused a value.
    #[error("the store failed")]
    Store(#[from] sqlx::Error),
    /// Redis could not be reached.
    #[error("the cache failed")]
    Cache(#[from] CacheError),
}

impl ApplyError {
    /// Whether the same records may succeed later. Only a value that PostgreSQL refuses (SQLSTATE classes 22, data exception, and 23, integrity
    /// constraint violation) never will; everything else is the state of a server or of the network.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(sqlx::Error::Database(error)) => !error
                .code()
                .is_some_and(|code| code.starts_with("22") || code.starts_with("23")),
            Self::Store(sqlx::Error::Encode(_)) => false,
            Self::Store(_) | Self::Cache(_) => true,
        }
    }

    /// A fixed name for alarms.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Store(_) if self.is_transient() => "StoreUnavailable",
            Self::Store(_) => "ValueRefused",
            Self::Cache(_) => "CacheUnavailable",
        }
    }
}
