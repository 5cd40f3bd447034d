use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use super::*;
use crate::simulated_walks::{Process, Walks};

/// Closes on the days of the ECB from a rule for their logarithms.
fn closes(count: usize, logarithm: impl Fn(usize) -> f64) -> Vec<(NaiveDate, Number)> {
    let first: NaiveDate = "2025-10-01".parse().unwrap();
    let days = std::iter::successors(Some(first), |day| Some(schedule::next_day("ecb", *day)));
    let closes: Vec<(NaiveDate, Number)> = days
        .take(count)
        .enumerate()
        .map(|(place, day)| (day, Number::from_f64(logarithm(place).exp()).unwrap()))
        .collect();
    closes
}

fn of(closes: &[(NaiveDate, Number)]) -> Option<CachedForecast> {
    forecast(&Provenance::default(), closes, "ecb")
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
    let forecast = of(&closes(256, |place| 7.0 + 0.001 * place as f64)).unwrap();
    assert!(forecast.backtest.beats_no_change);
    assert!(forecast.method != Method::NoChange, "{:?}", forecast.backtest);
    let expected = (7.0 + 0.001 * 285.0_f64).exp();
    assert!(
        (to_f64(forecast.steps[29].rate) / expected - 1.0).abs() < 1e-4,
        "{:?}",
        forecast.steps[29]
    );
}

#[test]
fn where_nothing_is_better_the_answer_is_no_change() {
    let constant = of(&closes(256, |_| 7.0)).unwrap();
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
    let forecast = of(&closes(256, |place| values[place])).unwrap();
    let backtest = &forecast.backtest;
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
    assert_eq!(error(forecast.method), backtest.mean_absolute_scaled_error);
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
    let forecast = of(&closes(61, |place| values[place])).unwrap();
    assert_eq!(forecast.steps.len(), MOST_DAYS);
    let mut day = forecast.last;
    for step in &forecast.steps {
        day = schedule::next_day("ecb", day);
        assert_eq!(step.date, day);
        assert!(
            step.lower <= step.rate && step.rate <= step.upper && to_f64(step.lower) > 0.0,
            "{step:?}"
        );
    }
    let width = |step: &ForecastDay| to_f64(step.upper) / to_f64(step.lower);
    assert!(
        forecast
            .steps
            .windows(2)
            .all(|pair| width(&pair[0]) <= width(&pair[1]) + 1e-9)
    );
}

#[test]
fn fewer_than_sixty_closes_are_too_few() {
    let values = walk(60);
    assert!(of(&closes(60, |place| values[place])).is_some());
    assert!(of(&closes(59, |place| values[place])).is_none());
}

#[test]
fn the_past_has_steps_as_long_as_those_to_come() {
    // All days of a year, as a source without weekends has them, with a pause of three weeks.
    let first: NaiveDate = "2025-10-30".parse().unwrap();
    let one: Number = serde_json::from_str("1").unwrap();
    let (pause, end): (NaiveDate, NaiveDate) = ("2026-06-01".parse().unwrap(), "2026-10-30".parse().unwrap());
    let days = first.iter_days().take_while(|day| *day <= end);
    let every_day: Vec<(NaiveDate, Number)> = days
        .filter(|day| !(0..21).contains(&(*day - pause).num_days()))
        .map(|day| (day, one))
        .collect();
    let of_source = |source| {
        let steady = steady(&every_day, source);
        (steady[0].0.to_string(), steady.len())
    };
    // From Monday 22 June to Friday 30 October are 131 days and 19 weeks less two.
    assert_eq!(of_source("exchangerate_api"), ("2026-06-22".to_owned(), 131));
    assert_eq!(of_source("ecb"), ("2026-06-22".to_owned(), 95));
}

const AHEAD: [usize; 4] = [1, 10, 20, 30];

/// How many closes lay within the intervals forecast for 1, 10, 20 and 30 days ahead.
#[derive(Debug, Clone, Copy, Default)]
struct Coverage {
    forecasts: usize,
    within: [usize; 4],
}

impl Coverage {
    /// Forecasts from all logarithms but the last thirty, and compares with those.
    fn observe(&mut self, logarithms: &[f64]) {
        let (known, later) = logarithms.split_at(logarithms.len() - MOST_DAYS);
        let ends = backtest::choose(known).unwrap().ends;
        self.forecasts += 1;
        for (within, ahead) in self.within.iter_mut().zip(AHEAD) {
            let (lower, upper) = ends[ahead - 1];
            *within += usize::from((lower..=upper).contains(&(later[ahead - 1] - known[known.len() - 1])));
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            forecasts: self.forecasts + other.forecasts,
            within: [0, 1, 2, 3].map(|place| self.within[place] + other.within[place]),
        }
    }

    /// Fails unless each part is in `allowed`.
    fn check(&self, allowed: std::ops::RangeInclusive<f64>, what: &str) {
        let parts = self.within.map(|within| within as f64 / self.forecasts as f64);
        println!("{what}: {parts:.3?} of {} closes {AHEAD:?} days ahead", self.forecasts);
        assert!(parts.iter().all(|part| allowed.contains(part)), "{what}: {parts:?}");
    }
}

