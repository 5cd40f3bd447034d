//! Which rates of a document are published, and which are held back because they jumped: pure decisions. Nothing here knows Redis, Kafka, a provider or
//! the clock, so a history of years can be replayed through them.
//!
//! A jump is measured in the source's own quotation. One that the home currency made moves every rate in won, so it holds the whole document: never half
//! of a day is published.

mod decision;
mod document;
mod evaluate;
mod home_currency;
mod jump;
mod requested_release;
mod swapped_columns;
mod unpublished;

use std::collections::{BTreeMap, BTreeSet};

use shared::currency::CurrencyCode;
use shared::time::Timestamp;

pub use self::decision::{Decision, Held, Rules};
use self::document::Document;
pub use self::jump::percent_between;
pub use self::requested_release::{Released, requested};
pub use self::unpublished::unpublished;
pub use crate::observation::{Level, Update};
use crate::provider::quotes::Quotes;
use crate::published_rates::PublishedRates;

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
            document.evaluate_currency(code, &released, &contradicted, &mut decision);
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
