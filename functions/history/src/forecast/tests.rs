use super::*;

/// Closes on the days of the ECB from a rule for their logarithms.
fn closes(count: usize, logarithm: impl Fn(usize) -> f64) -> Closes {
    let first: NaiveDate = "2025-10-01".parse().unwrap();
    let days = std::iter::successors(Some(first), |day| Some(schedule::next_day("ecb", *day)));
    let closes: Vec<(NaiveDate, Number)> = days
        .take(count)
        .enumerate()
        .map(|(place, day)| (day, Number::measure(logarithm(place).exp()).unwrap()))
        .collect();
    Closes {
        from: first,
        to: closes.last().map_or(first, |(day, _)| *day),
        origin: Origin::default(),
        closes,
    }
}

/// A walk that no method can foresee, the same each time: steps from a linear congruential generator.
fn walk(count: usize) -> Vec<f64> {
    let mut state: u64 = 20_260_101;
    let mut at = 7.2;
    let mut step = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        at += ((state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5) * 0.01;
        at
    };
    (0..count).map(|_| step()).collect()
}

#[test]
fn a_steady_rise_is_foreseen_by_its_drift() {
    let kept = forecast(&closes(256, |place| 7.0 + 0.001 * place as f64), "ecb").unwrap();
    assert!(kept.backtest.beats_no_change);
    assert!(kept.method != Method::NoChange, "{:?}", kept.backtest);
    let expected = (7.0 + 0.001 * 285.0_f64).exp();
    assert!(
        (float(kept.steps[29].rate) / expected - 1.0).abs() < 1e-4,
        "{:?}",
        kept.steps[29]
    );
}

#[test]
fn where_nothing_is_better_the_answer_is_no_change() {
    let constant = forecast(&closes(256, |_| 7.0), "ecb").unwrap();
    assert_eq!(constant.method, Method::NoChange);
    assert!(!constant.backtest.beats_no_change);
    assert_eq!(constant.backtest.mean_absolute_scaled_error.to_string(), "1");
    assert!(
        constant
            .steps
            .iter()
            .all(|step| step.rate == constant.current_rate && step.lower == step.upper)
    );
}

#[test]
fn the_chosen_method_has_the_smallest_error_and_no_change_scores_one() {
    let values = walk(256);
    let kept = forecast(&closes(256, |place| values[place]), "ecb").unwrap();
    let backtest = &kept.backtest;
    assert_eq!((backtest.horizon, backtest.origins), (30, 39));
    let error = |method| {
        backtest
            .candidates
            .iter()
            .find(|candidate| candidate.method == method)
            .unwrap()
            .mean_absolute_scaled_error
    };
    assert_eq!(error(Method::NoChange).to_string(), "1");
    assert_eq!(error(kept.method), backtest.mean_absolute_scaled_error);
    assert!(
        backtest
            .candidates
            .iter()
            .all(|candidate| candidate.mean_absolute_scaled_error >= backtest.mean_absolute_scaled_error)
    );
    assert_eq!(
        backtest.candidates.len(),
        Method::ALL.len(),
        "{:?}",
        backtest.candidates
    );
}

#[test]
fn days_are_those_on_which_the_source_publishes_and_rates_are_within_their_interval() {
    let values = walk(61);
    let kept = forecast(&closes(61, |place| values[place]), "ecb").unwrap();
    assert_eq!(kept.steps.len(), MOST_DAYS);
    let mut day = kept.last;
    for step in &kept.steps {
        day = schedule::next_day("ecb", day);
        assert_eq!(step.date, day);
        assert!(
            step.lower <= step.rate && step.rate <= step.upper && float(step.lower) > 0.0,
            "{step:?}"
        );
    }
    let width = |step: &Step| float(step.upper) / float(step.lower);
    assert!(
        kept.steps
            .windows(2)
            .all(|pair| width(&pair[0]) <= width(&pair[1]) + 1e-9)
    );
}

#[test]
fn fewer_than_sixty_closes_are_too_few() {
    let values = walk(60);
    assert!(forecast(&closes(60, |place| values[place]), "ecb").is_some());
    assert!(forecast(&closes(59, |place| values[place]), "ecb").is_none());
}
