//! The newest rates of two currencies that one source set at one instant, from `history`: what a pair without KRW is crossed from.

use chrono::NaiveDate;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Error, Row};

use super::day::{DayRate, decode, stored_rate};
use crate::currency::CurrencyCode;
use crate::source;
use crate::time::Timestamp;

/// The rates of two currencies, of one source and one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonRates {
    /// That of the currency which prices are told in.
    pub base: DayRate,
    /// That of the other one.
    pub target: DayRate,
}

/// For each currency and day of `wanted`: its rate and that of `base` at the newest instant, not after that day, at which one source set both; where `days`
/// are given, not more than so many days before it either, and not of a source that has other rates of a day in between. Of several sources that have both on that instant's day the first counts: those of the registry
/// in its order, then any other by name. A currency without such an instant is left out. Neither is KRW.
///
/// # Errors
/// [`sqlx::Error`] when PostgreSQL cannot be asked or a row is none that this service wrote.
pub async fn newest_common(
    store: &PgPool,
    base: CurrencyCode,
    wanted: &[(CurrencyCode, NaiveDate)],
    days: Option<i32>,
) -> Result<Vec<CommonRates>, Error> {
    // One walk back along the keys of both currencies for each source, from where the one that ended earlier ends, until they meet: mostly a step or two.
    // OFFSET 0 keeps the planner from reading all of both.
    const QUERY: &str = "
        SELECT leg.code, common.source, common.recorded_at, common.rate, common.quotation, common.base_rate, common.base_quotation
          FROM (
            SELECT wanted.code, wanted.day, (wanted.day + 1)::timestamp AT TIME ZONE 'UTC' AS until,
                   coalesce((wanted.day - $4::integer)::timestamp AT TIME ZONE 'UTC', '-infinity') AS since
              FROM unnest($2::text[], $3::date[]) AS wanted (code, day)
          ) AS leg
         CROSS JOIN LATERAL (
            SELECT known.source, met.*
              FROM history.sources($1) AS known (source)
             CROSS JOIN LATERAL (
                SELECT CASE WHEN count(last.at) = 2 THEN min(last.at) END AS latest
                  FROM (VALUES ((SELECT max(recorded_at) FROM history.rate
                                  WHERE currency_code = leg.code AND source = known.source AND recorded_at < leg.until)),
                               ((SELECT max(recorded_at) FROM history.rate
                                  WHERE currency_code = $1 AND source = known.source AND recorded_at < leg.until))) AS last (at)
             ) AS both_until
             CROSS JOIN LATERAL (
                SELECT target.recorded_at, target.deal_base_rate AS rate, target.quotation,
                       base.deal_base_rate AS base_rate, base.quotation AS base_quotation
                  FROM history.rate AS target
                 CROSS JOIN LATERAL (
                    SELECT deal_base_rate, quotation FROM history.rate
                     WHERE currency_code = $1 AND source = known.source AND recorded_at = target.recorded_at OFFSET 0
                 ) AS base
                 WHERE target.currency_code = leg.code AND target.source = known.source
                   AND target.recorded_at BETWEEN leg.since AND both_until.latest
                 ORDER BY target.recorded_at DESC LIMIT 1
             ) AS met
             WHERE $4 IS NULL OR NOT EXISTS (
                SELECT FROM history.daily_rate AS later
                 WHERE later.day + 0 BETWEEN (met.recorded_at AT TIME ZONE 'UTC')::date + 1 AND leg.day AND later.source = known.source OFFSET 0
             )
             ORDER BY (met.recorded_at AT TIME ZONE 'UTC')::date DESC,
                      array_position($5::text[], known.source), known.source COLLATE \"C\"
             LIMIT 1
         ) AS common";
    let (codes, until): (Vec<&str>, Vec<NaiveDate>) = wanted.iter().map(|(code, day)| (code.as_str(), *day)).unzip();
    let rows = sqlx::query(QUERY)
        .bind(base.as_str())
        .bind(codes)
        .bind(until)
        .bind(days)
        .bind(source::keys())
        .fetch_all(store)
        .await?;
    let pair = |row: &PgRow| {
        let source: String = row.try_get("source")?;
        let recorded_at = Timestamp::new(row.try_get("recorded_at")?).map_err(decode)?;
        let leg = |code, krw: &str, quotation: &str| {
            Ok::<_, Error>(DayRate {
                code,
                rate: stored_rate(row, krw, quotation)?,
                source: source.clone(),
                recorded_at,
            })
        };
        let code = row.try_get::<&str, _>("code")?.parse().map_err(decode)?;
        Ok(CommonRates {
            base: leg(base, "base_rate", "base_quotation")?,
            target: leg(code, "rate", "quotation")?,
        })
    };
    rows.iter().map(pair).collect()
}
