use super::*;
use crate::simulated_walks::{Process, Walks};

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

/// Returns of one day each, up to the days named.
fn of_days(values: &[(usize, f64)]) -> Vec<Return> {
    let one = |(place, value): &(usize, f64)| Return {
        from: day(*place),
        to: day(place + 1),
        value: *value,
    };
    values.iter().map(one).collect()
}

fn daily(values: &[f64]) -> Vec<Return> {
    of_days(&values.iter().copied().enumerate().collect::<Vec<_>>())
}

fn closes(texts: &[(&str, &str)]) -> Vec<(NaiveDate, Number)> {
    let close = |(day, text): &(&str, &str)| (day.parse().unwrap(), serde_json::from_str(text).unwrap());
    texts.iter().map(close).collect()
}

#[test]
fn a_mean_return_counts_only_where_it_stands_out() {
    for (values, expected) in [
        (&[0.01, 0.012, 0.011, 0.009][..], Trend::Up),
        (&[-0.01, -0.012, -0.011, -0.009], Trend::Down),
        (&[0.1, -0.1, 0.1, -0.1, 0.1], Trend::Stable),
        (&[0.0; 20], Trend::Stable),
        (&[0.5, 0.5, 0.5], Trend::Up),
        (&[0.5, 0.5], Trend::Stable),
        (&[0.5], Trend::Stable),
        (&[], Trend::Stable),
        // t of 3 and -3 where 3.182 is wanted; of 3.3 and -3.3: the values are mean ± deviation × √(3/4), so t is 2 × mean / deviation.
        (&[0.634, 2.366, 0.634, 2.366], Trend::Stable),
        (&[0.784, 2.516, 0.784, 2.516], Trend::Up),
        (&[-0.634, -2.366, -0.634, -2.366], Trend::Stable),
        (&[-0.784, -2.516, -0.784, -2.516], Trend::Down),
    ] {
        assert_eq!(trend(&daily(values)), expected, "{values:?}");
    }
}

/// Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, upper critical values of Student's t distribution, 0.975.
#[test]
fn critical_values_are_those_of_the_table() {
    for (degrees, expected) in [
        (2, 4.303),
        (3, 3.182),
        (4, 2.776),
        (5, 2.571),
        (10, 2.228),
        (21, 2.080),
        (29, 2.045),
        (59, 2.001),
        (100, 1.984),
    ] {
        let found = critical_value(0.95, degrees);
        assert!((found - expected).abs() <= 0.000_5, "{degrees}: {found}");
    }
}

/// Each count is within four standard errors, √(0.05 × 0.95 / walks), of 5 %; fat tails and clusters of calm and storm, which are no drift either, may
/// shift it by another 1 %.
#[test]
fn of_walks_without_drift_five_in_a_hundred_are_called_a_trend() {
    const WALKS: usize = 4_000;
    let error = (SIGNIFICANCE_LEVEL * (1.0 - SIGNIFICANCE_LEVEL) / WALKS as f64).sqrt();
    for (process, shift) in [
        (Process::Gaussian, 0.0),
        (Process::FatTailed, 0.01),
        (Process::Clustered, 0.01),
    ] {
        for returns in [22, 65, 130, 256] {
            let mut walks = Walks::new(process, 1);
            let called = (0..WALKS).filter(|_| trend(&daily(&walks.returns(returns))) != Trend::Stable);
            let share = called.count() as f64 / WALKS as f64;
            println!("{process:?}, {returns} returns: {share}");
            assert!(
                (share - SIGNIFICANCE_LEVEL).abs() <= 4.0 * error + shift,
                "{process:?}, {returns} returns: {share}"
            );
        }
    }
}

