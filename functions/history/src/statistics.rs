//! What is told of a pair's daily closes: alone, and beside others.

use std::cmp::Reverse;

use chrono::NaiveDate;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use shared::api::{ApiError, ServedFrom};
use shared::cache::{AnalysisKind, key, ttl};
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::pair::Pair;
use utoipa::ToSchema;

use crate::History;
use crate::daily::Daily;
use crate::measure::{self, Trend};
use crate::origin::Origin;
use crate::period::{PeriodName, Span};
use crate::reading::{Entry, Found};

/// How many returns two currencies must have in common for a correlation.
pub(crate) const COMMON_RETURNS: usize = 20;

/// The daily closes of a pair in a span.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Closes {
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
    /// Where they come from.
    pub origin: Origin,
    /// Days and closes, oldest first.
    pub closes: Vec<(NaiveDate, Number)>,
}

impl From<Daily> for Closes {
    fn from(daily: Daily) -> Self {
        Self {
            from: daily.from,
            to: daily.to,
            closes: daily.closes(),
            origin: daily.origin,
        }
    }
}

/// Statistics of a span, as they are cached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
    /// Where the closes come from.
    pub origin: Origin,
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
        let (change, percent) = measure::change(*first, *last);
        // Of equal closes the earliest.
        let (min_date, min) = *closes.iter().min_by_key(|(day, close)| (*close, *day))?;
        let (max_date, max) = *closes.iter().max_by_key(|(day, close)| (*close, Reverse(*day)))?;
        let returns = measure::returns(closes);
        let volatility = measure::volatility(&returns);
        Some(Self {
            current_rate: *last,
            period_average: measure::average(&values)?,
            period_min: min,
            period_min_date: min_date,
            period_max: max,
            period_max_date: max_date,
            period_change: change,
            period_change_percent: percent,
            volatility: volatility.and_then(|(daily, _)| Number::measure(daily)),
            volatility_annualized: volatility.and_then(|(_, annual)| Number::measure(annual)),
            observations_per_year: measure::observations_per_year(&returns).and_then(Number::measure),
            trend_direction: measure::trend(&returns),
            data_points: closes.len(),
        })
    }
}

/// How one currency did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Compared {
    /// The currency.
    pub currency_code: CurrencyCode,
    /// What its rate is.
    #[schema(example = "KRW per USD")]
    pub unit: String,
    /// The first day of the period: the first on which all of those compared have a close.
    pub from: NaiveDate,
    /// The last day of the period: the last on which all of those compared have a close.
    pub to: NaiveDate,
    /// Its close on the last day.
    pub current_rate: Number,
    /// From its close on the first day to that on the last, in percent of the first.
    pub period_change_percent: Number,
    /// The sample standard deviation of returns, ln(close / close before), in percent; null with fewer than two. There is no return between closes that are
    /// more than 14 days apart: the series was interrupted there.
    pub volatility: Option<Number>,
    /// Mean of those returns over their standard deviation, times the root of observations_per_year; no riskless rate is taken off. Null where the deviation
    /// is zero.
    pub sharpe_ratio: Option<Number>,
    /// How many returns a year has at the pace of this series: returns × 365.25 / days that they span; null without any return.
    pub observations_per_year: Option<Number>,
    /// Its place by period_change_percent, the highest first; equal ones share a place.
    #[schema(minimum = 1)]
    pub performance_rank: usize,
    /// How many closes it has.
    pub data_points: usize,
}

/// How two currencies move together.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Correlation {
    /// One of them.
    pub first: CurrencyCode,
    /// The other.
    pub second: CurrencyCode,
    /// Pearson's correlation of the returns that both have, from the same day to the same day; null where one of them did not move at all.
    pub coefficient: Option<Number>,
    /// How many days such a return of both ends on.
    #[schema(minimum = 20)]
    pub common_days: usize,
}

