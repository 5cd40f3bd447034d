//! What somebody asks to have published all the same.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::time::Timestamp;

use super::decision::Held;
use super::evaluate::replay;
use super::unpublished::unpublished;
use crate::observation::{Level, Update, quote_of};
use crate::published_rates::PublishedRates;

/// What a request releases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Released {
    /// To be published, in the order of their time.
    pub updates: Vec<Update>,
    /// What is held back from now on.
    pub held: Held,
    /// What cannot be released, and why.
    pub refused: Vec<String>,
}

/// Releases all that is held of `codes`. KRW releases whole documents: each of their rates but those that jumped by themselves.
#[must_use]
pub fn requested(
    held: &Held,
    published: &PublishedRates,
    codes: &[CurrencyCode],
    base: CurrencyCode,
    max_percent: Decimal,
) -> Released {
    let held = unpublished(held, published);
    let documents: BTreeSet<Timestamp> = held
        .get(&CurrencyCode::KRW)
        .into_iter()
        .flatten()
        .map(|rate| rate.recorded_at)
        .collect();
    let releases_documents = codes.contains(&CurrencyCode::KRW);
    let mut released = Released::default();
    for code in codes {
        match held.get(code) {
            None => released.refused.push(format!("{code} is not held back")),
            Some(rates) if !releases_documents && rates.iter().any(|rate| documents.contains(&rate.recorded_at)) => {
                released
                    .refused
                    .push(format!("{code} is held back because KRW is: release KRW"));
            }
            Some(_) => {}
        }
    }
    for (code, rates) in held {
        let is_document = |rate: &HeldRate| releases_documents && documents.contains(&rate.recorded_at);
        let (published_now, held_now) = if code == CurrencyCode::KRW {
            (Vec::new(), if releases_documents { Vec::new() } else { rates })
        } else if codes.contains(&code)
            && (releases_documents || !rates.iter().any(|rate| documents.contains(&rate.recorded_at)))
        {
            (rates, Vec::new())
        } else {
            let (waiting, rest): (Vec<HeldRate>, Vec<HeldRate>) = rates.into_iter().partition(is_document);
            let level = published
                .level(code, base)
                .or_else(|| waiting.first().map(Level::before));
            let evaluation = replay(level, rest, waiting, max_percent);
            // What they contradict stays held: only a publication of the source decides against it.
            let mut left = [evaluation.dropped, evaluation.held].concat();
            left.sort_by_key(|rate| rate.recorded_at);
            (evaluation.published, left)
        };
        let update = |rate: &HeldRate| Update {
            quote: quote_of(code, rate),
            recorded_at: rate.recorded_at,
            held_since: Some(rate.held_since),
        };
        released.updates.extend(published_now.iter().map(update));
        if !held_now.is_empty() {
            released.held.insert(code, held_now);
        }
    }
    released.updates.sort_by_key(|update| update.recorded_at);
    released
}
