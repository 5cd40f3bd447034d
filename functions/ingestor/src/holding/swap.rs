//! Two columns in each other's place: each number is about what the other currency's was.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::rate::Rate;

use super::{Document, is_jump, percent_between};

/// How far a number may be from the other currency's: currencies seldom move more in a day, and two that jump at once, each to where the other was, are
/// unheard of.
const FITS_WITHIN_PERCENT: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

impl Document<'_> {
    /// The currencies whose numbers are in each other's place, by code. At least one of the two jumps; the other may move by a little less than a jump. Of a source
    /// that quotes in units for one of another currency the won is one of them.
    pub(super) fn swapped(&self) -> BTreeMap<CurrencyCode, CurrencyCode> {
        let columns = self.columns();
        let max_percent = self.rules.max_jump_percent;
        let jumping = columns
            .iter()
            .filter(|column| is_jump(column.new, column.old, max_percent));
        let mut swapped = BTreeMap::new();
        for one in jumping {
            let other = columns
                .iter()
                .find(|other| other.code != one.code && fits(one.new, other.old) && fits(other.new, one.old));
            if let Some(other) = other {
                swapped.insert(one.code, other.code);
                swapped.insert(other.code, one.code);
            }
        }
        swapped
    }

    fn columns(&self) -> Vec<Column> {
        let of_quote = |quote: &crate::provider::Quote| {
            let old = self.level(quote.code)?.quotation;
            let (code, new) = (quote.code, quote.quotation);
            Some(Column { code, new, old })
        };
        let mut columns: Vec<Column> = self.quotes.rates.iter().filter_map(of_quote).collect();
        if let Some((level, observed, _)) = self.won() {
            columns.push(Column {
                code: CurrencyCode::KRW,
                new: observed.quotation,
                old: level.quotation,
            });
        }
        columns
    }
}

/// A currency's number in the document, and the newest that was published.
struct Column {
    code: CurrencyCode,
    new: Rate,
    old: Rate,
}

fn fits(new: Rate, old: Rate) -> bool {
    percent_between(new, old).abs() <= FITS_WITHIN_PERCENT
}
