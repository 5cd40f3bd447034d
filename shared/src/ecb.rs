//! Facts about the ECB's reference rates that more than one function needs: the ingestor reads the daily document, the backfill the history.

use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use crate::rate::{Rate, RateError};
use crate::time::{TimeError, Timestamp};

/// The provider's key in events, settings and stores.
pub const SOURCE: &str = "ecb";

/// When the rates of a day are set, UTC. The ECB dates its rates and gives no time; they are set in the early afternoon, 14:15 CET, and published
/// about 16:00 CET. One constant for all days (no summer time) keeps the instant on the same day in UTC and in Korea, and before publication.
const RECORDED_AT_SECONDS: u32 = (13 * 60 + 15) * 60;

/// The instant that the rates of `day` carry as `recorded_at`.
///
/// # Errors
/// [`TimeError`] when `day` is before 1970 or after 9999.
pub fn recorded_at(day: NaiveDate) -> Result<Timestamp, TimeError> {
    let time = NaiveTime::from_num_seconds_from_midnight_opt(RECORDED_AT_SECONDS, 0).unwrap_or_default();
    Timestamp::on_day(day, time)
}

/// KRW for one unit of a currency, from two numbers the ECB prints: KRW for one EUR, and units of the currency for one EUR.
///
/// # Errors
/// [`RateError`] when either is not positive or the result is out of range.
pub fn cross(krw_per_eur: Decimal, units_per_eur: Decimal) -> Result<Rate, RateError> {
    let quotient = krw_per_eur
        .checked_div(units_per_eur)
        .ok_or_else(|| RateError::NotPositive(units_per_eur.to_string()))?;
    Rate::rounded(quotient)
}
