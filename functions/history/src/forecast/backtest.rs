//! The back-test: each method forecasts from many days of the past, with nothing but what was known then, and is measured by what came.

use serde::{Deserialize, Serialize};
use shared::api::Number;
use utoipa::ToSchema;

use super::MOST_DAYS;
use super::method::Method;

/// From how many days of the past forecasts are made. The lowest and the highest of 39 misses are, of anything that misses alike, the ends of an interval
/// that holds 95 % (38 of the 40 places that a further one can take).
const ORIGINS: usize = 39;
/// The fewest closes that a method is fitted to.
const FEWEST_FITTED: usize = 30;

/// How much smaller than that of "no change" an error must be for another method to take its place: with as few origins a smaller difference is chance.
const MARGIN: f64 = 0.01;

/// How the method was chosen, and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Backtest {
    /// How many days ahead each trial forecast went.
    pub horizon: usize,
    /// From how many days of the past there was one.
    pub origins: usize,
    /// The mean absolute error of the chosen method over that of "no change", on logarithms; below 1 is better.
    pub mean_absolute_scaled_error: Number,
    /// Whether it was better than "no change", by one percent at least.
    pub beats_no_change: bool,
    /// Which part of the closes came to lie within intervals made from the other origins alone; 0.95 is meant.
    pub coverage: Number,
    /// Every method that was tried.
    pub candidates: Vec<Candidate>,
}

/// A method that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// Which one.
    pub method: Method,
    /// Its error over that of "no change".
    pub mean_absolute_scaled_error: Number,
}

/// The best method.
#[derive(Debug, PartialEq)]
pub(super) struct Score {
    /// Which one.
    pub method: Method,
    /// How far below and above its forecasts the closes came to lie, by step; logarithms.
    pub bands: Vec<(f64, f64)>,
    /// How it was chosen.
    pub backtest: Backtest,
}

/// The method with the smallest error; "no change" where no other is better by [`MARGIN`]. `None` when there are too few values.
pub(super) fn choose(logarithms: &[f64]) -> Option<Score> {
    let count = logarithms.len();
    let begin = (count / 2).max(FEWEST_FITTED);
    let horizon = (count.checked_sub(begin)? / 2).min(MOST_DAYS);
    if horizon == 0 {
        return None;
    }
    let origins = origins(begin, count - horizon);
    let misses = |method: Method| -> Option<Vec<Vec<f64>>> {
        let of_origin = |origin: &usize| {
            let (known, later) = logarithms.split_at(*origin);
            let last = known.last()?;
            let steps = method.project(known, horizon)?;
            Some(
                later
                    .iter()
                    .zip(steps)
                    .map(|(value, step)| value - last - step)
                    .collect(),
            )
        };
        origins.iter().map(of_origin).collect()
    };
    let error = |misses: &[Vec<f64>]| misses.iter().flatten().map(|miss| miss.abs()).sum::<f64>();
    let tried: Vec<(Method, Vec<Vec<f64>>)> = Method::ALL
        .into_iter()
        .filter_map(|method| Some((method, misses(method)?)))
        .collect();
    let no_change = tried.first().map(|(_, misses)| error(misses))?;
    // A series that never moved: nothing can be better than no change, and there is nothing to divide by.
    let scaled = |method: Method, misses: &[Vec<f64>]| match method {
        Method::NoChange => Some(1.0),
        _ => Some(error(misses) / no_change).filter(|error| error.is_finite()),
    };
    let scored: Vec<(f64, Method, &Vec<Vec<f64>>)> = tried
        .iter()
        .filter_map(|(method, misses)| Some((scaled(*method, misses)?, *method, misses)))
        .collect();
    let is_candidate = |(error, method, _): &&(f64, Method, _)| *method == Method::NoChange || *error <= 1.0 - MARGIN;
    // Of equals the first, which is the simpler.
    let (best, method, misses) = *scored
        .iter()
        .filter(is_candidate)
        .min_by(|one, other| one.0.total_cmp(&other.0))?;
    let candidate = |(error, method, _): &(f64, Method, _)| {
        Some(Candidate {
            method: *method,
            mean_absolute_scaled_error: Number::measure(*error)?,
        })
    };
    Some(Score {
        method,
        bands: widen(misses),
        backtest: Backtest {
            horizon,
            origins: origins.len(),
            mean_absolute_scaled_error: Number::measure(best)?,
            beats_no_change: best < 1.0,
            coverage: Number::measure(coverage(misses))?,
            candidates: scored.iter().filter_map(candidate).collect(),
        },
    })
}

