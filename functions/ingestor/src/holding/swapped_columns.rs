//! Two columns in each other's place: each number is about what the other currency's was.

use std::collections::BTreeMap;

use shared::currency::CurrencyCode;
use shared::rate::Rate;

use super::document::Document;
use super::home_currency::Won;
use super::jump::{distance, is_jump};
use crate::provider::quotes::Quote;

impl Document<'_> {
    /// The currencies whose numbers are in each other's place, by code: at least one of the two jumped, neither would have from where the other was, and both
    /// together are at most half as far from that as from where they were. (Equally far is a currency that jumps past another, which stays where it was.) Of a source that quotes in units for one of another currency the won is one of them.
    pub(super) fn swapped(&self) -> BTreeMap<CurrencyCode, CurrencyCode> {
        let columns = self.columns();
        let is_jump = |new, old| is_jump(new, old, self.rules.max_jump_percent);
        let mut swapped = BTreeMap::new();
        for one in columns.iter().filter(|column| is_jump(column.new, column.old)) {
            let others = columns
                .iter()
                .filter(|other| other.code != one.code && !is_jump(one.new, other.old) && !is_jump(other.new, one.old));
            let crossed = |other: &Column| distance(one.new, other.old) + distance(other.new, one.old);
            let nearest = others.min_by(|a, b| crossed(a).total_cmp(&crossed(b)));
            if let Some(other) = nearest
                && crossed(other) * 2.0 < distance(one.new, one.old) + distance(other.new, other.old)
            {
                swapped.insert(one.code, other.code);
                swapped.insert(other.code, one.code);
            }
        }
        swapped
    }

    fn columns(&self) -> Vec<Column> {
        let of_quote = |quote: &Quote| {
            let old = self.level(quote.code)?.quotation;
            let (code, new) = (quote.code, quote.quotation);
            Some(Column { code, new, old })
        };
        let mut columns: Vec<Column> = self.quotes.rates.iter().filter_map(of_quote).collect();
        if let Some(Won { level, observed, .. }) = self.won() {
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
