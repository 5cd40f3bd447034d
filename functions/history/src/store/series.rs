//! Series as they are read: several currencies in one query each.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::rate::Rate;
use shared::time::Timestamp;
use shared::trace::{postgres, step};
use sqlx::postgres::PgRow;
use sqlx::{Error, PgPool, Row};

use crate::leg::{Leg, LegDay, Ticks};

/// Which days are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    /// All currencies end on their newest common day; else each on its own newest.
    pub together: bool,
    /// The last day that may be read; none means the newest.
    pub until: Option<NaiveDate>,
    /// The first day; none means `days` before the last.
    pub from: Option<NaiveDate>,
    /// How many days before the last one.
    pub days: i32,
}

/// The days of `codes`; a currency without any is not among them.
pub(crate) async fn legs(pool: &PgPool, codes: &[CurrencyCode], ending: Ending) -> Result<Vec<Leg>, Error> {
    // The last days are computed once, not for each row.
    const QUERY: &str = "
        WITH ending AS MATERIALIZED (
            SELECT leg.code, history.newest_common_day(CASE WHEN $2 THEN $1 ELSE ARRAY[leg.code] END, coalesce($3, 'infinity'::date)) AS day
              FROM unnest($1::text[]) AS leg (code)
        )
        SELECT ending.code, days.*,
               CASE WHEN days.day = ending.day THEN (
                   SELECT max(seen.recorded_at) FROM history.rate AS seen
                    WHERE seen.currency_code = ending.code AND seen.source = days.source
                      AND seen.recorded_at >= days.day::timestamp AT TIME ZONE 'UTC'
                      AND seen.recorded_at < (days.day + 1)::timestamp AT TIME ZONE 'UTC'
               ) END AS recorded_at
          FROM ending
         CROSS JOIN LATERAL history.days(ending.code, coalesce($4, ending.day - $5), ending.day) AS days
         ORDER BY ending.code, days.day";
    let query = sqlx::query(QUERY)
        .bind(texts(codes))
        .bind(ending.together)
        .bind(ending.until)
        .bind(ending.from)
        .bind(ending.days);
    let rows = step(postgres("SELECT history.days"), query.fetch_all(pool)).await?;
    let mut legs: Vec<Leg> = Vec::new();
    let mut days: Vec<LegDay> = Vec::new();
    for row in &rows {
        days.push(day(row)?);
        // The last day of a currency is the one that says when it was recorded.
        let recorded_at: Option<DateTime<Utc>> = row.try_get("recorded_at")?;
        if let Some(recorded_at) = recorded_at {
            legs.push(Leg {
                code: code(row)?,
                recorded_at: Timestamp::new(recorded_at).map_err(decode)?,
                days: std::mem::take(&mut days),
            });
        }
    }
    Ok(legs)
}

/// Every observation of `codes` in these days, for each code in their order; of each day those of the source that counts.
pub(crate) async fn ticks(
    pool: &PgPool,
    codes: &[CurrencyCode],
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<Ticks>, Error> {
    const QUERY: &str = "
        SELECT leg.code, seen.recorded_at, seen.deal_base_rate
          FROM unnest($1::text[]) AS leg (code)
         CROSS JOIN LATERAL history.observations(leg.code, $2, $3) AS seen
         ORDER BY leg.code, seen.recorded_at";
    let query = sqlx::query(QUERY).bind(texts(codes)).bind(first).bind(last);
    let rows = step(postgres("SELECT history.observations"), query.fetch_all(pool)).await?;
    let mut series: Vec<Ticks> = codes
        .iter()
        .map(|_| Ticks {
            last,
            ticks: Vec::new(),
        })
        .collect();
    for row in &rows {
        let code = code(row)?;
        let at: DateTime<Utc> = row.try_get("recorded_at")?;
        let tick = (Timestamp::new(at).map_err(decode)?, rate(row, "deal_base_rate")?);
        let places = codes.iter().position(|wanted| *wanted == code);
        if let Some(of) = places.and_then(|place| series.get_mut(place)) {
            of.ticks.push(tick);
        }
    }
    Ok(series)
}

/// The newest day, not after `until`, on which every one of `codes` has a rate.
pub(crate) async fn newest_common_day(
    pool: &PgPool,
    codes: &[CurrencyCode],
    until: Option<NaiveDate>,
) -> Result<Option<NaiveDate>, Error> {
    sqlx::query("SELECT history.newest_common_day($1, coalesce($2, 'infinity'::date))")
        .bind(texts(codes))
        .bind(until)
        .fetch_one(pool)
        .await?
        .try_get(0)
}

/// The newest day with any rate at all.
pub(crate) async fn newest_day(pool: &PgPool) -> Result<Option<NaiveDate>, Error> {
    sqlx::query("SELECT max(day + 0) FROM history.daily_rate")
        .fetch_one(pool)
        .await?
        .try_get(0)
}

/// A sign of life.
pub(crate) async fn ping(pool: &PgPool) -> Result<(), Error> {
    sqlx::query("SELECT 1").execute(pool).await.map(drop)
}

fn texts(codes: &[CurrencyCode]) -> Vec<&'static str> {
    codes.iter().map(|code| code.as_str()).collect()
}

fn day(row: &PgRow) -> Result<LegDay, Error> {
    Ok(LegDay {
        day: row.try_get("day")?,
        source: row.try_get("source")?,
        observations: row.try_get("observations")?,
        open: rate(row, "open")?,
        high: rate(row, "high")?,
        low: rate(row, "low")?,
        close: rate(row, "close")?,
    })
}

fn code(row: &PgRow) -> Result<CurrencyCode, Error> {
    row.try_get::<&str, _>("code")?.parse().map_err(decode)
}

fn rate(row: &PgRow, column: &str) -> Result<Rate, Error> {
    Rate::new(row.try_get::<Decimal, _>(column)?).map_err(decode)
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Decode(Box::new(error))
}
