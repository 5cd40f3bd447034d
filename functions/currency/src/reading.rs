//! Current rates for readers: from Redis in one round trip, else from PostgreSQL by one reader for all.

use std::collections::BTreeMap;

use shared::api::{ApiError, Freshness, ServedFrom};
use shared::cache::{Cache, CachedRate, Reading};
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use shared::rate::Rate;
use shared::schedule;
use shared::time::Timestamp;
use sqlx::PgPool;

use crate::store;

/// The name of the turn in which one reader fills all entries: they cost hardly more than one.
const TURN: &str = "rates";

/// Rates as they are now.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    /// By currency; those without a rate are not there.
    pub rows: BTreeMap<CurrencyCode, ExchangeRateUpdated>,
    /// Where they were read.
    pub served_from: ServedFrom,
}

impl Current {
    /// The price of one unit in KRW, of a currency that has one.
    pub(crate) fn deal(&self, code: CurrencyCode) -> Option<Rate> {
        self.rows.get(&code).map(|row| row.deal_base_rate)
    }

    /// Whose rates these are, with commas between where they are of several.
    pub(crate) fn source(&self) -> String {
        let mut sources: Vec<&str> = self.rows.values().map(|row| row.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        sources.join(",")
    }

    /// When the oldest of them was set by its source.
    pub(crate) fn recorded_at(&self) -> Option<Timestamp> {
        self.rows.values().map(|row| row.recorded_at).min()
    }

    /// Whether any of them is older than its source's schedule allows.
    pub(crate) fn is_stale(&self) -> bool {
        let now = chrono::Utc::now();
        self.rows
            .values()
            .any(|row| schedule::is_stale(&row.source, row.recorded_at, now))
    }

    /// Until the first of them is expected to be replaced.
    pub(crate) fn freshness(&self) -> Freshness {
        let next = self
            .rows
            .values()
            .map(|row| schedule::next_expected(&row.source, row.recorded_at))
            .min();
        next.map_or(Freshness::Revalidate, Freshness::Until)
    }
}

/// The current rates of `codes`; KRW, the currency of all prices, is left out.
///
/// # Errors
/// [`ApiError`] when neither Redis nor PostgreSQL can answer.
pub(crate) async fn current(cache: &Cache, pool: &PgPool, codes: &[CurrencyCode]) -> Result<Current, ApiError> {
    let codes: Vec<CurrencyCode> = codes
        .iter()
        .filter(|code| **code != CurrencyCode::KRW)
        .copied()
        .collect();
    let codes = &codes;
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
            fill(cache, pool).await
        } else {
            store::rows(pool, codes).await.map_err(ApiError::from)
        }
    };
    let (rows, reading) = cache.read_through(TURN, cached, compute).await?;
    let wanted = |row: &ExchangeRateUpdated| codes.contains(&row.currency_code);
    Ok(Current {
        rows: rows
            .into_iter()
            .filter(wanted)
            .map(|row| (row.currency_code, row))
            .collect(),
        served_from: match reading {
            Reading::Cached => ServedFrom::Cache,
            Reading::Computed => ServedFrom::Store,
        },
    })
}

/// Reads every rate and caches it, and for each currency without one that it has none. The leases come before the rows are read, so what is cached is
/// never older than what was there.
async fn fill(cache: &Cache, pool: &PgPool) -> Result<Vec<ExchangeRateUpdated>, ApiError> {
    let all: Vec<CurrencyCode> = CurrencyCode::all().collect();
    let leases = cache.briefly(cache.lease_rates(&all)).await;
    let rows = store::rows(pool, &all).await?;
    let put = match leases {
        Ok(leases) => {
            let has_row = |code: &CurrencyCode| rows.iter().any(|row| row.currency_code == *code);
            let absent: Vec<CurrencyCode> = all.iter().filter(|code| !has_row(code)).copied().collect();
            cache.briefly(cache.put_rates(&leases, &rows, &absent)).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = put {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "Could not cache current rates"
        );
    }
    Ok(rows)
}
