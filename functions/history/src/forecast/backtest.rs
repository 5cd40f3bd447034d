//! The back-test: each method forecasts from many days of the past, with nothing but what was known then, and is measured by what came.

use serde::{Deserialize, Serialize};
use shared::api::Number;
use utoipa::ToSchema;

use super::MOST_DAYS;
use super::interval::bands;
use super::method::Method;

/// From how many days of the past forecasts are made. The lowest and the highest of 39 misses are, of independent ones that miss alike, the ends of an interval
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
    /// Which part of the closes ahead of the trial forecasts came to lie within the intervals that the chosen method would have told then, with nothing but what
    /// was known then; 0.95 is meant. Trials share days, so it is the experience of one year, not of as many independent cases.
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
    /// Its forecasts of the next [`MOST_DAYS`] logarithms, each less the last.
    pub steps: Vec<f64>,
    /// How far below and above each of them its interval reaches.
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
    let tried: Vec<Tried> = Method::ALL
        .into_iter()
        .filter_map(|method| {
            Some(Tried {
                method,
                steps: method.project(logarithms, MOST_DAYS)?,
                misses: misses(method)?,
            })
        })
        .collect();
    let no_change = tried.first().map(|no_change| error(&no_change.misses))?;
    // A series that never moved: nothing can be better than no change, and there is nothing to divide by.
    let scaled = |one: &Tried| match one.method {
        Method::NoChange => Some(1.0),
        _ => Some(error(&one.misses) / no_change).filter(|error| error.is_finite()),
    };
    let scored: Vec<(f64, &Tried)> = tried.iter().filter_map(|one| Some((scaled(one)?, one))).collect();
    let is_candidate = |(error, one): &&(f64, &Tried)| one.method == Method::NoChange || *error <= 1.0 - MARGIN;
    // Of equals the first, which is the simpler.
    let (best, chosen) = *scored
        .iter()
        .filter(is_candidate)
        .min_by(|one, other| one.0.total_cmp(&other.0))?;
    let candidate = |(error, one): &(f64, &Tried)| {
        Some(Candidate {
            method: one.method,
            mean_absolute_scaled_error: Number::measure(*error)?,
        })
    };
    let misses: Vec<&[f64]> = chosen.misses.iter().map(Vec::as_slice).collect();
    Some(Score {
        method: chosen.method,
        steps: chosen.steps.clone(),
        bands: bands(chosen.method, logarithms, &misses, MOST_DAYS),
        backtest: Backtest {
            horizon,
            origins: origins.len(),
            mean_absolute_scaled_error: Number::measure(best)?,
            beats_no_change: best < 1.0,
            coverage: Number::measure(coverage(chosen.method, logarithms, &origins, &misses))?,
            candidates: scored.iter().filter_map(candidate).collect(),
        },
    })
}

/// What became of a method.
struct Tried {
    method: Method,
    /// Its forecasts.
    steps: Vec<f64>,
    /// What came, less what it had forecast, by origin and step.
    misses: Vec<Vec<f64>>,
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

/// Which part of the misses lies within the bands that were known at their origin: those of the closes before it and of the misses that had come true by then.
fn coverage(method: Method, logarithms: &[f64], origins: &[usize], misses: &[&[f64]]) -> f64 {
    let (mut within, mut all) = (0_usize, 0_usize);
    for (place, (origin, of_origin)) in origins.iter().zip(misses).enumerate() {
        let earlier = origins.iter().zip(misses).take(place);
        let known: Vec<&[f64]> = earlier
            .map(|(earlier, misses)| &misses[..misses.len().min(origin - earlier)])
            .collect();
        let bands = bands(method, &logarithms[..*origin], &known, of_origin.len());
        for (miss, (below, above)) in of_origin.iter().zip(bands) {
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
    fn coverage_is_of_intervals_that_could_have_been_told_at_the_time() {
        // Forty small steps, then one large: from before it, it lies outside of all that was known; from after it, what was missed is known.
        let mut logarithms: Vec<f64> = (0..40).map(|place| f64::from(place % 2)).collect();
        logarithms.extend([50.0, 0.0]);
        let origins = [39, 40, 41];
        let misses: Vec<Vec<f64>> = origins
            .iter()
            .map(|origin| vec![logarithms[*origin] - logarithms[origin - 1]])
            .collect();
        let misses: Vec<&[f64]> = misses.iter().map(Vec::as_slice).collect();
        assert_eq!(misses, [&[1.0][..], &[49.0], &[-50.0]]);
        let expected = [1.0, 0.5, 1.0 / 3.0];
        for (count, expected) in (1..=3).zip(expected) {
            let found = coverage(Method::NoChange, &logarithms, &origins[..count], &misses[..count]);
            assert!((found - expected).abs() < 1e-12, "{count}: {found}");
        }
    }

    #[test]
    fn a_miss_is_known_only_when_it_came_true() {
        // Still until the last origin but one, so that only misses can widen an interval. The step of two ahead from 31 ends at the place 33 - 1.
        let mut logarithms = vec![0.0; 32];
        logarithms.extend([1.0, 1.0, 1.0]);
        let of = |origin: usize| {
            vec![
                logarithms[origin] - logarithms[origin - 1],
                logarithms[origin + 1] - logarithms[origin - 1],
            ]
        };
        let of_origins: Vec<Vec<f64>> = [31, 32].map(of).to_vec();
        let misses: Vec<&[f64]> = of_origins.iter().map(Vec::as_slice).collect();
        assert_eq!(misses, [&[0.0, 1.0][..], &[1.0, 1.0]]);
        // From 31 the second step is missed; from 32 both are, for the miss from 31 ended where 32 goes on.
        let found = coverage(Method::NoChange, &logarithms, &[31, 32], &misses);
        assert!((found - 0.25).abs() < 1e-12, "{found}");
    }
}
