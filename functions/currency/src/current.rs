//! Current rates for readers: from Redis in one round trip, else from PostgreSQL by one reader for all. What is no current rate any more is kept apart.

use shared::error_chain::error_chain;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use shared::api::{ApiError, ServedFrom};
use shared::cache::{CachedRate, Reading};
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use shared::progress::Progress;
use shared::schedule;

use crate::ended::{Ended, EndedState};
use crate::{Currency, store};

/// The single-flight lock under which one reader fills all entries: they cost hardly more than one.
const SINGLE_FLIGHT: &str = "rates";

/// Rates as they are now.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    /// By currency; those without a current rate are not there.
    pub rows: BTreeMap<CurrencyCode, ExchangeRateUpdated>,
    /// Those that had a rate and have none any more, by code.
    pub ended: BTreeMap<CurrencyCode, Ended>,
    /// Where they were read.
    pub served_from: ServedFrom,
}

impl Currency {
    /// The current rates of `codes`; KRW, the currency of all prices, is left out.
    ///
    /// # Errors
    /// [`ApiError`] when neither Redis nor PostgreSQL can answer.
    pub(crate) async fn current(&self, codes: &[CurrencyCode]) -> Result<Current, ApiError> {
        let now = Utc::now();
        let (mut rows, mut served_from) = self.rows(codes).await?;
        // Only a rate that is old by the clock can be one that its source has left behind, and only then is it asked how far the source is.
        let is_old = |row: &ExchangeRateUpdated| schedule::is_interrupted(&row.source, row.recorded_at, now);
        let progress = if rows.iter().any(is_old) {
            let all: Vec<CurrencyCode> = CurrencyCode::all().collect();
            let (all, read_from) = self.rows(&all).await?;
            served_from = served_from.and(read_from);
            // They are taken as they are now: a batch may have brought newer ones since they were read.
            rows = all
                .iter()
                .filter(|row| codes.contains(&row.currency_code))
                .cloned()
                .collect();
            Progress::of(
                all.iter()
                    .map(|row| (row.currency_code, &*row.source, row.recorded_at.utc())),
            )
        } else {
            Progress::default()
        };
        let mut current = Current {
            rows: BTreeMap::new(),
            ended: BTreeMap::new(),
            served_from,
        };
        for row in rows {
            match state(&row, now, progress.until(&row.source, &[row.currency_code])) {
                Some(state) => {
                    current.ended.insert(row.currency_code, Ended::new(&row, state));
                }
                None => {
                    current.rows.insert(row.currency_code, row);
                }
            }
        }
        Ok(current)
    }

    /// The newest rows of `codes`, however old, and where they were read.
    async fn rows(&self, codes: &[CurrencyCode]) -> Result<(Vec<ExchangeRateUpdated>, ServedFrom), ApiError> {
        let codes: Vec<CurrencyCode> = codes
            .iter()
            .filter(|code| **code != CurrencyCode::KRW)
            .copied()
            .collect();
        if codes.is_empty() {
            return Ok((Vec::new(), ServedFrom::Cache));
        }
        let codes = &codes;
        let cache = &self.cache;
        let cached = move || async move {
            let entries = cache.cached_rates(codes).await?;
            let is_known = entries.iter().all(|entry| *entry != CachedRate::Unknown);
            let rows = entries.into_iter().filter_map(|entry| match entry {
                CachedRate::Row(row) => Some(*row),
                CachedRate::Absent | CachedRate::Unknown => None,
            });
            Ok(is_known.then(|| rows.collect::<Vec<_>>()))
        };
        let compute = move |is_cache_up: bool| async move {
            if is_cache_up {
                self.fill().await
            } else {
                store::rows(&self.store, codes).await.map_err(ApiError::from)
            }
        };
        let (mut rows, reading) = cache.read_through(SINGLE_FLIGHT, cached, compute).await?;
        rows.retain(|row| codes.contains(&row.currency_code));
        let served_from = match reading {
            Reading::Cached => ServedFrom::Cache,
            Reading::Computed => ServedFrom::Store,
        };
        Ok((rows, served_from))
    }

    /// Reads every rate and caches it, and for each currency without one that it has none. The leases come before the rows are read, so what is cached is
    /// never older than what was there.
    async fn fill(&self) -> Result<Vec<ExchangeRateUpdated>, ApiError> {
        let all: Vec<CurrencyCode> = CurrencyCode::all().collect();
        let leases = self.cache.with_timeout(self.cache.lease_rates(&all)).await;
        let rows = store::rows(&self.store, &all).await?;
        let put = match leases {
            Ok(leases) => {
                let has_row = |code: &CurrencyCode| rows.iter().any(|row| row.currency_code == *code);
                let absent: Vec<CurrencyCode> = all.iter().filter(|code| !has_row(code)).copied().collect();
                self.cache
                    .with_timeout(self.cache.put_rates(&leases, &rows, &absent))
                    .await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = put {
            tracing::warn!(error = error_chain(&error), "Could not cache current rates");
        }
        Ok(rows)
    }
}

/// Why a row is no current rate, if it is none. A source that is silent as a whole has interrupted nothing: its rates are stale.
fn state(row: &ExchangeRateUpdated, now: DateTime<Utc>, arrived_until: Option<DateTime<Utc>>) -> Option<EndedState> {
    let is_interrupted = |until| schedule::is_interrupted(&row.source, row.recorded_at, until);
    if row.currency_code.is_withdrawn_on(now.date_naive()) {
        Some(EndedState::Ended)
    } else {
        arrived_until
            .is_some_and(is_interrupted)
            .then_some(EndedState::Interrupted)
    }
}
