//! Series as they are read: several currencies in one query each.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::rate::Rate;
use shared::source;
use shared::store::stored_rate;
use shared::time::Timestamp;
use shared::trace::{in_span, postgres};
use sqlx::postgres::PgRow;
use sqlx::{Error, PgPool, Row};

use crate::leg::{Leg, LegDay, Tick, Ticks};

/// The newest day of an instant at which one source has a rate of the first and of the last of the currencies in `$1`; of one currency its newest day. The
/// parameter named is the last day that it may be, null for the newest. One walk back along the keys of both for each source, from where the one that ended
/// earlier ends, until they meet: mostly a step. OFFSET 0 keeps the planner from reading all of both.
macro_rules! newest_common {
    ($until:literal) => {
        concat!(
            "SELECT (max(met.recorded_at) AT TIME ZONE 'UTC')::date AS day
               FROM (
                SELECT ($1::text[])[1] AS first, ($1::text[])[cardinality($1::text[])] AS last,
                       coalesce((",
            $until,
            "::date + 1)::timestamp AT TIME ZONE 'UTC', 'infinity') AS until
               ) AS pair
              CROSS JOIN LATERAL history.sources(pair.first) AS known (source)
              CROSS JOIN LATERAL (
                SELECT CASE WHEN count(ending.at) = 2 THEN min(ending.at) END AS latest
                  FROM (VALUES ((SELECT max(recorded_at) FROM history.rate
                                  WHERE currency_code = pair.first AND source = known.source AND recorded_at < pair.until)),
                               ((SELECT max(recorded_at) FROM history.rate
                                  WHERE currency_code = pair.last AND source = known.source AND recorded_at < pair.until))) AS ending (at)
              ) AS both_until
              CROSS JOIN LATERAL (
                SELECT seen.recorded_at FROM history.rate AS seen
                 CROSS JOIN LATERAL (
                    SELECT 1 FROM history.rate
                     WHERE currency_code = pair.last AND source = known.source AND recorded_at = seen.recorded_at OFFSET 0
                 ) AS other
                 WHERE seen.currency_code = pair.first AND seen.source = known.source AND seen.recorded_at <= both_until.latest
                 ORDER BY seen.recorded_at DESC LIMIT 1
              ) AS met"
        )
    };
}

/// Which days are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DayWindow {
    /// The currencies, one or two, end on the newest day of an instant at which one source has all of them; else each on its own newest.
    pub ends_together: bool,
    /// The last day that may be read; none means the newest.
    pub until: Option<NaiveDate>,
    /// The first day; none means `days` before the last.
    pub from: Option<NaiveDate>,
    /// How many days before the last one.
    pub days: i32,
}

/// The days of `codes` by every source; a currency without any is not among them.
pub(crate) async fn legs(pool: &PgPool, codes: &[CurrencyCode], window: DayWindow) -> Result<Vec<Leg>, Error> {
    // The last days are computed once, not for each row. OFFSET 0 keeps the planner from joining in another order: one lookup in the primary key for each source.
    const QUERY: &str = concat!(
        "WITH common AS MATERIALIZED (",
        newest_common!("$3"),
        "), ending AS MATERIALIZED (
            SELECT leg.code, CASE WHEN $2 THEN (SELECT day FROM common)
                                  ELSE history.newest_common_day(ARRAY[leg.code], coalesce($3, 'infinity'::date)) END AS day
              FROM unnest($1::text[]) AS leg (code)
        )
        SELECT ending.code, found.*,
               CASE WHEN found.day = ending.day THEN (
                   SELECT max(seen.recorded_at) FROM history.rate AS seen
                    WHERE seen.currency_code = ending.code AND seen.source = found.source
                      AND seen.recorded_at >= found.day::timestamp AT TIME ZONE 'UTC'
                      AND seen.recorded_at < (found.day + 1)::timestamp AT TIME ZONE 'UTC'
               ) END AS recorded_at
          FROM ending
         CROSS JOIN LATERAL (
            SELECT days.day, known.source, days.open, days.high, days.low, days.close, days.quotation, days.observations
              FROM history.sources(ending.code) AS known (source)
             CROSS JOIN LATERAL (
                SELECT stored.day, stored.open, stored.high, stored.low, stored.close, stored.quotation, stored.observations FROM history.daily_rate AS stored
                 WHERE stored.currency_code = ending.code AND stored.source = known.source
                   AND stored.day BETWEEN coalesce($4, ending.day - $5) AND ending.day OFFSET 0
             ) AS days
         ) AS found
         ORDER BY ending.code, found.day, array_position($6::text[], found.source), found.source COLLATE \"C\""
    );
    let query = sqlx::query(QUERY)
        .bind(texts(codes))
        .bind(window.ends_together)
        .bind(window.until)
        .bind(window.from)
        .bind(window.days)
        .bind(source::keys());
    let rows = in_span(postgres("SELECT history.daily_rate"), query.fetch_all(pool)).await?;
    let mut legs: Vec<Leg> = Vec::new();
    for row in &rows {
        let code = code(row)?;
        if legs.last().is_none_or(|leg| leg.code != code) {
            legs.push(Leg {
                code,
                recorded: Vec::new(),
                days: Vec::with_capacity(rows.len() / codes.len().max(1) + 1),
            });
        }
        let Some(leg) = legs.last_mut() else { continue };
        let day = day(row)?;
        // Those of the last day alone say when they were recorded.
        let recorded_at: Option<DateTime<Utc>> = row.try_get("recorded_at")?;
        if let Some(recorded_at) = recorded_at {
            let recorded_at = Timestamp::new(recorded_at).map_err(decode)?;
            leg.recorded.push((day.source.clone(), recorded_at));
        }
        leg.days.push(day);
    }
    Ok(legs)
}

