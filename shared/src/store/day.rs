//! The rates of one day of the past, from `history`: Currency converts by them, History lists them. Both cross only what one source set at one instant.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Error, Row};

use crate::currency::CurrencyCode;
use crate::progress::Progress;
use crate::rate::{Rate, StoredRate};
use crate::source;
use crate::time::Timestamp;

/// How many days before the one asked for are looked at: longer than any chain of weekends and holidays.
pub const LOOK_BACK_DAYS: i32 = 14;

/// The closing rates of one UTC day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRates {
    /// The day they are of: the one asked for, or the last one before it that has any rate.
    pub day: NaiveDate,
    /// By code, and of one currency by source: first those of the registry in its order, then any other by name. Never KRW, whose price is 1; a currency
    /// without a rate on that day is not in it.
    pub rates: Vec<DayRate>,
}

/// One currency's last rate of a day, as one source gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRate {
    /// The currency.
    pub code: CurrencyCode,
    /// KRW for one unit, and the source's own quotation.
    pub rate: StoredRate,
    /// Whose rate it is.
    pub source: String,
    /// When the source set it.
    pub recorded_at: Timestamp,
}

impl DayRates {
    /// The rate of `code`, if there is one on that day: of several sources the first's.
    #[must_use]
    pub fn of(&self, code: CurrencyCode) -> Option<&DayRate> {
        self.of_each_source(code).next()
    }

    /// The currencies that have a rate on that day, each once, by code.
    #[must_use]
    pub fn codes(&self) -> Vec<CurrencyCode> {
        let mut codes: Vec<CurrencyCode> = self.rates.iter().map(|rate| rate.code).collect();
        codes.dedup();
        codes
    }

    /// The closing rates that the price of one currency in another is made of: none for a currency in itself, the one that is not KRW, or two of the first
    /// source that has both. `None` where a rate is missing or no source has both. Where the two are of different instants, they are no price:
    /// [`super::newest_common`] has those of one.
    #[must_use]
    pub fn legs(&self, one: CurrencyCode, other: CurrencyCode) -> Option<Vec<&DayRate>> {
        match (one == CurrencyCode::KRW, other == CurrencyCode::KRW) {
            _ if one == other => Some(Vec::new()),
            (true, _) => Some(vec![self.of(other)?]),
            (_, true) => Some(vec![self.of(one)?]),
            (false, false) => self.of_each_source(one).find_map(|first| {
                let second = self
                    .of_each_source(other)
                    .find(|second| second.source == first.source)?;
                Some(vec![first, second])
            }),
        }
    }

    fn of_each_source(&self, code: CurrencyCode) -> impl Iterator<Item = &DayRate> {
        self.rates.iter().filter(move |rate| rate.code == code)
    }
}

/// The rates of `date`, or of the last day with any rate in the [`LOOK_BACK_DAYS`] before it; `None` when there is no such day. `codes` are the currencies
/// wanted, none meaning all; they do not change which day it is.
///
/// # Errors
/// [`sqlx::Error`] when PostgreSQL cannot be asked or a row is none that this service wrote.
pub async fn rates_on(store: &PgPool, date: NaiveDate, codes: &[CurrencyCode]) -> Result<Option<DayRates>, Error> {
    // The newest day comes with every row, and alone when none of the currencies has a rate on it. `day + 0` is what the index of days is of.
    const QUERY: &str = "
        WITH effective AS (SELECT max(day + 0) AS day FROM history.daily_rate WHERE day + 0 BETWEEN $1 - $2 AND $1),
        closing AS (
            SELECT rate.currency_code, rate.source, rate.close, rate.quotation, rate.day
              FROM history.daily_rate AS rate JOIN effective ON rate.day + 0 = effective.day
             WHERE cardinality($3::text[]) = 0 OR rate.currency_code = ANY ($3)
        )
        SELECT effective.day, closing.currency_code, closing.source, closing.close, closing.quotation, last.recorded_at
          FROM effective
          LEFT JOIN closing ON true
          LEFT JOIN LATERAL (
            SELECT max(seen.recorded_at) AS recorded_at
              FROM history.rate AS seen
             WHERE seen.currency_code = closing.currency_code AND seen.source = closing.source
               AND seen.recorded_at >= closing.day::timestamp AT TIME ZONE 'UTC'
               AND seen.recorded_at < (closing.day + 1)::timestamp AT TIME ZONE 'UTC'
          ) AS last ON true
         WHERE effective.day IS NOT NULL
         ORDER BY closing.currency_code COLLATE \"C\", array_position($4::text[], closing.source),
                  closing.source COLLATE \"C\"";
    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let rows = sqlx::query(QUERY)
        .bind(date)
        .bind(LOOK_BACK_DAYS)
        .bind(codes)
        .bind(source::keys())
        .fetch_all(store)
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let day = first.try_get("day")?;
    let rates: Result<Vec<Option<DayRate>>, Error> = rows.iter().map(read).collect();
    Ok(Some(DayRates {
        day,
        rates: rates?.into_iter().flatten().collect(),
    }))
}

