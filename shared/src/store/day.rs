//! The rates of one day of the past, from `history.daily_rate`: Currency converts by them, History lists them.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Error, Row};

use crate::currency::CurrencyCode;
use crate::rate::Rate;
use crate::time::Timestamp;

/// How many days before the one asked for are looked at: longer than any chain of weekends and holidays.
pub const LOOK_BACK_DAYS: i32 = 14;

/// The closing rates of one UTC day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRates {
    /// The day they are of: the one asked for, or the last one before it that has any rate.
    pub day: NaiveDate,
    /// One a currency, by code. Never KRW, whose price is 1; a currency without a rate on that day is not in it.
    pub rates: Vec<DayRate>,
}

/// One currency's last rate of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRate {
    /// The currency.
    pub code: CurrencyCode,
    /// KRW for one unit.
    pub rate: Rate,
    /// Whose rate it is: of several sources the first of ecb, koreaexim, exchangerate_api, then of any other by name.
    pub source: String,
    /// When the source set it.
    pub recorded_at: Timestamp,
}

impl DayRates {
    /// The rate of `code`, if there is one on that day.
    #[must_use]
    pub fn of(&self, code: CurrencyCode) -> Option<&DayRate> {
        self.rates.iter().find(|rate| rate.code == code)
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
            SELECT DISTINCT ON (rate.currency_code) rate.currency_code, rate.source, rate.close, rate.day
              FROM history.daily_rate AS rate JOIN effective ON rate.day + 0 = effective.day
             WHERE cardinality($3::text[]) = 0 OR rate.currency_code = ANY ($3)
             ORDER BY rate.currency_code, array_position(ARRAY['ecb', 'koreaexim', 'exchangerate_api'], rate.source), rate.source COLLATE \"C\"
        )
        SELECT effective.day, closing.currency_code, closing.source, closing.close, last.recorded_at
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
         ORDER BY closing.currency_code COLLATE \"C\"";
    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let rows = sqlx::query(QUERY)
        .bind(date)
        .bind(LOOK_BACK_DAYS)
        .bind(codes)
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

/// One row; `None` where only the day is known.
fn read(row: &PgRow) -> Result<Option<DayRate>, Error> {
    let Some(code) = row.try_get::<Option<&str>, _>("currency_code")? else {
        return Ok(None);
    };
    let recorded_at: DateTime<Utc> = row.try_get("recorded_at")?;
    Ok(Some(DayRate {
        code: code.parse().map_err(decode)?,
        rate: Rate::new(row.try_get::<Decimal, _>("close")?).map_err(decode)?,
        source: row.try_get("source")?,
        recorded_at: Timestamp::new(recorded_at).map_err(decode)?,
    }))
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Decode(Box::new(error))
}
