//! Checks on rates before they are published. Positive numbers and known codes are types already; here are time, jumps and the spread.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use shared::rate::Rate;
use shared::time::{PROVIDER_TOLERANCE, Timestamp};

use crate::provider::{LeftOut, ProviderError, Quote, Quotes};
use crate::published::Published;

/// A second provider confirms a jump when its own rate differs from the new one by at most 2 percent: sources fix their rates at different hours of
/// different days, and currencies seldom move more between them, while a slipped decimal point or a swapped pair differs by far more.
const CONFIRM_WITHIN_PERCENT: Decimal = Decimal::TWO;

/// A rate that changed by more than is believed of one source alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Jump {
    /// The new rate.
    pub quote: Quote,
    /// The newest rate that the same source published.
    pub previous: Rate,
    /// When the source had set it.
    pub previous_at: Timestamp,
    /// By how many percent the new rate differs.
    pub change_percent: Decimal,
    /// What other providers had to say, in words.
    pub opinions: Vec<String>,
}

/// What a second provider's rate says of a jump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    /// It is about the same.
    Confirms,
    /// It is another; by so many percent the new rate differs from it.
    Differs(Rate, Decimal),
    /// It has no rate of that currency.
    Silent,
}

/// Refuses rates of a time to come.
///
/// # Errors
/// [`ProviderError::Future`].
pub fn check_time(quotes: &Quotes, now: DateTime<Utc>) -> Result<(), ProviderError> {
    let recorded_at = quotes.recorded_at.utc();
    if recorded_at > now + PROVIDER_TOLERANCE {
        Err(ProviderError::Future { recorded_at, now })
    } else {
        Ok(())
    }
}

/// The rates that changed by more than `max_percent` since the same source last published them. A first rate has nothing to be compared with.
#[must_use]
pub fn jumps(quotes: &Quotes, published: &Published, max_percent: Decimal) -> Vec<Jump> {
    let jump = |quote: &Quote| {
        let previous = published.newest(quote.code)?;
        let change_percent = percent_between(quote.deal_base_rate, previous.deal_base_rate);
        (change_percent.abs() > max_percent).then_some(Jump {
            quote: *quote,
            previous: previous.deal_base_rate,
            previous_at: previous.recorded_at,
            change_percent,
            opinions: Vec::new(),
        })
    };
    // What is published already was accepted once.
    quotes
        .rates
        .iter()
        .filter(|quote| !published.contains(quote, quotes.recorded_at))
        .filter_map(jump)
        .collect()
}

/// What `second` says of a jump.
#[must_use]
pub fn opinion(jump: &Jump, second: &Quotes) -> Opinion {
    let Some(other) = second.rates.iter().find(|quote| quote.code == jump.quote.code) else {
        return Opinion::Silent;
    };
    let difference = percent_between(jump.quote.deal_base_rate, other.deal_base_rate);
    if difference.abs() <= CONFIRM_WITHIN_PERCENT {
        Opinion::Confirms
    } else {
        Opinion::Differs(other.deal_base_rate, difference)
    }
}

/// Computes `tts` and `ttb` where the source gives none: `percent` above and below the base rate.
pub fn apply_spread(quotes: &mut Quotes, percent: Decimal) {
    for quote in &mut quotes.rates {
        let base = quote.deal_base_rate.decimal();
        for (side, name, factor) in [
            (&mut quote.tts, "tts", Decimal::ONE_HUNDRED + percent),
            (&mut quote.ttb, "ttb", Decimal::ONE_HUNDRED - percent),
        ] {
            if side.is_some() {
                continue;
            }
            match base.checked_mul(factor / Decimal::ONE_HUNDRED).map(Rate::rounded) {
                Some(Ok(rate)) => *side = Some(rate),
                _ => quotes.left_out.push(LeftOut {
                    code: quote.code.to_string(),
                    reason: format!("{name} by the spread is out of range"),
                }),
            }
        }
    }
}