/// Ranks and correlations of several currencies, by rank, those of one rank by code.
pub(crate) fn compare(
    base: CurrencyCode,
    all: &[(CurrencyCode, Closes)],
) -> Result<(Vec<Compared>, Vec<Correlation>), ApiError> {
    let (from, to) = common_span(all)?;
    let mut compared = Vec::with_capacity(all.len());
    let mut returns = Vec::with_capacity(all.len());
    for (code, closes) in all {
        let within: Vec<(NaiveDate, Number)> = closes
            .closes
            .iter()
            .filter(|(day, _)| (from..=to).contains(day))
            .copied()
            .collect();
        let measures = Measures::of(&within).ok_or_else(|| too_few(*code, within.len()))?;
        let of_code = measure::returns(&within);
        let pair = Pair {
            base,
            target: *code,
            inverse: false,
        };
        compared.push(Compared {
            currency_code: *code,
            unit: pair.unit(),
            from,
            to,
            current_rate: measures.current_rate,
            period_change_percent: measures.period_change_percent,
            volatility: measures.volatility,
            sharpe_ratio: measure::sharpe_ratio(&of_code).and_then(Number::measure),
            observations_per_year: measures.observations_per_year,
            performance_rank: 0,
            data_points: measures.data_points,
        });
        returns.push((*code, of_code));
    }
    let mut correlations = Vec::new();
    for (place, (first, of_first)) in returns.iter().enumerate() {
        for (second, of_second) in &returns[place + 1..] {
            let (coefficient, common_days) = measure::correlation(of_first, of_second);
            if common_days < COMMON_RETURNS {
                let what = format!(
                    "days on which both {first} and {second} have a return from the same day before in this period"
                );
                return Err(ApiError::not_enough(&what, common_days, COMMON_RETURNS));
            }
            correlations.push(Correlation {
                first: *first,
                second: *second,
                coefficient: coefficient.and_then(Number::measure),
                common_days,
            });
        }
    }
    rank(&mut compared);
    Ok((compared, correlations))
}

/// The first and the last day on which all have a close: changes of different days say nothing of who did better.
fn common_span(all: &[(CurrencyCode, Closes)]) -> Result<(NaiveDate, NaiveDate), ApiError> {
    let has = |closes: &Closes, day: NaiveDate| closes.closes.binary_search_by_key(&day, |(day, _)| *day).is_ok();
    let days = all.first().map_or(&[][..], |(_, closes)| closes.closes.as_slice());
    let mut common = days
        .iter()
        .map(|(day, _)| *day)
        .filter(|day| all.iter().all(|(_, closes)| has(closes, *day)));
    match (common.next(), common.next_back()) {
        (Some(from), Some(to)) => Ok((from, to)),
        (first, _) => {
            let codes: Vec<&str> = all.iter().map(|(code, _)| code.as_str()).collect();
            let what = format!("days on which all of {} have a close in this period", codes.join(", "));
            Err(ApiError::not_enough(&what, usize::from(first.is_some()), 2))
        }
    }
}

fn rank(compared: &mut [Compared]) {
    compared.sort_by_key(|one| (Reverse(one.period_change_percent), one.currency_code));
    let changes: Vec<Number> = compared.iter().map(|one| one.period_change_percent).collect();
    for one in compared {
        one.performance_rank = 1 + changes
            .iter()
            .filter(|other| **other > one.period_change_percent)
            .count();
    }
}

/// 422: fewer than two closes.
pub(crate) fn too_few(code: CurrencyCode, closes: usize) -> ApiError {
    ApiError::not_enough(&format!("daily closes of {code} in this period"), closes, 2)
}

impl History {
    /// The statistics of a pair.
    ///
    /// # Errors
    /// 404 without any rate, 422 with fewer than two closes, 503 when PostgreSQL is needed and away.
    pub(crate) async fn statistics(&self, pair: Pair, span: Span) -> Result<(Kept, ServedFrom), ApiError> {
        let (Some(period), CurrencyCode::KRW, false) = (span.period(), pair.base, pair.inverse) else {
            return self.computed_statistics(pair, span).await;
        };
        let entry = Entry {
            code: pair.target,
            key: key::stats(pair.target, period.key()),
            ttl: ttl::COMPUTED,
        };
        let compute = move |_| {
            let computing = async move {
                let (kept, served_from) = self.computed_statistics(pair, span).await?;
                Ok((vec![Some(kept)], served_from))
            };
            computing.boxed()
        };
        let (found, served_from) = self.through(&[entry], compute).await?;
        let kept = found.into_iter().flatten().next();
        kept.map(|kept| (kept, served_from))
            .ok_or_else(|| too_few(pair.target, 0))
    }

