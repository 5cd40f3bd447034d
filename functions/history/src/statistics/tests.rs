use super::*;

fn closes(closes: &[(&str, &str)]) -> Vec<(NaiveDate, Number)> {
    let read = |(day, close): &(&str, &str)| (day.parse().unwrap(), serde_json::from_str(close).unwrap());
    closes.iter().map(read).collect()
}

#[test]
fn of_equal_extremes_the_earliest_day_is_named() {
    let closes = closes(&[
        ("2026-10-27", "2"),
        ("2026-10-28", "1"),
        ("2026-10-29", "1"),
        ("2026-10-30", "2"),
    ]);
    let measures = Measures::of(&closes).unwrap();
    assert_eq!(measures.period_min_date.to_string(), "2026-10-28");
    assert_eq!(measures.period_max_date.to_string(), "2026-10-27");
    assert_eq!(measures.period_change.to_string(), "0");
    assert!(Measures::of(&closes[..1]).is_none());
}

#[test]
fn an_interruption_is_in_the_change_of_a_period_and_not_in_its_volatility() {
    let closes = closes(&[
        ("2008-12-05", "10"),
        ("2008-12-08", "10.1"),
        ("2008-12-09", "10"),
        ("2018-02-01", "8"),
        ("2018-02-02", "8.08"),
    ]);
    let measures = Measures::of(&closes).unwrap();
    assert_eq!(measures.period_change_percent.to_string(), "-19.2");
    // ±1 % a day; with the change over nine years it would be 11 %.
    let volatility: f64 = measures.volatility.unwrap().to_string().parse().unwrap();
    assert!((1.0..1.2).contains(&volatility), "{volatility}");
    // Three returns over three days, one and one.
    assert_eq!(measures.observations_per_year.unwrap().to_string(), "219.15");
}
