//! The back-test: each method forecasts from many days of the past, with nothing but what was known then, and is scored by what came.

use serde::{Deserialize, Serialize};
use shared::number::Number;
use utoipa::ToSchema;

use super::MOST_DAYS;
use super::interval::ends;
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
    /// The ends of the interval of each, less the last logarithm as well.
    pub ends: Vec<(f64, f64)>,
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
    let tried: Vec<Tried> = Method::ALL
        .into_iter()
        .filter_map(|method| Tried::new(method, logarithms, &origins, horizon))
        .collect();
    let no_change = tried.first().map(Tried::error)?;
    // A series that never moved: nothing can be better than no change, and there is nothing to divide by.
    let scaled = |one: &Tried| match one.method {
        Method::NoChange => Some(1.0),
        _ => Some(one.error() / no_change).filter(|error| error.is_finite()),
    };
    let scored: Vec<Scored<'_>> = tried
        .iter()
        .filter_map(|tried| {
            Some(Scored {
                error: scaled(tried)?,
                tried,
            })
        })
        .collect();
    let is_candidate = |one: &&Scored<'_>| one.tried.method == Method::NoChange || one.error <= 1.0 - MARGIN;
    // Of equals the first, which is the simpler.
    let best = scored
        .iter()
        .filter(is_candidate)
        .min_by(|one, other| one.error.total_cmp(&other.error))?;
    let chosen = best.tried;
    let misses: Vec<&[f64]> = chosen.trials.iter().map(|trial| trial.misses.as_slice()).collect();
    Some(Score {
        method: chosen.method,
        steps: chosen.steps.clone(),
        ends: ends(chosen.method, logarithms, &misses, &chosen.steps),
        backtest: Backtest {
            horizon,
            origins: origins.len(),
            mean_absolute_scaled_error: Number::from_f64(best.error)?,
            beats_no_change: best.error < 1.0,
            coverage: Number::from_f64(coverage(chosen.method, logarithms, &chosen.trials))?,
            candidates: scored.iter().filter_map(Scored::candidate).collect(),
        },
    })
}

/// What became of a method.
struct Tried {
    method: Method,
    /// Its forecasts.
    steps: Vec<f64>,
    /// What it forecast from the past, the oldest first.
    trials: Vec<Trial>,
}

/// A method beside "no change".
struct Scored<'a> {
    /// Its error over that of "no change".
    error: f64,
    tried: &'a Tried,
}

impl Tried {
    /// What `method` forecasts from all logarithms, and so many days ahead from each of `origins`; `None` where it cannot be fitted.
    fn new(method: Method, logarithms: &[f64], origins: &[usize], horizon: usize) -> Option<Self> {
        let trial = |origin: &usize| Trial::new(method, logarithms, *origin, horizon);
        Some(Self {
            method,
            steps: method.project(logarithms, MOST_DAYS)?,
            trials: origins.iter().map(trial).collect::<Option<Vec<Trial>>>()?,
        })
    }

    /// The sum of what it missed, whichever way.
    fn error(&self) -> f64 {
        let misses = self.trials.iter().flat_map(|trial| &trial.misses);
        misses.map(|miss| miss.abs()).sum()
    }
}

impl Scored<'_> {
    /// As an answer lists it; `None` where the error is no number.
    fn candidate(&self) -> Option<Candidate> {
        Some(Candidate {
            method: self.tried.method,
            mean_absolute_scaled_error: Number::from_f64(self.error)?,
        })
    }
}

/// A forecast from a place in the past.
struct Trial {
    /// How many logarithms were known.
    origin: usize,
    /// The forecasts, each less the last that was known.
    steps: Vec<f64>,
    /// What came, less what was forecast.
    misses: Vec<f64>,
}

impl Trial {
    /// What `method` forecasts from the first `origin` logarithms.
    fn new(method: Method, logarithms: &[f64], origin: usize, horizon: usize) -> Option<Self> {
        let (known, later) = logarithms.split_at(origin);
        let last = known.last()?;
        let steps = method.project(known, horizon)?;
        let misses = later.iter().zip(&steps).map(|(value, step)| value - last - step);
        Some(Self {
            origin,
            misses: misses.collect(),
            steps,
        })
    }
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

/// Which part of what came lies within the intervals that were known at its origin: those of the logarithms before it and of the misses known by then.
fn coverage(method: Method, logarithms: &[f64], trials: &[Trial]) -> f64 {
    let (mut within, mut all) = (0_usize, 0_usize);
    for (place, trial) in trials.iter().enumerate() {
        let known: Vec<&[f64]> = trials[..place]
            .iter()
            .map(|earlier| &earlier.misses[..earlier.misses.len().min(trial.origin - earlier.origin)])
            .collect();
        let ends = ends(method, &logarithms[..trial.origin], &known, &trial.steps);
        for ((step, miss), (lower, upper)) in trial.steps.iter().zip(&trial.misses).zip(ends) {
            all += 1;
            within += usize::from((lower..=upper).contains(&(step + miss)));
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

    /// What "no change" forecast from these places, so many steps ahead.
    fn no_change(logarithms: &[f64], origins: &[usize], steps: usize) -> Vec<Trial> {
        let from = |origin: &usize| Trial {
            origin: *origin,
            steps: vec![0.0; steps],
            misses: (0..steps)
                .map(|step| logarithms[origin + step] - logarithms[origin - 1])
                .collect(),
        };
        origins.iter().map(from).collect()
    }

    #[test]
    fn coverage_is_of_intervals_that_could_have_been_told_at_the_time() {
        // Forty steps of one, then one of 49 and one of 50: the first lies outside of all that was known, and the other on the other side.
        let mut logarithms: Vec<f64> = (0..40).map(|place| f64::from(place % 2)).collect();
        logarithms.extend([50.0, 0.0]);
        for (origins, expected) in [(&[39][..], 1.0), (&[39, 40], 0.5), (&[39, 40, 41], 1.0 / 3.0)] {
            let found = coverage(Method::NoChange, &logarithms, &no_change(&logarithms, origins, 1));
            assert!((found - expected).abs() < 1e-12, "{origins:?}: {found}");
        }
    }

    #[test]
    fn a_miss_is_known_only_when_it_came_true() {
        // Still for 32 places, so that misses alone widen an interval. From 31 the second step is missed; when the next forecast is made, from 32, only the
        // first of 31 has come true.
        let mut logarithms = vec![0.0; 32];
        logarithms.extend([1.0, 1.0, 1.0]);
        let trials = no_change(&logarithms, &[31, 32], 2);
        assert_eq!(
            (&trials[0].misses, &trials[1].misses),
            (&vec![0.0, 1.0], &vec![1.0, 1.0])
        );
        let found = coverage(Method::NoChange, &logarithms, &trials);
        assert!((found - 0.25).abs() < 1e-12, "{found}");
        // From 33 both are known, and more: a step up of one, which is what two still places and this one lie within.
        let trials = no_change(&logarithms, &[31, 32, 33], 2);
        let found = coverage(Method::NoChange, &logarithms, &trials);
        assert!((found - 0.5).abs() < 1e-12, "{found}");
    }
}
