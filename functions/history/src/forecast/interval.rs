//! How far from a forecast a close may come to lie, 95 % of the time: what a walk with the deviation of the returns does, or what was missed in the past
//! where that was more.
//!
//! Either alone holds less than it says. Misses from neighbouring days share most of their steps, so of thirty days ahead a year has eight at most; and the
//! deviation knows nothing of steps that follow each other. `tests.rs` shows what both together hold, on walks and on the ECB's history.

use super::method::Method;
use crate::formulas::critical_value;

/// How many in a hundred closes come to lie in the interval.
pub(crate) const LEVEL_PERCENT: u32 = 95;
const LEVEL: f64 = LEVEL_PERCENT as f64 / 100.0;

/// The lower and the upper end of the interval of each of the next logarithms, each less the last. `steps` is what `method`, fitted to `logarithms`, forecasts
/// for them; `misses` is what it missed from places before, by step, as far as that is known by then.
pub(super) fn ends(method: Method, logarithms: &[f64], misses: &[&[f64]], steps: &[f64]) -> Vec<(f64, f64)> {
    let missed = missed(misses);
    let (of_method, of_no_change) = (of_walk(method, logarithms), of_walk(Method::NoChange, logarithms));
    let end = |(place, step): (usize, &f64)| {
        let (below, above) = extended(&missed, place);
        let half = of_method(place + 1);
        // Of a walk without drift another method is chosen for what looked like one, so what "no change" says is held as well.
        let least = of_no_change(place + 1);
        (
            (step + below.min(-half)).min(-least),
            (step + above.max(half)).max(least),
        )
    };
    steps.iter().enumerate().map(end).collect()
}

/// Half the width of the interval of a walk, by how many steps ahead it goes. The deviation is an estimate, hence Student's t; and so is the drift, of which an
/// error adds up with each step. Smoothing follows the values more slowly than they go, and is no better known than the drift.
fn of_walk(method: Method, logarithms: &[f64]) -> impl Fn(usize) -> f64 {
    let returns: Vec<f64> = logarithms.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|one| (one - mean).powi(2)).sum();
    let one = critical_value(LEVEL, returns.len().saturating_sub(1)) * (squares / (count - 1.0)).sqrt();
    move |steps| {
        let steps = steps as f64;
        let of_drift = match method {
            Method::NoChange => 0.0,
            Method::Drift | Method::ExponentialSmoothing | Method::DampedTrend => steps / count,
        };
        one * (steps * (1.0 + of_drift)).sqrt()
    }
}

/// How far below and above the forecasts 95 % of the misses lie, by step; never narrower at a later step, and never without the forecast.
fn missed(misses: &[&[f64]]) -> Vec<(f64, f64)> {
    let horizon = misses.iter().map(|of_origin| of_origin.len()).max().unwrap_or_default();
    let (mut below, mut above) = (0.0_f64, 0.0_f64);
    let of_step = |step: usize| {
        let mut of_step: Vec<f64> = misses
            .iter()
            .filter_map(|of_origin| of_origin.get(step).copied())
            .collect();
        of_step.sort_by(f64::total_cmp);
        // The order statistic below which 2.5 % of further misses are expected; the extremes where that would need more of them.
        let rank = ((of_step.len() + 1) as f64 * (1.0 - LEVEL) / 2.0).floor().max(1.0) as usize;
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

/// The band of a step; beyond those that were tried it widens with the root of time, as a random walk's does.
fn extended(bands: &[(f64, f64)], step: usize) -> (f64, f64) {
    match (bands.get(step), bands.last()) {
        (Some(band), _) => *band,
        (None, Some((below, above))) => {
            let scale = ((step + 1) as f64 / bands.len() as f64).sqrt();
            (below * scale, above * scale)
        }
        (None, None) => (0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_of_misses_never_narrow_and_hold_the_forecast() {
        let misses: [&[f64]; 3] = [&[1.0, 0.5, 3.0], &[2.0, 0.1, 1.0], &[1.5, -0.5, 0.5]];
        let missed = missed(&misses);
        assert_eq!(missed, [(0.0, 2.0), (-0.5, 2.0), (-0.5, 3.0)]);
        assert_eq!(extended(&missed, 2), (-0.5, 3.0));
        assert_eq!(extended(&missed, 11), (-1.0, 6.0));
    }

    #[test]
    fn a_walk_widens_with_the_root_of_time_and_with_what_is_not_known_of_its_drift() {
        // Five returns of deviation 1 and mean 0: the critical value of four degrees of freedom is 2.776.
        let logarithms = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0];
        let of_no_change = of_walk(Method::NoChange, &logarithms);
        let of_drift = of_walk(Method::Drift, &logarithms);
        for (steps, no_change, drift) in [
            (1, 2.776, 2.776 * 1.2_f64.sqrt()),
            (20, 12.415, 12.415 * 5.0_f64.sqrt()),
        ] {
            assert!(
                (of_no_change(steps) - no_change).abs() < 1e-2,
                "{}",
                of_no_change(steps)
            );
            assert!((of_drift(steps) - drift).abs() < 1e-2, "{}", of_drift(steps));
        }
        // What was missed is held as well, and what "no change" says.
        let wide = ends(Method::NoChange, &logarithms, &[&[9.0, 0.0]], &[0.0, 0.0]);
        for (found, expected) in wide.iter().zip([(-2.776, 9.0), (-3.926, 9.0)]) {
            assert!((found.0 - expected.0).abs() < 1e-2 && found.1 == expected.1, "{wide:?}");
        }
        let drifting = ends(Method::Drift, &logarithms, &[], &[5.0])[0];
        assert!(
            (drifting.0 + 2.776).abs() < 1e-2 && (drifting.1 - 8.041).abs() < 1e-2,
            "{drifting:?}"
        );
    }
}
