//! The home currency: what it did on a day shows in every rate of the document.

use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::rate::Rate;

use super::document::Document;
use super::evaluate::{Candidate, Evaluation, evaluate};
use super::jump::{is_jump, percent_between};
use crate::observation::Level;
use crate::provider::quotes::{OmittedRow, Quote};

/// Fewer currencies say nothing about what they are quoted against.
const ENOUGH: usize = 3;

/// The won as published and as in a document.
pub(super) struct Won {
    pub level: Level,
    pub observed: HeldRate,
    pub is_jump: bool,
}

/// A quotation of a document beside the level that it is compared with.
struct Comparison {
    level: Level,
    quotation: Rate,
    is_jump: bool,
}

impl Document<'_> {
    /// What becomes of the document as a whole, in the home currency's own observations. Nothing, when the won did not jump and no document is held.
    pub(super) fn home(&self) -> Evaluation {
        let held = self.held.get(&CurrencyCode::KRW).map(Vec::as_slice).unwrap_or_default();
        let Some(won) = self.won() else {
            // Too little to compare with, so nothing changes.
            return Evaluation {
                held: held.to_vec(),
                ..Evaluation::default()
            };
        };
        if held.is_empty() && !won.is_jump {
            return Evaluation::default();
        }
        let confirmed = self.confirmed.get(&CurrencyCode::KRW).copied();
        let candidate = Candidate {
            rate: won.observed,
            is_jump: won.is_jump,
        };
        evaluate(won.level, held, candidate, confirmed, self.rules.max_jump_percent)
    }

    /// Why nothing of the document counts: it is older than what was published, and the won in it is another by more than a jump. Nothing that comes later could
    /// settle it, because it has come already.
    pub(super) fn outdated(&self) -> Option<OmittedRow> {
        if self.held.contains_key(&CurrencyCode::KRW) {
            return None;
        }
        let Won {
            level,
            observed,
            is_jump,
        } = self.won()?;
        (is_jump && observed.recorded_at < level.recorded_at).then(|| OmittedRow {
            code: CurrencyCode::KRW.to_string(),
            reason: format!(
                "the whole document of {}: the won differs by {} % from what was published of {}, which is newer",
                observed.recorded_at, observed.change_percent, level.recorded_at
            ),
        })
    }

    /// The won as published and as in the document, and whether that is a jump.
    pub(super) fn won(&self) -> Option<Won> {
        let Comparison {
            level,
            quotation,
            is_jump,
        } = match self.quotes.provider.source().quotes_against {
            CurrencyCode::KRW => self.against_the_won()?,
            base => self.in_units_of(base)?,
        };
        let observed = HeldRate {
            recorded_at: self.quotes.recorded_at,
            deal_base_rate: quotation,
            tts: None,
            ttb: None,
            quotation,
            previous: level.quotation,
            previous_at: level.recorded_at,
            change_percent: percent_between(quotation, level.quotation).to_string(),
            held_since: self.rules.now,
            swapped_with: self.swapped.get(&CurrencyCode::KRW).copied(),
        };
        let is_jump = is_jump || observed.swapped_with.is_some();
        Some(Won {
            level,
            observed: self.as_held_before(CurrencyCode::KRW, observed),
            is_jump,
        })
    }

    /// KRW for one unit of what the source quotes against.
    fn in_units_of(&self, base: CurrencyCode) -> Option<Comparison> {
        let new = self
            .quotes
            .rates
            .iter()
            .find(|quote| quote.code == base)?
            .deal_base_rate;
        let published = self.published.newest(base).map(|newest| Level {
            quotation: newest.deal_base_rate,
            recorded_at: newest.recorded_at,
        });
        let held = || self.held.get(&CurrencyCode::KRW)?.first().map(Level::before);
        let level = published.or_else(held)?;
        Some(Comparison {
            level,
            quotation: new,
            is_jump: is_jump(new, level.quotation, self.rules.max_jump_percent),
        })
    }

    /// Of a source that quotes in won: how many times as much of the others a won buys as it did when they were published, by the median of them. It is a
    /// jump of the won when more than half of them jumped to the same side.
    fn against_the_won(&self) -> Option<Comparison> {
        let factor = |quote: &Quote| {
            let level = self.level(quote.code)?;
            quote.quotation.decimal().checked_div(level.quotation.decimal())
        };
        let mut factors: Vec<Decimal> = self.quotes.rates.iter().filter_map(factor).collect();
        if factors.len() < ENOUGH {
            return None;
        }
        factors.sort_unstable();
        let limit = self.rules.max_jump_percent / Decimal::ONE_HUNDRED;
        let above = factors.iter().filter(|factor| **factor - Decimal::ONE > limit).count();
        let below = factors.iter().filter(|factor| Decimal::ONE - **factor > limit).count();
        let is_jump = above.max(below) * 2 > factors.len();
        let recorded_at = self.published.latest().or_else(|| {
            let held = self.held.get(&CurrencyCode::KRW)?.first()?;
            Some(held.previous_at)
        })?;
        let level = Level {
            quotation: Rate::new(Decimal::ONE).ok()?,
            recorded_at,
        };
        Some(Comparison {
            level,
            quotation: Rate::rounded(factors[factors.len() / 2]).ok()?,
            is_jump,
        })
    }
}
