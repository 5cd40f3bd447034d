//! Statistics of daily closes, from the numbers as they are printed, so that anyone can recompute them. Statistics, no money: `f64` inside.
//!
//! Where a statistic is not defined (too few values, or no deviation to divide by) it is `None`, never zero.

use chrono::NaiveDate;
use distrs::StudentsT;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::number::Number;
use shared::store::LOOK_BACK_DAYS;
use utoipa::ToSchema;

/// How many days a year has, leap years included.
const DAYS_A_YEAR: f64 = 365.25;
/// The level of the test for a trend: how often a series that goes nowhere may be called one that goes somewhere.
const SIGNIFICANCE_LEVEL: f64 = 0.05;
/// From how many returns on there is a trend at all: two have a deviation of one degree of freedom, which says next to nothing.
const FEWEST_FOR_TREND: usize = 3;

/// Where closes are going: the sign of their mean return ln(close / close before), where that differs from zero by a two-sided t-test at 5 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Neither, or fewer than three returns to say.
    Stable,
}

/// A logarithmic return: of a close over the close before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Return {
    /// The day of the close before.
    pub from: NaiveDate,
    /// The day of the close.
    pub to: NaiveDate,
    /// ln(close / close before).
    pub value: f64,
}

/// The number as an `f64`: the nearest one to what is printed.
pub(crate) fn to_f64(number: Number) -> f64 {
    // A decimal's text is always a float's; not a number would make every statistic undefined.
    number.to_string().parse().unwrap_or(f64::NAN)
}

/// The change from `first` to `last`, exact and then rounded, and the same in percent of `first`.
pub(crate) fn change(first: Number, last: Number) -> (Number, Number) {
    let change = last.decimal() - first.decimal();
    let percent = change * Decimal::ONE_HUNDRED / first.decimal();
    (Number::computed(change), Number::computed(percent))
}

/// The mean of the printed values; `None` of none.
pub(crate) fn average(values: &[Number]) -> Option<Number> {
    let sum: Decimal = values.iter().map(|value| value.decimal()).sum();
    sum.checked_div(Decimal::from(values.len())).map(Number::computed)
}

/// Whether there was an interruption between two days: more days than any chain of weekends and holidays has.
pub(crate) fn is_interrupted(from: NaiveDate, to: NaiveDate) -> bool {
    (to - from).num_days() > i64::from(LOOK_BACK_DAYS)
}

/// The returns of closes that are in order of days. Across an interruption there is none: a change of years is no day's.
pub(crate) fn returns(closes: &[(NaiveDate, Number)]) -> Vec<Return> {
    let pairs = closes.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .filter(|((from, _), (to, _))| !is_interrupted(*from, *to))
        .map(|((from, before), (to, close))| Return {
            from,
            to,
            value: (to_f64(close) / to_f64(before)).ln(),
        })
        .collect()
}

/// How many returns a year has at the pace of these: their number over the days that they span, times 365.25. `None` of none.
pub(crate) fn observations_per_year(returns: &[Return]) -> Option<f64> {
    let days: i64 = returns.iter().map(|one| (one.to - one.from).num_days()).sum();
    (days > 0).then(|| returns.len() as f64 * DAYS_A_YEAR / days as f64)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample standard deviation (n - 1).
fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() >= 2).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// The sample standard deviation of the returns, in percent, of one and of a year of them.
pub(crate) fn volatility(returns: &[Return]) -> Option<(f64, f64)> {
    let one = deviation(&values(returns))? * 100.0;
    Some((one, one * observations_per_year(returns)?.sqrt()))
}

/// Mean over standard deviation of the returns, of a year.
pub(crate) fn sharpe_ratio(returns: &[Return]) -> Option<f64> {
    let values = values(returns);
    let deviation = deviation(&values).filter(|deviation| *deviation > 0.0)?;
    Some(mean(&values) / deviation * observations_per_year(returns)?.sqrt())
}

/// Pearson's correlation of the returns that both have, from the same day to the same day, and how many those are. Both are in order of days.
pub(crate) fn correlation(first: &[Return], second: &[Return]) -> (Option<f64>, usize) {
    let common: Vec<(f64, f64)> = first
        .iter()
        .filter_map(|one| {
            let place = second.binary_search_by_key(&one.to, |other| other.to).ok()?;
            let other = second.get(place).filter(|other| other.from == one.from)?;
            Some((one.value, other.value))
        })
        .collect();
    let (xs, ys): (Vec<f64>, Vec<f64>) = common.iter().copied().unzip();
    let (x_mean, y_mean) = (mean(&xs), mean(&ys));
    let sum = |term: &dyn Fn(f64, f64) -> f64| common.iter().map(|(x, y)| term(x - x_mean, y - y_mean)).sum::<f64>();
    let (together, of_x, of_y) = (sum(&|x, y| x * y), sum(&|x, _| x * x), sum(&|_, y| y * y));
    let coefficient = (of_x > 0.0 && of_y > 0.0).then(|| (together / (of_x * of_y).sqrt()).clamp(-1.0, 1.0));
    (coefficient, common.len())
}

/// How many standard errors an estimate with that many degrees of freedom is from the truth at most, `level` of the time (Student's t).
pub(crate) fn critical_value(level: f64, degrees: usize) -> f64 {
    StudentsT::ppf(0.5 + level / 2.0, degrees as f64)
}

/// The trend of returns: levels of a walk without aim look like one most of the time, so levels say nothing.
pub(crate) fn trend(returns: &[Return]) -> Trend {
    let values = values(returns);
    let Some(deviation) = deviation(&values).filter(|_| values.len() >= FEWEST_FOR_TREND) else {
        return Trend::Stable;
    };
    let (mean, error) = (mean(&values), deviation / (values.len() as f64).sqrt());
    let least = critical_value(1.0 - SIGNIFICANCE_LEVEL, values.len() - 1) * error;
    // Of a constant series both are zero; of one with a constant return the least is.
    if mean > least {
        Trend::Up
    } else if mean < -least {
        Trend::Down
    } else {
        Trend::Stable
    }
}

fn values(returns: &[Return]) -> Vec<f64> {
    returns.iter().map(|one| one.value).collect()
}

#[cfg(test)]
mod tests;