    /// The statistics of a pair from its series.
    async fn computed_statistics(&self, pair: Pair, span: Span) -> Result<(Kept, ServedFrom), ApiError> {
        let series = self.series(pair, span).await?;
        let (daily, served_from) = self.daily(&series).await?;
        let closes = Closes::from(daily);
        let measures = Measures::of(&closes.closes).ok_or_else(|| too_few(pair.target, closes.closes.len()))?;
        let kept = Kept {
            from: closes.from,
            to: closes.to,
            origin: closes.origin,
            measures,
        };
        Ok((kept, served_from))
    }

    /// The daily closes of several currencies in one base, in their order: of the period that ends on the newest day on which all of them have one.
    ///
    /// # Errors
    /// 404 without any rate of one, 422 where all of them have none on any day of that period, 503 when PostgreSQL is needed and away.
    pub(crate) async fn common_closes(
        &self,
        base: CurrencyCode,
        targets: &[CurrencyCode],
        period: PeriodName,
    ) -> Result<(Vec<(CurrencyCode, Closes)>, ServedFrom), ApiError> {
        let (mut all, mut served_from) = self.closes(base, targets, period).await?;
        let ends = |all: &[(CurrencyCode, Closes)]| all.iter().map(|(_, closes)| closes.to).min();
        // Each ends on its own newest day, mostly the same. Where they do not, the period goes back from the earliest of them, and once more where that day
        // is none that all have; a period without any such day is none that they can be compared in.
        for _ in 0..2 {
            let end = common_span(&all).map(|(_, to)| to).ok().or_else(|| ends(&all));
            let Some(end) = end.filter(|end| all.iter().any(|(_, closes)| closes.to != *end)) else {
                break;
            };
            all = self.closes_until(base, targets, (period.first_day(end), end)).await?;
            served_from = ServedFrom::Store;
        }
        Ok((all, served_from))
    }

    /// The daily closes of each between two days.
    async fn closes_until(
        &self,
        base: CurrencyCode,
        targets: &[CurrencyCode],
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<Vec<(CurrencyCode, Closes)>, ApiError> {
        let pairs: Vec<Pair> = targets.iter().map(|target| told(base, *target)).collect();
        let mut all = Vec::with_capacity(pairs.len());
        for series in self.all_series(&pairs, Span::Range(from, Some(to))).await? {
            let (daily, _) = self.daily(&series).await?;
            all.push((series.pair.target, Closes::from(daily)));
        }
        Ok(all)
    }

    /// The daily closes of several currencies in one base, in their order, each of the period that ends on its own newest day.
    ///
    /// # Errors
    /// 404 without any rate of one, 503 when PostgreSQL is needed and away.
    async fn closes(
        &self,
        base: CurrencyCode,
        targets: &[CurrencyCode],
        period: PeriodName,
    ) -> Result<(Vec<(CurrencyCode, Closes)>, ServedFrom), ApiError> {
        let compute = move |targets: Vec<CurrencyCode>| self.computed_closes(base, targets, period).boxed();
        let (found, served_from) = if base == CurrencyCode::KRW {
            let entry = |code: &CurrencyCode| Entry {
                code: *code,
                key: key::analysis(*code, AnalysisKind::Compare, period.key()),
                ttl: ttl::COMPUTED,
            };
            self.through(&targets.iter().map(entry).collect::<Vec<_>>(), compute)
                .await?
        } else {
            compute(targets.to_vec()).await?
        };
        let closes = targets.iter().copied().zip(found.into_iter().flatten()).collect();
        Ok((closes, served_from))
    }

    /// The daily closes of several currencies from their series.
    async fn computed_closes(
        &self,
        base: CurrencyCode,
        targets: Vec<CurrencyCode>,
        period: PeriodName,
    ) -> Result<Found<Closes>, ApiError> {
        let pairs: Vec<Pair> = targets.into_iter().map(|target| told(base, target)).collect();
        let mut all = Vec::with_capacity(pairs.len());
        let mut served_from = ServedFrom::Cache;
        for series in self.all_series(&pairs, Span::Period(period)).await? {
            let (daily, from) = self.daily(&series).await?;
            all.push(Some(Closes::from(daily)));
            served_from = served_from.and(from);
        }
        Ok((all, served_from))
    }
}

fn told(base: CurrencyCode, target: CurrencyCode) -> Pair {
    Pair {
        base,
        target,
        inverse: false,
    }
}

#[cfg(test)]
mod tests;