/// What intervals of so many walks hold, by [`Process::ALL`].
fn of_walks(closes: usize, walks: usize) -> [Coverage; 3] {
    let cover = |process: Process| {
        let (mut coverage, mut generator) = (Coverage::default(), Walks::new(process, 3));
        for _ in 0..walks {
            let mut at = 7.0;
            let step = |step: &f64| {
                at += 0.005 * step;
                at
            };
            let logarithms: Vec<f64> = generator.returns(closes + MOST_DAYS).iter().map(step).collect();
            coverage.observe(&logarithms);
        }
        coverage
    };
    std::thread::scope(|scope| {
        let threads = Process::ALL.map(|process| scope.spawn(move || cover(process)));
        threads.map(|thread| thread.join().unwrap())
    })
}

/// The standard error of a part of 450 walks is 0.010, of 750 it is 0.008, of 1,200 it is 0.006.
#[test]
fn intervals_of_walks_hold_what_they_say() {
    let mut of_processes = [Coverage::default(); 3];
    for (closes, walks) in [(60, 250), (120, 400), (260, 150)] {
        let of_walks = of_walks(closes, walks);
        let all = of_walks.into_iter().fold(Coverage::default(), Coverage::and);
        all.check(0.935..=0.99, &format!("{closes} closes"));
        for (of_process, coverage) in of_processes.iter_mut().zip(of_walks) {
            *of_process = of_process.and(coverage);
        }
    }
    for (coverage, process) in of_processes.iter().zip(Process::ALL) {
        coverage.check(0.935..=0.99, &format!("{process:?}"));
    }
}

/// The closes of each currency in KRW, from what the ECB printed: units for one EUR.
fn of_the_ecb() -> BTreeMap<String, Vec<(NaiveDate, Number)>> {
    let zip = include_bytes!("../../../../tests/fixtures/ecb-eurofxref-hist.zip");
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let codes: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut closes: BTreeMap<String, Vec<(NaiveDate, Number)>> = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let units: BTreeMap<&str, f64> = codes
            .iter()
            .zip(&cells)
            .skip(1)
            .filter_map(|(code, cell)| Some((*code, cell.parse().ok()?)))
            .collect();
        let day: NaiveDate = cells[0].parse().unwrap();
        for (code, of_code) in units.iter().filter(|(code, _)| **code != "KRW") {
            let close = Number::from_f64(units["KRW"] / of_code).unwrap();
            closes.entry((*code).to_owned()).or_default().push((day, close));
        }
        closes
            .entry("EUR".to_owned())
            .or_default()
            .push((day, Number::from_f64(units["KRW"]).unwrap()));
    }
    // The file has the newest day first.
    closes.values_mut().for_each(|of_code| of_code.reverse());
    closes
}

/// What intervals forecast on every 500th day of a currency hold, from the year before that day.
fn of_currency(place: usize, closes: &[(NaiveDate, Number)]) -> Coverage {
    const EVERY: usize = 500;
    let mut coverage = Coverage::default();
    // Not the same days of all currencies.
    let first = FEWEST_CLOSES + place * 97 % EVERY;
    for end in (first..closes.len().saturating_sub(MOST_DAYS)).step_by(EVERY) {
        let last = closes[end - 1].0;
        let from = Period::Year.first_day(last);
        let year: Vec<(NaiveDate, Number)> = closes[..end].iter().filter(|(day, _)| *day >= from).copied().collect();
        let mut known = steady(&year, "ecb");
        let later = &closes[end - 1..end + MOST_DAYS];
        if known.len() < FEWEST_CLOSES || later.windows(2).any(|pair| is_interrupted(pair[0].0, pair[1].0)) {
            continue;
        }
        known.extend(&later[1..]);
        let logarithms: Vec<f64> = known.iter().map(|(_, close)| to_f64(*close).ln()).collect();
        coverage.observe(&logarithms);
    }
    coverage
}

#[test]
fn intervals_of_the_ecbs_history_hold_what_they_say() {
    let closes: Vec<Vec<(NaiveDate, Number)>> = of_the_ecb().into_values().collect();
    assert_eq!(closes.len(), 41, "EUR instead of KRW");
    let of_halves = std::thread::scope(|scope| {
        let of_half = |half: usize| {
            let closes = &closes;
            scope.spawn(move || {
                let of_half = closes.iter().enumerate().filter(|(place, _)| place % 2 == half);
                of_half.fold(Coverage::default(), |coverage, (place, closes)| {
                    coverage.and(of_currency(place, closes))
                })
            })
        };
        [0, 1].map(of_half).map(|thread| thread.join().unwrap())
    });
    let coverage = of_halves[0].and(of_halves[1]);
    assert!(coverage.forecasts > 300, "{coverage:?}");
    coverage.check(0.93..=0.99, "The ECB's history");
}