/// The last rate of a currency on the newest day that has one, not after `date`, not more than `days` days before it and not of a source that has other rates of
/// a day in between. Of several sources of that day the first counts, as in [`super::newest_common`].
///
/// # Errors
/// As [`super::newest_common`].
pub async fn newest(store: &PgPool, code: CurrencyCode, date: NaiveDate, days: i32) -> Result<Option<DayRate>, Error> {
    const QUERY: &str = "
        SELECT last.recorded_at, known.source, last.deal_base_rate, last.quotation
          FROM history.sources($1) AS known (source)
         CROSS JOIN LATERAL (
            SELECT seen.recorded_at, seen.deal_base_rate, seen.quotation FROM history.rate AS seen
             WHERE seen.currency_code = $1 AND seen.source = known.source
               AND seen.recorded_at >= ($2::date - $3::integer)::timestamp AT TIME ZONE 'UTC'
               AND seen.recorded_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'
             ORDER BY seen.recorded_at DESC LIMIT 1
         ) AS last
         WHERE NOT EXISTS (
            SELECT FROM history.daily_rate AS later
             WHERE later.day + 0 BETWEEN (last.recorded_at AT TIME ZONE 'UTC')::date + 1 AND $2::date AND later.source = known.source OFFSET 0
         )
         ORDER BY (last.recorded_at AT TIME ZONE 'UTC')::date DESC,
                  array_position($4::text[], known.source), known.source COLLATE \"C\"
         LIMIT 1";
    let query = sqlx::query(QUERY)
        .bind(code.as_str())
        .bind(date)
        .bind(days)
        .bind(source::keys());
    let row = query.fetch_optional(store).await?;
    let read = |row: PgRow| {
        Ok(DayRate {
            code,
            rate: stored_rate(&row, "deal_base_rate", "quotation")?,
            source: row.try_get("source")?,
            recorded_at: Timestamp::new(row.try_get("recorded_at")?).map_err(decode)?,
        })
    };
    row.map(read).transpose()
}

/// How far each of `sources` has come. One look at the index for each currency.
///
/// # Errors
/// [`sqlx::Error`] when PostgreSQL cannot be asked or a row is none that this service wrote.
pub async fn progress(store: &PgPool, sources: &[&str]) -> Result<Progress, Error> {
    const QUERY: &str = "
        SELECT known.source, leg.code, last.recorded_at
          FROM unnest($1::text[]) AS known (source)
         CROSS JOIN unnest($2::text[]) AS leg (code)
         CROSS JOIN LATERAL (
            SELECT seen.recorded_at FROM history.rate AS seen
             WHERE seen.currency_code = leg.code AND seen.source = known.source ORDER BY seen.recorded_at DESC LIMIT 1
         ) AS last";
    let codes: Vec<&str> = CurrencyCode::all().map(CurrencyCode::as_str).collect();
    let rows = sqlx::query(QUERY).bind(sources).bind(codes).fetch_all(store).await?;
    let read = |row: &'_ PgRow| -> Result<(CurrencyCode, String, DateTime<Utc>), Error> {
        let code = row.try_get::<&str, _>("code")?.parse().map_err(decode)?;
        Ok((code, row.try_get("source")?, row.try_get("recorded_at")?))
    };
    let newest: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Progress::of(
        newest.iter().map(|(code, source, at)| (*code, &**source, *at)),
    ))
}

/// One row; `None` where only the day is known.
fn read(row: &PgRow) -> Result<Option<DayRate>, Error> {
    let Some(code) = row.try_get::<Option<&str>, _>("currency_code")? else {
        return Ok(None);
    };
    let recorded_at: DateTime<Utc> = row.try_get("recorded_at")?;
    Ok(Some(DayRate {
        code: code.parse().map_err(decode)?,
        rate: stored_rate(row, "close", "quotation")?,
        source: row.try_get("source")?,
        recorded_at: Timestamp::new(recorded_at).map_err(decode)?,
    }))
}

/// The rate that two columns of a row have, of which the second can be null.
///
/// # Errors
/// [`sqlx::Error`] when a column is not there or is no rate.
pub fn stored_rate(row: &PgRow, krw: &str, quotation: &str) -> Result<StoredRate, Error> {
    let quotation = row.try_get::<Option<Decimal>, _>(quotation)?;
    Ok(StoredRate {
        krw: Rate::new(row.try_get::<Decimal, _>(krw)?).map_err(decode)?,
        quotation: quotation.map(Rate::new).transpose().map_err(decode)?,
    })
}

pub(super) fn decode(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Decode(Box::new(error))
}
