//! The statistics of one pair's daily closes.

use std::cmp::Reverse;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::api::{ApiError, ServedFrom};
use shared::cache::{key, ttl};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::provenance::Provenance;
use utoipa::ToSchema;

use crate::History;
use crate::closes::Closes;
use crate::formulas::{self, Trend};
use crate::range::DateRange;
use crate::read_through::{Entry, read_one_through};

/// Statistics of a range of days, as they are cached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CachedStatistics {
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
    /// Where the closes come from. Entries of earlier releases have it by this name.
    #[serde(rename = "origin")]
    pub provenance: Provenance,
    /// The statistics.
    pub measures: Measures,
}

/// Statistics of the daily closes of a span
///
/// All of them are computed from the closes as `/api/v1/history` prints them with interval=daily, so they can be recomputed from there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measures {
    /// The last close.
    pub current_rate: Number,
    /// The mean of the closes.
    pub period_average: Number,
    /// The lowest close.
    pub period_min: Number,
    /// The first day of the lowest close.
    pub period_min_date: NaiveDate,
    /// The highest close.
    pub period_max: Number,
    /// The first day of the highest close.
    pub period_max_date: NaiveDate,
    /// The last close less the first.
    pub period_change: Number,
    /// The change in percent of the first close.
    pub period_change_percent: Number,
    /// The sample standard deviation of returns, ln(close / close before), in percent; null with fewer than two. There is no return between closes that are
    /// more than 14 days apart: the series was interrupted there.
    pub volatility: Option<Number>,
    /// The same of a year: times the root of observations_per_year.
    pub volatility_annualized: Option<Number>,
    /// How many returns a year has at the pace of this series: returns × 365.25 / days that they span; null without any return.
    pub observations_per_year: Option<Number>,
    /// The sign of the mean return where |mean / (standard deviation / √n)| of n returns is above the two-sided 5 % critical value of Student's t with n - 1
    /// degrees of freedom; stable otherwise, and with fewer than three returns. Of series that go nowhere 5 % are called up or down.
    pub trend_direction: Trend,
    /// How many closes there are.
    pub data_points: usize,
}

impl Measures {
    /// The statistics of `closes`; `None` of fewer than two.
    pub(crate) fn of(closes: &[(NaiveDate, Number)]) -> Option<Self> {
        let values: Vec<Number> = closes.iter().map(|(_, close)| *close).collect();
        let [first, .., last] = values.as_slice() else {
            return None;
        };
        let (change, percent) = formulas::change(*first, *last);
        // Of equal closes the earliest.
        let (min_date, min) = *closes.iter().min_by_key(|(day, close)| (*close, *day))?;
        let (max_date, max) = *closes.iter().max_by_key(|(day, close)| (*close, Reverse(*day)))?;
        let returns = formulas::returns(closes);
        let volatility = formulas::volatility(&returns);
        Some(Self {
            current_rate: *last,
            period_average: formulas::average(&values)?,
            period_min: min,
            period_min_date: min_date,
            period_max: max,
            period_max_date: max_date,
            period_change: change,
            period_change_percent: percent,
            volatility: volatility.and_then(|(daily, _)| Number::from_f64(daily)),
            volatility_annualized: volatility.and_then(|(_, annual)| Number::from_f64(annual)),
            observations_per_year: formulas::observations_per_year(&returns).and_then(Number::from_f64),
            trend_direction: formulas::trend(&returns),
            data_points: closes.len(),
        })
    }
}

impl History {
    /// The statistics of a pair.
    ///
    /// # Errors
    /// 404 without any rate, 422 with fewer than two closes, 503 when PostgreSQL is needed and away.
    pub(crate) async fn statistics(
        &self,
        pair: Pair,
        range: DateRange,
    ) -> Result<(CachedStatistics, ServedFrom), ApiError> {
        let (Some(period), CurrencyCode::KRW, false) = (range.period(), pair.base, pair.inverse) else {
            return self.computed_statistics(pair, range).await;
        };
        let entry = Entry {
            code: pair.target,
            key: key::stats(pair.target, period),
            ttl: ttl::COMPUTED,
        };
        let statistics = read_one_through(&self.cache, entry, || self.computed_statistics(pair, range)).await?;
        statistics.ok_or_else(|| too_few(pair.target, 0))
    }

    /// The statistics of a pair from its series.
    async fn computed_statistics(
        &self,
        pair: Pair,
        range: DateRange,
    ) -> Result<(CachedStatistics, ServedFrom), ApiError> {
        let series = self.series(pair, range).await?;
        let (daily, served_from) = self.daily(&series).await?;
        let closes = Closes::from(daily);
        let measures = Measures::of(&closes.closes).ok_or_else(|| too_few(pair.target, closes.closes.len()))?;
        let statistics = CachedStatistics {
            from: closes.from,
            to: closes.to,
            provenance: closes.provenance,
            measures,
        };
        Ok((statistics, served_from))
    }
}

/// 422: fewer than two closes.
pub(crate) fn too_few(code: CurrencyCode, closes: usize) -> ApiError {
    ApiError::not_enough(&format!("daily closes of {code} in this period"), closes, 2)
}

#[cfg(test)]
mod tests;
