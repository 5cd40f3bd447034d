//! A document of a source beside all that decides about it, currency by currency.

use std::collections::{BTreeMap, BTreeSet};

use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::time::Timestamp;

use super::decision::{Decision, Held, Rules};
use super::evaluate::{Candidate, Evaluation, evaluate, insert, is_suspect, replay};
use super::jump::percent_between;
use crate::observation::{Level, Update, quote_of};
use crate::provider::quotes::{OmittedRow, Quote, Quotes};
use crate::published_rates::PublishedRates;

/// A document, and all that decides about it.
pub(super) struct Document<'a> {
    pub(super) quotes: &'a Quotes,
    pub(super) published: &'a PublishedRates,
    pub(super) held: &'a Held,
    pub(super) confirmed: &'a BTreeMap<CurrencyCode, Timestamp>,
    pub(super) rules: Rules,
    /// Which currencies' numbers are in each other's place.
    pub(super) swapped: BTreeMap<CurrencyCode, CurrencyCode>,
}

impl Document<'_> {
    /// Holds the whole document back, beside all that is held already but for documents that it contradicts.
    pub(super) fn hold(&self, contradicted: &BTreeSet<Timestamp>, decision: &mut Decision) {
        let recorded_at = self.quotes.recorded_at;
        decision.held = without(self.held, contradicted);
        decision.held.remove(&CurrencyCode::KRW);
        for quote in &self.quotes.rates {
            if self.published.contains(quote, recorded_at) {
                decision.updates.push(Update {
                    quote: *quote,
                    recorded_at,
                    held_since: None,
                });
                continue;
            }
            let rates = decision.held.entry(quote.code).or_default();
            insert(rates, self.observed(quote, self.level(quote.code)));
        }
    }

    /// Decides about one currency: of the documents that are released, and then of this one.
    pub(super) fn evaluate_currency(
        &self,
        code: CurrencyCode,
        released: &BTreeSet<Timestamp>,
        contradicted: &BTreeSet<Timestamp>,
        decision: &mut Decision,
    ) {
        let rates = self.held.get(&code).map(Vec::as_slice).unwrap_or_default();
        let rates = rates
            .iter()
            .filter(|rate| !contradicted.contains(&rate.recorded_at))
            .cloned();
        let (waiting, held): (Vec<HeldRate>, Vec<HeldRate>) =
            rates.partition(|rate| released.contains(&rate.recorded_at) && rate.recorded_at < self.quotes.recorded_at);
        let mut evaluation = replay(self.level(code), held, waiting, self.rules.max_jump_percent);
        if let Some(quote) = self.quotes.rates.iter().find(|quote| quote.code == code) {
            self.evaluate_newest(quote, &mut evaluation, decision);
        }
        let update = |rate: &HeldRate| Update {
            quote: quote_of(code, rate),
            recorded_at: rate.recorded_at,
            held_since: Some(rate.held_since).filter(|since| *since != self.rules.now),
        };
        decision.updates.extend(evaluation.published.iter().map(update));
        decision
            .dropped
            .extend(evaluation.dropped.into_iter().map(|rate| (code, rate)));
        if !evaluation.held.is_empty() {
            decision.held.insert(code, evaluation.held);
        }
    }

    fn evaluate_newest(&self, quote: &Quote, evaluation: &mut Evaluation, decision: &mut Decision) {
        let recorded_at = self.quotes.recorded_at;
        let level = evaluation
            .published
            .last()
            .map(Level::of)
            .or_else(|| self.level(quote.code));
        let observed = self.observed(quote, level);
        if self.published.contains(quote, recorded_at) {
            // It was accepted once. What was held of that instant was taken back.
            evaluation.held.retain(|rate| rate.recorded_at != recorded_at);
            evaluation.published.push(observed);
            return;
        }
        let Some(level) = level else {
            evaluation.published.push(observed);
            return;
        };
        let is_jump = is_suspect(&observed, level, self.rules.max_jump_percent);
        if recorded_at < level.recorded_at && is_jump {
            let percent = percent_between(quote.quotation, level.quotation);
            decision.left_out.push(OmittedRow {
                code: quote.code.to_string(),
                reason: format!(
                    "differs by {percent} % from what was published of {}, which is newer",
                    level.recorded_at
                ),
            });
            return;
        }
        let confirmed = self.confirmed.get(&quote.code).copied();
        let held = std::mem::take(&mut evaluation.held);
        let candidate = Candidate {
            rate: observed,
            is_jump,
        };
        let next = evaluate(level, &held, candidate, confirmed, self.rules.max_jump_percent);
        evaluation.published.extend(next.published);
        evaluation.dropped.extend(next.dropped);
        evaluation.held = next.held;
    }

    /// The quotation that a currency is compared with. What was published may be forgotten while something is held: that remembers it too.
    pub(super) fn level(&self, code: CurrencyCode) -> Option<Level> {
        let published = self.published.level(code, self.quotes.provider.source().quotes_against);
        published.or_else(|| self.held.get(&code)?.first().map(Level::before))
    }

    /// A rate of the document as it would be held back; a first one has nothing to differ from.
    fn observed(&self, quote: &Quote, level: Option<Level>) -> HeldRate {
        let recorded_at = self.quotes.recorded_at;
        let level = level.unwrap_or(Level {
            quotation: quote.quotation,
            recorded_at,
        });
        let rate = HeldRate {
            recorded_at,
            deal_base_rate: quote.deal_base_rate,
            tts: quote.tts,
            ttb: quote.ttb,
            quotation: quote.quotation,
            previous: level.quotation,
            previous_at: level.recorded_at,
            change_percent: percent_between(quote.quotation, level.quotation).to_string(),
            held_since: self.rules.now,
            swapped_with: self.swapped.get(&quote.code).copied(),
        };
        self.as_held_before(quote.code, rate)
    }

    /// The same observation as it was held back by an earlier run, if it was.
    pub(super) fn as_held_before(&self, code: CurrencyCode, rate: HeldRate) -> HeldRate {
        let before = self.held.get(&code).into_iter().flatten();
        let same = |old: &&HeldRate| {
            (old.recorded_at, old.deal_base_rate, old.tts, old.ttb, old.quotation)
                == (
                    rate.recorded_at,
                    rate.deal_base_rate,
                    rate.tts,
                    rate.ttb,
                    rate.quotation,
                )
        };
        // Where another account of this instant was published, what is seen now is the later one.
        let published = self.published.newest(code);
        let is_corrected = published.is_some_and(|newest| newest.recorded_at == rate.recorded_at);
        match before.into_iter().find(same) {
            Some(old) if !is_corrected => old.clone(),
            _ => rate,
        }
    }

    /// By time; of one time in the order of the document.
    pub(super) fn sort(&self, updates: &mut [Update]) {
        let place = |code: CurrencyCode| self.quotes.rates.iter().position(|quote| quote.code == code);
        updates.sort_by_key(|update| (update.recorded_at, place(update.quote.code)));
    }
}

/// What is held without the documents of some instants.
fn without(held: &Held, instants: &BTreeSet<Timestamp>) -> Held {
    let mut left = held.clone();
    for rates in left.values_mut() {
        rates.retain(|rate| !instants.contains(&rate.recorded_at));
    }
    left.retain(|_, rates| !rates.is_empty());
    left
}
