use chrono::Datelike;
use shared::provenance::Provenance;

use super::*;

#[test]
fn equal_changes_share_a_rank_and_are_listed_by_code() {
    let one = |code: &str, percent: &str| Compared {
        currency_code: code.parse().unwrap(),
        unit: String::new(),
        from: NaiveDate::MIN,
        to: NaiveDate::MAX,
        current_rate: Number::exact(1.into()),
        period_change_percent: serde_json::from_str(percent).unwrap(),
        volatility: None,
        sharpe_ratio: None,
        observations_per_year: None,
        performance_rank: 0,
        data_points: 2,
    };
    let mut all = [one("USD", "-1"), one("JPY", "2.5"), one("EUR", "2.5"), one("GBP", "0")];
    rank(&mut all);
    let ranks: Vec<String> = all
        .iter()
        .map(|one| format!("{} {}", one.performance_rank, one.currency_code))
        .collect();
    assert_eq!(ranks, ["1 EUR", "1 JPY", "3 GBP", "4 USD"]);
}

fn of(code: &str, closes: &[(&str, &str)]) -> (CurrencyCode, Closes) {
    let closes: Vec<(NaiveDate, Number)> = closes
        .iter()
        .map(|(day, close)| (day.parse().unwrap(), serde_json::from_str(close).unwrap()))
        .collect();
    let closes = Closes {
        from: closes[0].0,
        to: closes[closes.len() - 1].0,
        provenance: Provenance::default(),
        closes,
    };
    (code.parse().unwrap(), closes)
}

/// Closes on each of so many days.
fn many(code: &str, first: &str, days: usize) -> (CurrencyCode, Closes) {
    let first: NaiveDate = first.parse().unwrap();
    let closes: Vec<(String, String)> = first
        .iter_days()
        .take(days)
        .map(|day| (day.to_string(), (100 + day.day()).to_string()))
        .collect();
    let closes: Vec<(&str, &str)> = closes
        .iter()
        .map(|(day, close)| (day.as_str(), close.as_str()))
        .collect();
    of(code, &closes)
}

#[test]
fn changes_that_are_ranked_are_of_the_same_days() {
    // One ended on 2 October, the other began on 6 September and goes on.
    let all = [many("BGN", "2026-08-01", 63), many("USD", "2026-09-06", 55)];
    let (compared, correlations) = compare(CurrencyCode::KRW, &all).unwrap();
    for one in &compared {
        assert_eq!(
            (one.from.to_string().as_str(), one.to.to_string().as_str()),
            ("2026-09-06", "2026-10-02")
        );
        assert_eq!((one.data_points, one.current_rate.to_string().as_str()), (27, "102"));
        // 106 on the first day, 102 on the last.
        assert_eq!(one.period_change_percent.to_string(), "-3.773584906");
        assert_eq!(one.performance_rank, 1);
    }
    assert_eq!(correlations[0].common_days, 26);
}

#[test]
fn without_two_days_in_common_nothing_is_compared() {
    let error = compare(
        CurrencyCode::KRW,
        &[many("BGN", "2026-08-01", 30), many("USD", "2026-08-30", 30)],
    )
    .unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("BGN, USD"), "{text}");
}