/// A mean of 0.25 deviations is 4 standard errors of 256 returns: a normal estimate is beyond 1.97 of them in 97.9 % of all walks.
#[test]
fn a_drift_is_found_where_there_is_one() {
    for (sign, expected) in [(1.0, Trend::Up), (-1.0, Trend::Down)] {
        let mut walks = Walks::new(Process::Gaussian, 2);
        let found = (0..1_000).filter(|_| {
            let returns: Vec<f64> = walks.returns(256).iter().map(|one| one + sign * 0.25).collect();
            trend(&daily(&returns)) == expected
        });
        let found = found.count();
        assert!((955..=995).contains(&found), "{expected:?}: {found} of 1000");
    }
}

#[test]
fn what_is_not_defined_is_none() {
    assert_eq!(volatility(&daily(&[0.1])), None);
    assert_eq!(volatility(&[]), None);
    assert_eq!(volatility(&daily(&[0.0, 0.0])), Some((0.0, 0.0)));
    assert_eq!(sharpe_ratio(&daily(&[0.0, 0.0])), None);
    assert_eq!(sharpe_ratio(&daily(&[0.1])), None);
    assert_eq!(observations_per_year(&[]), None);
    assert_eq!(average(&[]), None);
    let constant = daily(&[0.0, 0.0]);
    assert_eq!(correlation(&constant, &constant), (None, 2));
    assert_eq!(correlation(&[], &constant), (None, 0));
}

#[test]
fn a_year_has_as_many_returns_as_the_series_has_in_one() {
    let every_day = daily(&[0.01, -0.01, 0.01, -0.01]);
    assert_eq!(observations_per_year(&every_day), Some(365.25));
    let working_days = returns(&closes(&[
        ("2026-10-23", "1"),
        ("2026-10-26", "2"),
        ("2026-10-27", "1"),
        ("2026-10-28", "2"),
        ("2026-10-29", "1"),
        ("2026-10-30", "2"),
    ]));
    let expected = 5.0 * 365.25 / 7.0;
    assert!((observations_per_year(&working_days).unwrap() - expected).abs() < 1e-9);
    let (of_one, of_year) = volatility(&working_days).unwrap();
    assert!((of_year / of_one - expected.sqrt()).abs() < 1e-9);
}

/// The ECB had no króna from 2008-12-10 to 2018-01-31: the change over those nine years is not one of a day.
#[test]
fn across_an_interruption_there_is_no_return() {
    let closes = closes(&[
        ("2008-12-08", "10"),
        ("2008-12-09", "11"),
        ("2018-02-01", "20"),
        ("2018-02-02", "21"),
        ("2018-02-16", "22"),
        ("2018-03-03", "23"),
    ]);
    let days: Vec<(String, String)> = returns(&closes)
        .iter()
        .map(|one| (one.from.to_string(), one.to.to_string()))
        .collect();
    let expected = [
        ("2008-12-08", "2008-12-09"),
        ("2018-02-01", "2018-02-02"),
        ("2018-02-02", "2018-02-16"),
    ];
    assert_eq!(days, expected.map(|(from, to)| (from.to_owned(), to.to_owned())));
    assert_eq!(observations_per_year(&returns(&closes)), Some(3.0 * 365.25 / 16.0));
}

#[test]
fn correlation_takes_the_returns_between_the_same_days() {
    let first = of_days(&[(0, 1.0), (1, 2.0), (2, 3.0), (4, 9.0)]);
    let second = of_days(&[(0, -2.0), (2, -6.0), (3, 5.0), (4, -18.0)]);
    let (coefficient, common) = correlation(&first, &second);
    assert_eq!(common, 3);
    assert!((coefficient.unwrap() + 1.0).abs() < 1e-12);
    // One of them has no close on the day between: its return of two days is no partner for the other's of one.
    let mut of_two_days = of_days(&[(0, 1.0), (4, 9.0)]);
    of_two_days.insert(
        1,
        Return {
            from: day(1),
            to: day(3),
            value: 5.0,
        },
    );
    assert_eq!(correlation(&first, &of_two_days).1, 2);
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
