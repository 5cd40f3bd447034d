//! What of the rates that are held back is still to be published.

use std::collections::BTreeSet;

use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::time::Timestamp;

use super::decision::Held;
use crate::observation::quote_of;
use crate::published_rates::PublishedRates;

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