/// At most [`ORIGINS`] places from `first` to `last`, evenly.
fn origins(first: usize, last: usize) -> Vec<usize> {
    let count = (last - first + 1).min(ORIGINS);
    if count == 1 {
        return vec![last];
    }
    (0..count)
        .map(|place| first + place * (last - first) / (count - 1))
        .collect()
}

/// How far below and above the forecasts 95 % of the misses lie, by step; never narrower at a later step, and never without the forecast.
fn widen(misses: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let horizon = misses.first().map_or(0, Vec::len);
    let (mut below, mut above) = (0.0_f64, 0.0_f64);
    let of_step = |step: usize| {
        let mut of_step: Vec<f64> = misses
            .iter()
            .filter_map(|of_origin| of_origin.get(step).copied())
            .collect();
        of_step.sort_by(f64::total_cmp);
        // The order statistic below which 2.5 % of further misses are expected; the extremes where that would need more of them.
        let rank = ((of_step.len() + 1) as f64 * 0.025).floor().max(1.0) as usize;
        let low = of_step.get(rank - 1).copied().unwrap_or_default();
        let high = of_step
            .len()
            .checked_sub(rank)
            .and_then(|place| of_step.get(place).copied())
            .unwrap_or_default();
        below = below.min(low);
        above = above.max(high);
        (below, above)
    };
    (0..horizon).map(of_step).collect()
}

/// `bands` for `steps`; beyond those that were tried they widen with the root of time, as a random walk's do.
pub(super) fn bands(bands: &[(f64, f64)], steps: usize) -> Vec<(f64, f64)> {
    let at = |step: usize| match (bands.get(step), bands.last()) {
        (Some(band), _) => *band,
        (None, Some((below, above))) => {
            let scale = ((step + 1) as f64 / bands.len() as f64).sqrt();
            (below * scale, above * scale)
        }
        (None, None) => (0.0, 0.0),
    };
    (0..steps).map(at).collect()
}

/// Which part of each origin's misses lies within the bands of the others.
fn coverage(misses: &[Vec<f64>]) -> f64 {
    let (mut within, mut all) = (0_usize, 0_usize);
    for (place, of_origin) in misses.iter().enumerate() {
        let others: Vec<Vec<f64>> = misses
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != place)
            .map(|(_, other)| other.clone())
            .collect();
        for (miss, (below, above)) in of_origin.iter().zip(widen(&others)) {
            all += 1;
            within += usize::from((below..=above).contains(miss));
        }
    }
    within as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_spread_evenly_and_never_more_than_needed() {
        assert_eq!(origins(30, 45), (30..=45).collect::<Vec<_>>());
        let many = origins(128, 226);
        assert_eq!((many.len(), many[0], many[38]), (39, 128, 226));
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(origins(7, 7), [7]);
    }

    #[test]
    fn bands_never_narrow_and_hold_the_forecast() {
        let misses = [vec![1.0, 0.5, 3.0], vec![2.0, 0.1, 1.0], vec![1.5, -0.5, 0.5]];
        assert_eq!(widen(&misses), [(0.0, 2.0), (-0.5, 2.0), (-0.5, 3.0)]);
        let later = bands(&widen(&misses), 12);
        assert_eq!((later.len(), later[2], later[11]), (12, (-0.5, 3.0), (-1.0, 6.0)));
    }

    #[test]
    fn coverage_leaves_the_tested_origin_out() {
        // Each origin missed further than every one before it, so the last lies outside of what the others say.
        let misses: Vec<Vec<f64>> = (1..=4).map(|miss| vec![f64::from(miss)]).collect();
        assert!((coverage(&misses) - 0.75).abs() < 1e-12);
    }
}
