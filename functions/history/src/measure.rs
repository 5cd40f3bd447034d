//! Statistics of daily closes, from the numbers as they are printed, so that anyone can recompute them. Measures, no money: `f64` inside.
//!
//! Where a measure is not defined (too few values, or no deviation to divide by) it is `None`, never zero.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::api::Number;
use utoipa::ToSchema;

/// How many trading days a year is taken to have.
const DAYS_A_YEAR: f64 = 252.0;
/// From which |t| on a slope counts as one.
const SIGNIFICANT: f64 = 2.0;

/// Where closes are going: the sign of their least-squares slope where its |t| is at least 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// Up.
    Up,
    /// Down.
    Down,
    /// Neither, or too few closes to say.
    Stable,
}

/// The number as an `f64`: the nearest one to what is printed.
pub(crate) fn float(number: Number) -> f64 {
    // A decimal's text is always a float's; not a number would make every measure undefined.
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

/// Logarithmic returns by day: of each close over the one before it.
pub(crate) fn returns(closes: &[(NaiveDate, Number)]) -> Vec<(NaiveDate, f64)> {
    let pairs = closes.windows(2);
    pairs
        .map(|pair| (pair[1].0, (float(pair[1].1) / float(pair[0].1)).ln()))
        .collect()
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

/// The sample standard deviation of `returns`, in percent, of a day and of a year.
pub(crate) fn volatility(returns: &[f64]) -> Option<(f64, f64)> {
    deviation(returns).map(|deviation| (deviation * 100.0, deviation * 100.0 * DAYS_A_YEAR.sqrt()))
}

/// Mean over standard deviation of `returns`, of a year.
pub(crate) fn sharpe_ratio(returns: &[f64]) -> Option<f64> {
    let deviation = deviation(returns).filter(|deviation| *deviation > 0.0)?;
    Some(mean(returns) / deviation * DAYS_A_YEAR.sqrt())
}

/// Pearson's correlation of the returns of the days that both have, and how many those are. Both are by day, oldest first.
pub(crate) fn correlation(first: &[(NaiveDate, f64)], second: &[(NaiveDate, f64)]) -> (Option<f64>, usize) {
    let common: Vec<(f64, f64)> = first
        .iter()
        .filter_map(|(day, value)| {
            let place = second.binary_search_by_key(day, |(day, _)| *day).ok()?;
            Some((*value, second[place].1))
        })
        .collect();
    let (xs, ys): (Vec<f64>, Vec<f64>) = common.iter().copied().unzip();
    let (x_mean, y_mean) = (mean(&xs), mean(&ys));
    let sum = |term: &dyn Fn(f64, f64) -> f64| common.iter().map(|(x, y)| term(x - x_mean, y - y_mean)).sum::<f64>();
    let (together, of_x, of_y) = (sum(&|x, y| x * y), sum(&|x, _| x * x), sum(&|_, y| y * y));
    let coefficient = (of_x > 0.0 && of_y > 0.0).then(|| (together / (of_x * of_y).sqrt()).clamp(-1.0, 1.0));
    (coefficient, common.len())
}

/// The trend of values one step apart.
pub(crate) fn trend(values: &[Number]) -> Trend {
    let Some(first) = values.first().map(|value| float(*value)) else {
        return Trend::Stable;
    };
    // Measured from the first value: a constant series is then exactly zero, and no rounding looks like a slope.
    let ys: Vec<f64> = values.iter().map(|value| float(*value) - first).collect();
    let (x_mean, y_mean) = ((ys.len() - 1) as f64 / 2.0, mean(&ys));
    let steps = || ys.iter().enumerate().map(|(x, y)| (x as f64 - x_mean, y - y_mean));
    let spread: f64 = steps().map(|(x, _)| x * x).sum();
    let slope = steps().map(|(x, y)| x * y).sum::<f64>() / spread;
    let residuals: f64 = steps().map(|(x, y)| (y - slope * x).powi(2)).sum();
    let degrees = ys.len() as f64 - 2.0;
    if degrees <= 0.0 {
        return Trend::Stable;
    }
    // Not a number where there is neither slope nor residual; comparisons with it are false.
    let t = slope / (residuals / degrees / spread).sqrt();
    if t >= SIGNIFICANT {
        Trend::Up
    } else if t <= -SIGNIFICANT {
        Trend::Down
    } else {
        Trend::Stable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(texts: &[&str]) -> Vec<Number> {
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    fn day(place: usize) -> NaiveDate {
        "2026-01-01"
            .parse::<NaiveDate>()
            .unwrap()
            .iter_days()
            .nth(place)
            .unwrap()
    }

    #[test]
    fn a_slope_counts_only_where_it_stands_out() {
        for (values, expected) in [
            (&["1", "2", "3", "4"][..], Trend::Up),
            (&["4.1", "3", "2.2", "1"], Trend::Down),
            (&["1", "3", "1", "3", "1", "3"], Trend::Stable),
            (&["1.95583"; 20], Trend::Stable),
            (&["1", "2"], Trend::Stable),
            (&["1"], Trend::Stable),
            (&[], Trend::Stable),
        ] {
            assert_eq!(trend(&numbers(values)), expected, "{values:?}");
        }
    }

    #[test]
    fn what_is_not_defined_is_none() {
        assert_eq!(volatility(&[0.1]), None);
        assert_eq!(volatility(&[]), None);
        assert_eq!(volatility(&[0.0, 0.0]), Some((0.0, 0.0)));
        assert_eq!(sharpe_ratio(&[0.0, 0.0]), None);
        assert_eq!(sharpe_ratio(&[0.1]), None);
        assert_eq!(average(&[]), None);
        let constant = [(day(0), 0.0), (day(1), 0.0)];
        assert_eq!(correlation(&constant, &constant), (None, 2));
        assert_eq!(correlation(&[], &constant), (None, 0));
    }

    #[test]
    fn correlation_takes_the_days_that_both_have() {
        let first = [(day(0), 1.0), (day(1), 2.0), (day(2), 3.0), (day(4), 9.0)];
        let second = [(day(0), -2.0), (day(2), -6.0), (day(3), 5.0), (day(4), -18.0)];
        let (coefficient, common) = correlation(&first, &second);
        assert_eq!(common, 3);
        assert!((coefficient.unwrap() + 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_change_is_exact_before_it_is_rounded() {
        let values = numbers(&["1.1172", "1.1172000001"]);
        let (change, percent) = change(values[0], values[1]);
        assert_eq!(
            (change.to_string().as_str(), percent.to_string().as_str()),
            ("0.0000000001", "0.000000008950948801")
        );
    }
}
