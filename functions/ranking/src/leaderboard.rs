//! The leaderboard of countries: ranks with ties, shares, and the change against the period before. Nothing here touches MongoDB or the clock.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use shared::country::CountryCode;
use shared::currency::CurrencyCode;
use shared::number::Number;
use utoipa::ToSchema;

/// Clicks of each country in some period; a country without clicks is not in it.
pub type Clicks = BTreeMap<CountryCode, u64>;

/// Which way a country went since the period before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RankChange {
    /// To a smaller rank number.
    Up,
    /// To a greater rank number.
    Down,
    /// It has the same rank.
    Same,
    /// It had no clicks in the period before.
    New,
}

/// One country's place in a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RankedCountry {
    /// One more than the number of countries with more clicks: countries with the same number share a rank, and the ranks after it are left out (1, 2, 2, 4).
    #[schema(minimum = 1)]
    pub rank: u64,
    /// ISO 3166-1 alpha-2 code.
    pub country_code: CountryCode,
    /// Korean name.
    #[schema(example = "미국")]
    pub country_name: &'static str,
    /// English name.
    #[schema(example = "United States")]
    pub country_name_en: &'static str,
    /// The country's own currency.
    pub currency_code: CurrencyCode,
    /// Clicks in the period.
    #[schema(minimum = 1)]
    pub score: u64,
    /// Percent of all clicks of the period, of all countries and not of this page alone; ten significant digits.
    pub percentage: Number,
    /// Against the period before.
    pub change: RankChange,
    /// How many ranks it rose (fell, when negative) since the period before; null when it is new.
    pub change_value: Option<i64>,
    /// Its rank in the period before; null when it is new.
    #[schema(minimum = 1)]
    pub previous_rank: Option<u64>,
}

/// The leaderboard of `clicks`: by clicks, and by code where they are equal.
#[must_use]
pub fn leaderboard(clicks: &Clicks, before: &Clicks) -> Vec<RankedCountry> {
    let previous: BTreeMap<CountryCode, u64> = ranks(before)
        .into_iter()
        .map(|ranked| (ranked.country, ranked.rank))
        .collect();
    let total = total(clicks);
    let row = |Ranked { country, clicks, rank }: Ranked| {
        let previous_rank = previous.get(&country).copied();
        // A rank is at most the number of countries.
        let change_value = previous_rank.map(|previous| previous.cast_signed() - rank.cast_signed());
        RankedCountry {
            rank,
            country_code: country,
            country_name: country.country().korean,
            country_name_en: country.country().english,
            currency_code: country.currency(),
            score: clicks,
            percentage: share(clicks, total),
            change: match change_value {
                None => RankChange::New,
                Some(0) => RankChange::Same,
                Some(1..) => RankChange::Up,
                Some(_) => RankChange::Down,
            },
            change_value,
            previous_rank,
        }
    };
    ranks(clicks).into_iter().map(row).collect()
}

/// All clicks together.
#[must_use]
pub fn total(clicks: &Clicks) -> u64 {
    clicks.values().sum()
}

/// A country with its clicks and rank.
struct Ranked {
    country: CountryCode,
    clicks: u64,
    rank: u64,
}

/// Each country with its clicks and rank, in the order of the leaderboard.
fn ranks(clicks: &Clicks) -> Vec<Ranked> {
    // By code already; a stable sort keeps that where clicks are equal.
    let mut sorted: Vec<(CountryCode, u64)> = clicks.iter().map(|(country, clicks)| (*country, *clicks)).collect();
    sorted.sort_by_key(|(_, clicks)| std::cmp::Reverse(*clicks));
    let mut ranked: Vec<Ranked> = Vec::with_capacity(sorted.len());
    for (place, (country, clicks)) in (1..).zip(sorted) {
        let rank = ranked
            .last()
            .filter(|above| above.clicks == clicks)
            .map_or(place, |above| above.rank);
        ranked.push(Ranked { country, clicks, rank });
    }
    ranked
}

fn share(part: u64, whole: u64) -> Number {
    let percent = Decimal::from(part) * Decimal::ONE_HUNDRED;
    // There is no row where there are no clicks, so the whole is never zero.
    Number::computed(percent.checked_div(Decimal::from(whole)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clicks(counts: &[(&str, u64)]) -> Clicks {
        counts
            .iter()
            .map(|(code, count)| (code.parse().unwrap(), *count))
            .collect()
    }

    #[test]
    fn countries_with_the_same_clicks_share_a_rank_and_are_listed_by_code() {
        let now = clicks(&[("US", 5), ("JP", 7), ("AU", 5), ("CN", 1), ("GB", 1)]);
        let listed: Vec<_> = leaderboard(&now, &Clicks::new())
            .into_iter()
            .map(|row| (row.rank, row.country_code.as_str(), row.score))
            .collect();
        assert_eq!(
            listed,
            [(1, "JP", 7), (2, "AU", 5), (2, "US", 5), (4, "CN", 1), (4, "GB", 1)]
        );
    }

    #[test]
    fn a_change_is_the_difference_of_two_ranks() {
        let before = clicks(&[("US", 9), ("JP", 5), ("CN", 5), ("GB", 1)]);
        let now = clicks(&[("JP", 9), ("US", 8), ("CN", 7), ("AU", 1)]);
        let changes: Vec<_> = leaderboard(&now, &before)
            .into_iter()
            .map(|row| {
                (
                    row.country_code.as_str(),
                    row.change,
                    row.change_value,
                    row.previous_rank,
                )
            })
            .collect();
        assert_eq!(
            changes,
            [
                ("JP", RankChange::Up, Some(1), Some(2)),
                ("US", RankChange::Down, Some(-1), Some(1)),
                ("CN", RankChange::Down, Some(-1), Some(2)),
                ("AU", RankChange::New, None, None),
            ]
        );
        let same = leaderboard(&now, &now);
        assert!(
            same.iter()
                .all(|row| row.change == RankChange::Same && row.change_value == Some(0))
        );
    }

    #[test]
    fn shares_have_ten_digits() {
        let rows = leaderboard(&clicks(&[("US", 2), ("JP", 1)]), &Clicks::new());
        let shares: Vec<String> = rows.iter().map(|row| row.percentage.to_string()).collect();
        assert_eq!(shares, ["66.66666667", "33.33333333"]);
        assert_eq!(share(1, u64::MAX).to_string(), "0.000000000000000005421010862");
        assert_eq!(share(u64::MAX, u64::MAX).to_string(), "100");
    }
}