/// By how many percent `new` differs from `old`, to four decimals.
fn percent_between(new: Rate, old: Rate) -> Decimal {
    // Rates are between 10^-10 and 10^12, so the quotient stays below 10^24 and fits.
    ((new.decimal() - old.decimal()) / old.decimal() * Decimal::ONE_HUNDRED)
        .round_dp(4)
        .normalize()
}

#[cfg(test)]
mod tests {
    use shared::currency::CurrencyCode;

    use super::*;
    use crate::provider::ProviderKey;

    fn quotes(recorded_at: &str, rate: &str) -> Quotes {
        let mut quotes = Quotes::new(ProviderKey::Ecb, recorded_at.parse().unwrap());
        quotes.add("USD", Ok((rate.parse().unwrap(), None, None)));
        quotes
    }

    #[test]
    fn five_minutes_ahead_is_a_clock_and_more_is_the_future() {
        let quotes = quotes("2026-10-30T13:15:00Z", "1335.26");
        assert!(check_time(&quotes, "2026-10-30T13:10:00Z".parse().unwrap()).is_ok());
        let error = check_time(&quotes, "2026-10-30T13:09:59Z".parse().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "recorded_at must not be in the future, got 2026-10-30 13:15:00 UTC at 2026-10-30 13:09:59 UTC"
        );
    }

    #[test]
    fn a_change_beyond_the_limit_is_a_jump_in_either_direction() {
        let before = quotes("2026-10-29T13:15:00Z", "1000");
        let mut published = Published::default();
        published.remember(&before);
        let change = |rate: &str| {
            let found = jumps(&quotes("2026-10-30T13:15:00Z", rate), &published, Decimal::TEN);
            found.first().map(|jump| jump.change_percent.to_string())
        };
        assert_eq!(change("1100"), None);
        assert_eq!(change("1100.01"), Some("10.001".to_owned()));
        assert_eq!(change("899"), Some("-10.1".to_owned()));
        assert_eq!(change("900"), None);
        assert!(
            jumps(
                &quotes("2026-10-30T13:15:00Z", "9"),
                &Published::default(),
                Decimal::TEN
            )
            .is_empty()
        );
    }

    #[test]
    fn a_second_provider_confirms_within_two_percent() {
        let new = quotes("2026-10-30T13:15:00Z", "1200");
        let mut published = Published::default();
        published.remember(&quotes("2026-10-29T13:15:00Z", "1000"));
        let jump = jumps(&new, &published, Decimal::TEN).remove(0);
        let says = |rate: &str| opinion(&jump, &quotes("2026-10-30T02:00:00Z", rate));
        assert_eq!(says("1190"), Opinion::Confirms);
        assert_eq!(
            says("1000"),
            Opinion::Differs("1000".parse().unwrap(), Decimal::from(20))
        );
        let empty = Quotes {
            rates: Vec::new(),
            ..new
        };
        assert_eq!(opinion(&jump, &empty), Opinion::Silent);
    }

    #[test]
    fn the_spread_fills_what_the_source_leaves_open() {
        let mut quotes = quotes("2026-10-30T13:15:00Z", "1000");
        let given: Rate = "1".parse().unwrap();
        quotes.add("JPY", Ok(("9.5".parse().unwrap(), Some(given), None)));
        apply_spread(&mut quotes, Decimal::from_str_exact("1.75").unwrap());
        let shown = |code: CurrencyCode| {
            let quote = quotes.rates.iter().find(|quote| quote.code == code).unwrap();
            (quote.tts.unwrap().to_string(), quote.ttb.unwrap().to_string())
        };
        assert_eq!(shown(CurrencyCode::USD), ("1017.5".to_owned(), "982.5".to_owned()));
        assert_eq!(shown("JPY".parse().unwrap()), ("1".to_owned(), "9.33375".to_owned()));
    }
}