/// Every observation of `codes` in these days, for each code in their order.
pub(crate) async fn ticks(
    pool: &PgPool,
    codes: &[CurrencyCode],
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<Ticks>, Error> {
    const QUERY: &str = "
        SELECT leg.code, known.source, seen.recorded_at, seen.deal_base_rate, seen.quotation
          FROM unnest($1::text[]) AS leg (code)
         CROSS JOIN LATERAL history.sources(leg.code) AS known (source)
         CROSS JOIN LATERAL (
            SELECT stored.recorded_at, stored.deal_base_rate, stored.quotation FROM history.rate AS stored
             WHERE stored.currency_code = leg.code AND stored.source = known.source
               AND stored.recorded_at >= $2::date::timestamp AT TIME ZONE 'UTC'
               AND stored.recorded_at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC' OFFSET 0
         ) AS seen
         ORDER BY leg.code, known.source, seen.recorded_at";
    let query = sqlx::query(QUERY).bind(texts(codes)).bind(first).bind(last);
    let rows = in_span(postgres("SELECT history.rate"), query.fetch_all(pool)).await?;
    let mut series: Vec<Ticks> = codes
        .iter()
        .map(|_| Ticks {
            last,
            sources: BTreeMap::new(),
        })
        .collect();
    for row in &rows {
        let code = code(row)?;
        let at: DateTime<Utc> = row.try_get("recorded_at")?;
        let tick = Tick {
            at: Timestamp::new(at).map_err(decode)?,
            rate: stored_rate(row, "deal_base_rate", "quotation")?,
        };
        let places = codes.iter().position(|wanted| *wanted == code);
        if let Some(of) = places.and_then(|place| series.get_mut(place)) {
            let source: &str = row.try_get("source")?;
            match of.sources.get_mut(source) {
                Some(ticks) => ticks.push(tick),
                None => drop(of.sources.insert(source.to_owned(), vec![tick])),
            }
        }
    }
    Ok(series)
}

/// The newest day, not after `until`, of an instant at which one source has all of `codes`, which are one or two.
pub(crate) async fn newest_common_day(
    pool: &PgPool,
    codes: &[CurrencyCode],
    until: Option<NaiveDate>,
) -> Result<Option<NaiveDate>, Error> {
    sqlx::query(newest_common!("$2"))
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
    let close = stored_rate(row, "close", "quotation")?;
    Ok(LegDay {
        day: row.try_get("day")?,
        source: row.try_get("source")?,
        observations: row.try_get("observations")?,
        open: rate(row, "open")?,
        high: rate(row, "high")?,
        low: rate(row, "low")?,
        close: close.krw,
        quotation: close.quotation,
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
