//! Several pairs beside each other: who did better, and who moves with whom.

use std::cmp::Reverse;

use chrono::NaiveDate;
use serde::Serialize;
use shared::api::{ApiError, ServedFrom};
use shared::cache::{AnalysisKind, key, ttl};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::period::Period;
use utoipa::ToSchema;

use crate::History;
use crate::closes::Closes;
use crate::formulas;
use crate::range::DateRange;
use crate::read_through::{Entry, Loaded, read_through};
use crate::statistics::{Measures, too_few};

/// How many returns two currencies must have in common for a correlation.
pub(crate) const COMMON_RETURNS: usize = 20;

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
    let (from, to) = common_range(all)?;
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
        let of_code = formulas::returns(&within);
        compared.push(Compared {
            currency_code: *code,
            unit: priced_in(base, *code).unit(),
            from,
            to,
            current_rate: measures.current_rate,
            period_change_percent: measures.period_change_percent,
            volatility: measures.volatility,
            sharpe_ratio: formulas::sharpe_ratio(&of_code).and_then(Number::from_f64),
            observations_per_year: measures.observations_per_year,
            performance_rank: 0,
            data_points: measures.data_points,
        });
        returns.push((*code, of_code));
    }
    let mut correlations = Vec::new();
    for (place, (first, of_first)) in returns.iter().enumerate() {
        for (second, of_second) in &returns[place + 1..] {
            let (coefficient, common_days) = formulas::correlation(of_first, of_second);
            if common_days < COMMON_RETURNS {
                let what = format!(
                    "days on which both {first} and {second} have a return from the same day before in this period"
                );
                return Err(ApiError::not_enough(&what, common_days, COMMON_RETURNS));
            }
            correlations.push(Correlation {
                first: *first,
                second: *second,
                coefficient: coefficient.and_then(Number::from_f64),
                common_days,
            });
        }
    }
    rank(&mut compared);
    Ok((compared, correlations))
}

/// The first and the last day on which all have a close: changes of different days say nothing of who did better.
fn common_range(all: &[(CurrencyCode, Closes)]) -> Result<(NaiveDate, NaiveDate), ApiError> {
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

impl History {
    /// The daily closes of several currencies in one base, in their order: of the period that ends on the newest day on which all of them have one.
    ///
    /// # Errors
    /// 404 without any rate of one, 422 where all of them have none on any day of that period, 503 when PostgreSQL is needed and away.
    pub(crate) async fn common_closes(
        &self,
        base: CurrencyCode,
        targets: &[CurrencyCode],
        period: Period,
    ) -> Result<(Vec<(CurrencyCode, Closes)>, ServedFrom), ApiError> {
        let (mut all, mut served_from) = self.closes(base, targets, period).await?;
        let ends = |all: &[(CurrencyCode, Closes)]| all.iter().map(|(_, closes)| closes.to).min();
        // Each ends on its own newest day, mostly the same. Where they do not, the period goes back from the earliest of them, and once more where that day
        // is none that all have; a period without any such day is none that they can be compared in.
        for _ in 0..2 {
            let end = common_range(&all).map(|(_, to)| to).ok().or_else(|| ends(&all));
            let Some(end) = end.filter(|end| all.iter().any(|(_, closes)| closes.to != *end)) else {
                break;
            };
            all = self.closes_between(base, targets, period.first_day(end), end).await?;
            served_from = ServedFrom::Store;
        }
        Ok((all, served_from))
    }

    /// The daily closes of each between two days.
    async fn closes_between(
        &self,
        base: CurrencyCode,
        targets: &[CurrencyCode],
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<(CurrencyCode, Closes)>, ApiError> {
        let pairs: Vec<Pair> = targets.iter().map(|target| priced_in(base, *target)).collect();
        let mut all = Vec::with_capacity(pairs.len());
        for series in self
            .all_series(&pairs, DateRange::Between { from, to: Some(to) })
            .await?
        {
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
        period: Period,
    ) -> Result<(Vec<(CurrencyCode, Closes)>, ServedFrom), ApiError> {
        let compute = |targets: Vec<CurrencyCode>| self.computed_closes(base, targets, period);
        let Loaded { values, served_from } = if base == CurrencyCode::KRW {
            let entry = |code: &CurrencyCode| Entry {
                code: *code,
                key: key::analysis(*code, AnalysisKind::Compare, period),
                ttl: ttl::COMPUTED,
            };
            let entries: Vec<Entry> = targets.iter().map(entry).collect();
            read_through(&self.cache, &entries, compute).await?
        } else {
            compute(targets.to_vec()).await?
        };
        let closes = targets.iter().copied().zip(values.into_iter().flatten()).collect();
        Ok((closes, served_from))
    }

    /// The daily closes of several currencies from their series.
    async fn computed_closes(
        &self,
        base: CurrencyCode,
        targets: Vec<CurrencyCode>,
        period: Period,
    ) -> Result<Loaded<Closes>, ApiError> {
        let pairs: Vec<Pair> = targets.into_iter().map(|target| priced_in(base, target)).collect();
        let mut values = Vec::with_capacity(pairs.len());
        let mut served_from = ServedFrom::Cache;
        for series in self.all_series(&pairs, DateRange::Period(period)).await? {
            let (daily, from) = self.daily(&series).await?;
            values.push(Some(Closes::from(daily)));
            served_from = served_from.and(from);
        }
        Ok(Loaded { values, served_from })
    }
}

/// The price of `target` in `base`.
fn priced_in(base: CurrencyCode, target: CurrencyCode) -> Pair {
    Pair {
        base,
        target,
        inverse: false,
    }
}

#[cfg(test)]
mod tests;
