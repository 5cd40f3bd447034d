//! Rate providers: what they are called, what they answer and how they fail. Each one is a file in `provider/` with a fetch and a pure parse;
//! nothing here knows Kafka or Redis.

pub mod ecb;
mod error;
pub mod exchangerate_api;
pub mod koreaexim;
mod quotes;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use shared::currency::CurrencyCode;

pub use self::error::ProviderError;
pub use self::quotes::{LeftOut, Prices, Quote, Quotes};
use crate::config::Config;
use crate::http::ProviderRequest;

/// A rate provider.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderKey {
    /// The European Central Bank's reference rates.
    Ecb,
    /// ExchangeRate-API, open or with a key. Its terms forbid redistribution.
    ExchangerateApi,
    /// The Export-Import Bank of Korea.
    Koreaexim,
}

/// A name that is no provider's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown provider {0:?}: allowed are ecb, exchangerate_api and koreaexim")]
pub struct UnknownProvider(String);

impl ProviderKey {
    /// The name in settings, events and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ecb => shared::ecb::SOURCE,
            Self::ExchangerateApi => "exchangerate_api",
            Self::Koreaexim => "koreaexim",
        }
    }

    /// The currency that the provider quotes all others against.
    #[must_use]
    pub const fn quotes_against(self) -> CurrencyCode {
        match self {
            Self::Ecb => CurrencyCode::EUR,
            Self::ExchangerateApi => CurrencyCode::USD,
            Self::Koreaexim => CurrencyCode::KRW,
        }
    }

    /// Whether the provider counts requests, so that it is left alone until it is due whatever there is to be asked again.
    #[must_use]
    pub const fn counts_requests(self) -> bool {
        match self {
            Self::Koreaexim => true,
            Self::Ecb | Self::ExchangerateApi => false,
        }
    }

    /// Whether the provider's terms allow showing its rates to others.
    #[must_use]
    pub const fn may_be_shown_to_others(self) -> bool {
        match self {
            Self::Ecb | Self::Koreaexim => true,
            Self::ExchangerateApi => false,
        }
    }

    /// Asks the provider for its newest rates.
    ///
    /// # Errors
    /// [`ProviderError`] when there are none to be had.
    pub async fn fetch(
        self,
        config: &Config,
        request: &ProviderRequest<'_>,
        now: DateTime<Utc>,
    ) -> Result<Quotes, ProviderError> {
        match self {
            Self::Ecb => ecb::fetch(&config.ecb_url, asking).await,
            Self::ExchangerateApi => {
                exchangerate_api::fetch(
                    &config.exchangerate_api_url,
                    config.exchangerate_api_key.as_deref(),
                    request,
                )
                .await
            }
            Self::Koreaexim => {
                koreaexim::fetch(&config.koreaexim_url, config.koreaexim_api_key.as_deref(), request, now).await
            }
        }
    }
}

impl FromStr for ProviderKey {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Ecb, Self::ExchangerateApi, Self::Koreaexim]
            .into_iter()
            .find(|key| key.as_str() == text)
            .ok_or_else(|| UnknownProvider(text.chars().take(40).collect()))
    }
}

impl fmt::Display for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProviderKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
