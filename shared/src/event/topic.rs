//! The four topics: names, partitions, and what a log says of their events.

use std::fmt;

/// One of the four Kafka topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A provider answered.
    NewDataReceived,
    /// One currency's rate is new.
    ExchangeRateUpdated,
    /// A run is over and all its events are acknowledged.
    DataProcessingCompleted,
    /// Caches of the named currencies are out of date.
    CacheInvalidation,
}

impl Topic {
    /// All four, in the order in which a run publishes them.
    pub const ALL: [Self; 4] = [
        Self::NewDataReceived,
        Self::ExchangeRateUpdated,
        Self::CacheInvalidation,
        Self::DataProcessingCompleted,
    ];

    /// The topic's name in Kafka.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewDataReceived => "new_data_received",
            Self::ExchangeRateUpdated => "exchange_rate_updated",
            Self::DataProcessingCompleted => "data_processing_completed",
            Self::CacheInvalidation => "cache_invalidation",
        }
    }

    /// How many partitions the topic is created with. Rates are keyed by currency, so three keep the order of each currency.
    #[must_use]
    pub const fn partitions(self) -> i32 {
        match self {
            Self::ExchangeRateUpdated => 3,
            Self::NewDataReceived | Self::DataProcessingCompleted | Self::CacheInvalidation => 1,
        }
    }

    /// What a log says when such events are acknowledged.
    #[must_use]
    pub const fn sent_message(self) -> &'static str {
        match self {
            Self::NewDataReceived => "New data received event sent",
            Self::ExchangeRateUpdated => "Exchange rate updated event sent",
            Self::DataProcessingCompleted => "Data processing completed event sent",
            Self::CacheInvalidation => "Cache invalidation event sent",
        }
    }

    /// What a log says when such events are applied.
    #[must_use]
    pub const fn processed_message(self) -> &'static str {
        match self {
            Self::NewDataReceived => "New data received event processed",
            Self::ExchangeRateUpdated => "Exchange rate updated event processed",
            Self::DataProcessingCompleted => "Data processing completed event processed",
            Self::CacheInvalidation => "Cache invalidation event processed",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
