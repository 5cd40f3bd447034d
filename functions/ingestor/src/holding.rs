//! Which rates of a document are published, and which are held back because they jumped: pure decisions. Nothing here knows Redis, Kafka, a provider or
//! the clock, so a history of years can be replayed through them.
//!
//! A jump is judged in the source's own quotation. One that the home currency made moves every rate in won, so it holds the whole document: never half
//! of a day is published.

mod evaluate;
mod home;
mod requested;
mod swap;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::rate::Rate;
use shared::time::Timestamp;

use self::evaluate::{Evaluation, evaluate, replay};
pub use self::requested::{Released, requested};
use crate::provider::{LeftOut, Quote, Quotes};
use crate::published_rates::PublishedRates;

/// What is held back of one source, by currency, oldest first. KRW stands for whole documents; their rates are there by their own codes too.
pub type Held = BTreeMap<CurrencyCode, Vec<HeldRate>>;

/// A quotation that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Units of the currency for one unit of what the source quotes against.
    pub quotation: Rate,
    /// When the source had set it.
    pub recorded_at: Timestamp,
}

/// An observation that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update {
    /// The rate.
    pub quote: Quote,
    /// When the source had set it.
    pub recorded_at: Timestamp,
    /// When an earlier run held it back, if one did. It is dated by that: what was seen of that instant since, such as a corrected history, is the later account.
    pub held_since: Option<Timestamp>,
}

/// What decides beside the document itself.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// A change of more percent is a jump.
    pub max_jump_percent: Decimal,
    /// The time of the run, for what it is the first to hold back.
    pub now: Timestamp,
}

/// What a document comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// To be published, in the order of their time: what was held back, then the document's own. It may hold what is published already.
    pub updates: Vec<Update>,
    /// What is held back from now on.
    pub held: Held,
    /// What was held back and is contradicted, so that it will not be published by itself.
    pub dropped: Vec<(CurrencyCode, HeldRate)>,
    /// What is neither published nor held back.
    pub left_out: Vec<LeftOut>,
}

/// Decides about a document of a source. `confirmed` names, by currency, the newest observation that a second source confirms.
#[must_use]
pub fn decide(
    quotes: &Quotes,
    published: &PublishedRates,
    held: &Held,
    confirmed: &BTreeMap<CurrencyCode, Timestamp>,
    rules: Rules,
) -> Decision {
    let held = unpublished(held, published);
    let mut document = Document {
        quotes,
        published,
        held: &held,
        confirmed,
        rules,
        swapped: BTreeMap::new(),
    };
    document.swapped = document.swapped();
    if let Some(left_out) = document.outdated() {
        return Decision {
            held,
            left_out: vec![left_out],
            ..Decision::default()
        };
    }
    let home = document.home();
    let released: BTreeSet<Timestamp> = home.published.iter().map(|rate| rate.recorded_at).collect();
    let contradicted: BTreeSet<Timestamp> = home.dropped.iter().map(|rate| rate.recorded_at).collect();
    let mut decision = Decision::default();
    if home.held.iter().any(|rate| rate.recorded_at == quotes.recorded_at) {
        document.hold(&contradicted, &mut decision);
    } else {
        let in_document = quotes.rates.iter().map(|quote| quote.code);
        let codes: BTreeSet<CurrencyCode> = in_document.chain(held.keys().copied()).collect();
        for code in codes.into_iter().filter(|code| *code != CurrencyCode::KRW) {
            document.one(code, &released, &contradicted, &mut decision);
        }
    }
    decision
        .dropped
        .extend(home.dropped.into_iter().map(|rate| (CurrencyCode::KRW, rate)));
    if !home.held.is_empty() {
        decision.held.insert(CurrencyCode::KRW, home.held);
    }
    document.sort(&mut decision.updates);
    decision
}

