//! Current rates for readers: from Redis in one round trip, else from PostgreSQL by one reader for all. What is no current rate any more is told apart.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use shared::api::{ApiError, ErrorCode, ServedFrom};
use shared::cache::{Cache, CachedRate, Reading};
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use shared::progress::Progress;
use shared::schedule;
use shared::store::newest_common;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{Currency, store};

/// The name of the turn in which one reader fills all entries: they cost hardly more than one.
const TURN: &str = "rates";

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

/// A currency that has no current rate any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EndedCurrency)]
pub struct Ended {
    /// The currency.
    pub currency_code: CurrencyCode,
    /// The day (UTC) of its last rate, or where it goes on and only its rate in `base` does not, of that: a conversion with this `date` still works.
    pub last_date: NaiveDate,
    /// Why it has none.
    pub state: EndedState,
}

/// Why a currency has no current rate any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndedState {
    /// It was withdrawn: ISO 4217 has it in list three.
    Ended,
    /// Its source has published several times without it; or, where it is told in another currency than KRW, no source has published both for that long.
    Interrupted,
}

impl Ended {
    /// The error of who asks for the current rate of one unit of `from` in units of `to`, one of which it is. `meeting` is the last day on which one source
    /// has a rate for both, if there is one.
    fn error(self, from: CurrencyCode, to: CurrencyCode, meeting: Option<NaiveDate>) -> ApiError {
        let Self {
            currency_code: code,
            last_date,
            state,
        } = self;
        let english = code.currency().english;
        let why = match state {
            EndedState::Ended => "was withdrawn",
            EndedState::Interrupted => "is not published any more",
        };
        let hint = match meeting {
            Some(day) => format!(
                "/api/v1/convert?from={from}&to={to}&date={day} converts at the last rates that both have of one day"
            ),
            None => format!("there is no day on which one source has a rate for both {from} and {to}"),
        };
        let message = format!(
            "there is no current rate for {code} ({english}), which {why}: its last one is of {last_date}; {hint}"
        );
        let mut error = ApiError::new(ErrorCode::NotFound, message);
        error.details.value = Some(code.to_string());
        error.details.last_date = Some(last_date);
        error.details.suggestions = meeting.iter().map(|day| format!("date={day}")).collect();
        error
    }

    /// A currency that goes on, and has been told in the currency asked for until `last_date`.
    pub(crate) fn parted(currency_code: CurrencyCode, last_date: NaiveDate) -> Self {
        Self {
            currency_code,
            last_date,
            state: EndedState::Interrupted,
        }
    }

    fn new(row: &ExchangeRateUpdated, state: EndedState) -> Self {
        Self {
            currency_code: row.currency_code,
            last_date: row.recorded_at.utc().date_naive(),
            state,
        }
    }
}

impl Currency {
    /// The error of who asks for the current rate of one unit of `from` in units of `to`, of which `ended` has none: with the last day that can be asked for.
    pub(crate) async fn no_current_rate(&self, ended: Ended, from: CurrencyCode, to: CurrencyCode) -> ApiError {
        let code = ended.currency_code;
        let other = if code == from { to } else { from };
        if other == CurrencyCode::KRW || other == code {
            return ended.error(from, to, Some(ended.last_date));
        }
        match newest_common(&self.store, other, &[(code, ended.last_date)], None).await {
            Ok(pairs) => {
                let day = pairs.first().map(|(of_code, _)| of_code.recorded_at.utc().date_naive());
                ended.error(from, to, day)
            }
            Err(error) => error.into(),
        }
    }
}

/// The error of who asks for the current rate of one unit of `from` in units of `to`, where each has one, and of both together `last_date` is the last day.
pub(crate) fn parted(from: CurrencyCode, to: CurrencyCode, last_date: NaiveDate) -> ApiError {
    let message = format!(
        "there is no current rate for {from} in {to}: no source publishes both any more, and {last_date} is the last day on which one did; \
         /api/v1/convert?from={from}&to={to}&date={last_date} converts at the rates of that day"
    );
    let mut error = ApiError::new(ErrorCode::NotFound, message);
    error.details.value = Some(from.to_string());
    error.details.last_date = Some(last_date);
    error.details.suggestions = vec![format!("date={last_date}")];
    error
}

/// The current rates of `codes`; KRW, the currency of all prices, is left out.
///
/// # Errors
/// [`ApiError`] when neither Redis nor PostgreSQL can answer.
pub(crate) async fn current(cache: &Cache, pool: &PgPool, codes: &[CurrencyCode]) -> Result<Current, ApiError> {
    let now = Utc::now();
    let (mut rows, mut served_from) = rows(cache, pool, codes).await?;
    // Only a rate that is old by the clock can be one that its source has left behind, and only then is it asked how far the source is.
    let is_old = |row: &ExchangeRateUpdated| schedule::is_interrupted(&row.source, row.recorded_at, now);
    let progress = if rows.iter().any(is_old) {
        let all: Vec<CurrencyCode> = CurrencyCode::all().collect();
        let (all, read_from) = self::rows(cache, pool, &all).await?;
        served_from = served_from.and(read_from);
        // They are judged as they are now: a batch may have brought newer ones since they were read.
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

/// The rows of `codes` as they stand, however old, and where they were read.
async fn rows(
    cache: &Cache,
    pool: &PgPool,
    codes: &[CurrencyCode],
) -> Result<(Vec<ExchangeRateUpdated>, ServedFrom), ApiError> {
    let codes: Vec<CurrencyCode> = codes
        .iter()
        .filter(|code| **code != CurrencyCode::KRW)
        .copied()
        .collect();
    if codes.is_empty() {
        return Ok((Vec::new(), ServedFrom::Cache));
    }
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
    let (mut rows, reading) = cache.read_through(TURN, cached, compute).await?;
    rows.retain(|row| codes.contains(&row.currency_code));
    let served_from = match reading {
        Reading::Cached => ServedFrom::Cache,
        Reading::Computed => ServedFrom::Store,
    };
    Ok((rows, served_from))
}

/// Reads every rate and caches it, and for each currency without one that it has none. The leases come before the rows are read, so what is cached is
/// never older than what was there.
async fn fill(cache: &Cache, pool: &PgPool) -> Result<Vec<ExchangeRateUpdated>, ApiError> {
    let all: Vec<CurrencyCode> = CurrencyCode::all().collect();
    let leases = cache.with_timeout(cache.lease_rates(&all)).await;
    let rows = store::rows(pool, &all).await?;
    let put = match leases {
        Ok(leases) => {
            let has_row = |code: &CurrencyCode| rows.iter().any(|row| row.currency_code == *code);
            let absent: Vec<CurrencyCode> = all.iter().filter(|code| !has_row(code)).copied().collect();
            cache.with_timeout(cache.put_rates(&leases, &rows, &absent)).await
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
