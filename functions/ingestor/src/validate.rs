//! Checks on rates before they are published. Positive numbers and known codes are types already, jumps are [`crate::holding`]'s; here are time and the
//! spread.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use shared::rate::Rate;
use shared::time::PROVIDER_TOLERANCE;

use crate::provider::{OmittedRow, ProviderError, Quotes};

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
                _ => quotes.left_out.push(OmittedRow {
                    code: quote.code.to_string(),
                    reason: format!("{name} by the spread is out of range"),
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::currency::CurrencyCode;

    use super::*;
    use crate::provider::{Prices, RowError};

    fn prices(rate: &str, tts: Option<Rate>) -> Result<Prices, RowError> {
        let deal_base_rate: Rate = rate.parse().unwrap();
        Ok(Prices {
            deal_base_rate,
            tts,
            ttb: None,
            quotation: deal_base_rate,
        })
    }

    fn quotes(recorded_at: &str, rate: &str) -> Quotes {
        let mut quotes = Quotes::new("ecb".parse().unwrap(), recorded_at.parse().unwrap());
        quotes.add("USD", prices(rate, None));
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
    fn the_spread_fills_what_the_source_leaves_open() {
        let mut quotes = quotes("2026-10-30T13:15:00Z", "1000");
        let given: Rate = "1".parse().unwrap();
        quotes.add("JPY", prices("9.5", Some(given)));
        apply_spread(&mut quotes, Decimal::from_str_exact("1.75").unwrap());
        let shown = |code: CurrencyCode| {
            let quote = quotes.rates.iter().find(|quote| quote.code == code).unwrap();
            (quote.tts.unwrap().to_string(), quote.ttb.unwrap().to_string())
        };
        assert_eq!(shown(CurrencyCode::USD), ("1017.5".to_owned(), "982.5".to_owned()));
        assert_eq!(shown("JPY".parse().unwrap()), ("1".to_owned(), "9.33375".to_owned()));
    }
}