/// What is held back and not known to be published: a run may have ended between its events and the end of what it released.
#[must_use]
pub fn unpublished(held: &Held, published: &PublishedRates) -> Held {
    let is_open = |code: CurrencyCode, rate: &HeldRate| match published.newest(code) {
        None => true,
        Some(newest) if newest.recorded_at == rate.recorded_at => {
            !published.contains(&quote_of(code, rate), rate.recorded_at)
        }
        Some(newest) => newest.recorded_at < rate.recorded_at,
    };
    let mut open = Held::new();
    for (code, rates) in held.iter().filter(|(code, _)| **code != CurrencyCode::KRW) {
        let rates: Vec<HeldRate> = rates.iter().filter(|rate| is_open(*code, rate)).cloned().collect();
        if !rates.is_empty() {
            open.insert(*code, rates);
        }
    }
    // A document is held back for as long as any rate of it is.
    let days: BTreeSet<Timestamp> = open.values().flatten().map(|rate| rate.recorded_at).collect();
    let documents = held.get(&CurrencyCode::KRW).into_iter().flatten();
    let documents: Vec<HeldRate> = documents
        .filter(|rate| days.contains(&rate.recorded_at))
        .cloned()
        .collect();
    if !documents.is_empty() {
        open.insert(CurrencyCode::KRW, documents);
    }
    open
}

/// A document, and all that decides about it.
struct Document<'a> {
    quotes: &'a Quotes,
    published: &'a PublishedRates,
    held: &'a Held,
    confirmed: &'a BTreeMap<CurrencyCode, Timestamp>,
    rules: Rules,
    /// Which currencies' numbers are in each other's place.
    swapped: BTreeMap<CurrencyCode, CurrencyCode>,
}

impl Document<'_> {
    /// Holds the whole document back, beside all that is held already but for documents that it contradicts.
    fn hold(&self, contradicted: &BTreeSet<Timestamp>, decision: &mut Decision) {
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
    fn one(
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
            self.newest(quote, &mut evaluation, decision);
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

    fn newest(&self, quote: &Quote, evaluation: &mut Evaluation, decision: &mut Decision) {
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
        let is_jump = evaluate::is_doubtful(&observed, level, self.rules.max_jump_percent);
        if recorded_at < level.recorded_at && is_jump {
            let percent = percent_between(quote.quotation, level.quotation);
            decision.left_out.push(LeftOut {
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
        let next = evaluate(
            level,
            &held,
            (observed, is_jump),
            confirmed,
            self.rules.max_jump_percent,
        );
        evaluation.published.extend(next.published);
        evaluation.dropped.extend(next.dropped);
        evaluation.held = next.held;
    }

    /// The quotation that a currency is compared with. What was published may be forgotten while something is held: that remembers it too.
    fn level(&self, code: CurrencyCode) -> Option<Level> {
        let published = self.published.level(code, self.quotes.provider.quotes_against());
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
    fn as_held_before(&self, code: CurrencyCode, rate: HeldRate) -> HeldRate {
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
    fn sort(&self, updates: &mut [Update]) {
        let place = |code: CurrencyCode| self.quotes.rates.iter().position(|quote| quote.code == code);
        updates.sort_by_key(|update| (update.recorded_at, place(update.quote.code)));
    }
}

impl Level {
    fn of(rate: &HeldRate) -> Self {
        Self {
            quotation: rate.quotation,
            recorded_at: rate.recorded_at,
        }
    }

    fn before(rate: &HeldRate) -> Self {
        Self {
            quotation: rate.previous,
            recorded_at: rate.previous_at,
        }
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

/// Puts `rate` where its time is, in the place of another of that time.
fn insert(rates: &mut Vec<HeldRate>, rate: HeldRate) {
    rates.retain(|other| other.recorded_at != rate.recorded_at);
    let place = rates.partition_point(|other| other.recorded_at < rate.recorded_at);
    rates.insert(place, rate);
}

/// A rate that was held back, as the document had it.
#[must_use]
pub fn quote_of(code: CurrencyCode, rate: &HeldRate) -> Quote {
    Quote {
        code,
        deal_base_rate: rate.deal_base_rate,
        tts: rate.tts,
        ttb: rate.ttb,
        quotation: rate.quotation,
    }
}

fn is_jump(new: Rate, old: Rate, max_percent: Decimal) -> bool {
    percent_between(new, old).abs() > max_percent
}

/// By how many percent `new` differs from `old`, to four decimals.
#[must_use]
pub fn percent_between(new: Rate, old: Rate) -> Decimal {
    // Rates are between 10^-10 and 10^12, so the quotient stays below 10^24 and fits.
    ((new.decimal() - old.decimal()) / old.decimal() * Decimal::ONE_HUNDRED)
        .round_dp(4)
        .normalize()
}
