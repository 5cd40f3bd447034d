//! What is told of a pair's daily closes: alone, and beside others.

use std::cmp::Reverse;

use chrono::NaiveDate;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use shared::api::{ApiError, Number, ServedFrom};
use shared::cache::{AnalysisKind, key, ttl};
use shared::currency::CurrencyCode;
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
    /// The sample standard deviation of ln(close / close before), in percent; null with fewer than two returns.
    pub volatility: Option<Number>,
    /// The same for a year of 252 days.
    pub volatility_annualized: Option<Number>,
    /// The sign of the least-squares slope over the closes where |t| is at least 2, else stable.
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
        let returns: Vec<f64> = measure::returns(closes).into_iter().map(|(_, value)| value).collect();
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
            trend_direction: measure::trend(&values),
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
    /// The first day of its period.
    pub from: NaiveDate,
    /// The last day of its period: its newest.
    pub to: NaiveDate,
    /// Its last close.
    pub current_rate: Number,
    /// From its first close to its last, in percent of the first.
    pub period_change_percent: Number,
    /// The sample standard deviation of ln(close / close before), in percent; null with fewer than two returns.
    pub volatility: Option<Number>,
    /// Mean of those returns over their standard deviation, times the root of 252; null where the deviation is zero.
    pub sharpe_ratio: Option<Number>,
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
    /// Pearson's correlation of their returns on days that have one of both; null where one of them did not move at all.
    pub coefficient: Option<Number>,
    /// How many those days are.
    #[schema(minimum = 20)]
    pub common_days: usize,
}

/// Ranks and correlations of several currencies, by rank, those of one rank by code.
pub(crate) fn compare(
    base: CurrencyCode,
    all: &[(CurrencyCode, Closes)],
) -> Result<(Vec<Compared>, Vec<Correlation>), ApiError> {
    let mut compared = Vec::with_capacity(all.len());
    let mut returns = Vec::with_capacity(all.len());
    for (code, closes) in all {
        let measures = Measures::of(&closes.closes).ok_or_else(|| too_few(*code, closes.closes.len()))?;
        let of_days = measure::returns(&closes.closes);
        let values: Vec<f64> = of_days.iter().map(|(_, value)| *value).collect();
        let pair = Pair {
            base,
            target: *code,
            inverse: false,
        };
        compared.push(Compared {
            currency_code: *code,
            unit: pair.unit(),
            from: closes.from,
            to: closes.to,
            current_rate: measures.current_rate,
            period_change_percent: measures.period_change_percent,
            volatility: measures.volatility,
            sharpe_ratio: measure::sharpe_ratio(&values).and_then(Number::measure),
            performance_rank: 0,
            data_points: measures.data_points,
        });
        returns.push((*code, of_days));
    }
    let mut correlations = Vec::new();
    for (place, (first, of_first)) in returns.iter().enumerate() {
        for (second, of_second) in &returns[place + 1..] {
            let (coefficient, common_days) = measure::correlation(of_first, of_second);
            if common_days < COMMON_RETURNS {
                let what = format!("days on which both {first} and {second} have a return in this period");
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

    /// The daily closes of several currencies in one base, in their order.
    ///
    /// # Errors
    /// 404 without any rate of one, 503 when PostgreSQL is needed and away.
    pub(crate) async fn closes(
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
        let pairs: Vec<Pair> = targets
            .into_iter()
            .map(|target| Pair {
                base,
                target,
                inverse: false,
            })
            .collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_changes_share_a_rank_and_are_listed_by_code() {
        let one = |code: &str, percent: &str| Compared {
            currency_code: code.parse().unwrap(),
            unit: String::new(),
            from: NaiveDate::MIN,
            to: NaiveDate::MAX,
            current_rate: Number::exact(1.into()),
            period_change_percent: serde_json::from_str(percent).unwrap(),
            volatility: None,
            sharpe_ratio: None,
            performance_rank: 0,
            data_points: 2,
        };
        let mut all = [one("USD", "-1"), one("JPY", "2.5"), one("EUR", "2.5"), one("GBP", "0")];
        rank(&mut all);
        let ranks: Vec<String> = all
            .iter()
            .map(|one| format!("{} {}", one.performance_rank, one.currency_code))
            .collect();
        assert_eq!(ranks, ["1 EUR", "1 JPY", "3 GBP", "4 USD"]);
    }

    #[test]
    fn of_equal_extremes_the_earliest_day_is_named() {
        let closes = [
            ("2026-10-27", "2"),
            ("2026-10-28", "1"),
            ("2026-10-29", "1"),
            ("2026-10-30", "2"),
        ];
        let closes = closes.map(|(day, close)| (day.parse().unwrap(), serde_json::from_str(close).unwrap()));
        let measures = Measures::of(&closes).unwrap();
        assert_eq!(measures.period_min_date.to_string(), "2026-10-28");
        assert_eq!(measures.period_max_date.to_string(), "2026-10-27");
        assert_eq!(measures.period_change.to_string(), "0");
        assert!(Measures::of(&closes[..1]).is_none());
    }
}
