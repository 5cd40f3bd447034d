//! The outlier check of one currency, publication by publication: what is published, held back or dropped.

use rust_decimal::Decimal;
use shared::held::HeldRate;
use shared::rate::Rate;
use shared::time::Timestamp;

use super::jump::{distance, is_jump, percent_between};
use crate::observation::Level;

/// Publications of one level differ by at most this: the two after a jump that agree with it confirm it.
const AGREE_WITHIN_PERCENT: Decimal = Decimal::TWO;
/// So many publications in a row that agree confirm each other.
const AGREEING: usize = 3;
/// So many in a row that are beyond the limit on the same side are a move, whether they agree or not. Nothing is held for longer.
const BEYOND: usize = 4;
/// A jump is contradicted when the next publication takes back more than seven eighths of it, and one of two numbers in each other's place as soon as the
/// next is no jump. True spikes of the ECB's history fade more slowly (the most
/// was 85 %, Romania's in March 1999).
const LEFT_OF_AN_ERROR: f64 = 1.0 / 8.0;

/// What becomes of a currency's observations.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Evaluation {
    /// In the order of their time.
    pub published: Vec<HeldRate>,
    /// In the order of their time.
    pub held: Vec<HeldRate>,
    /// Contradicted.
    pub dropped: Vec<HeldRate>,
}

/// A publication's rate of the currency, and whether it is a jump from the level that is accepted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub rate: HeldRate,
    pub is_jump: bool,
}

/// Evaluates a publication and with it what is held back: what is published of both, what is held from now on, and what the publication contradicts.
pub(super) fn evaluate(
    accepted: Level,
    held: &[HeldRate],
    candidate: Candidate,
    confirmed: Option<Timestamp>,
    max_percent: Decimal,
) -> Evaluation {
    let Candidate {
        rate: new,
        is_jump: new_is_jump,
    } = candidate;
    let recorded_at = new.recorded_at;
    let mut evaluation = Evaluation::default();
    let mut waiting = held.to_vec();
    if held.iter().any(|rate| rate.recorded_at > recorded_at) {
        // An older document, behind what is held: a copy that somebody kept. It decides about its own instant only.
        waiting.retain(|rate| rate.recorded_at != recorded_at);
        if new_is_jump {
            insert(&mut waiting, new);
        } else {
            evaluation.published.push(new);
        }
        evaluation.held = waiting;
        return evaluation;
    }
    // The same document again is evaluated as it was at first, and a correction in the place of what it corrects.
    waiting.retain(|rate| rate.recorded_at < recorded_at);
    if let Some(confirmed) = confirmed {
        waiting.push(new);
        let unconfirmed = waiting.split_off(waiting.partition_point(|rate| rate.recorded_at <= confirmed));
        let level = waiting.last().map_or(accepted, Level::of);
        evaluation = replay(Some(level), Vec::new(), unconfirmed, max_percent);
        waiting.append(&mut evaluation.published);
        evaluation.published = waiting;
        return evaluation;
    }
    let is_contradicted = |rate: &HeldRate| {
        if rate.swapped_with.is_some() {
            // What the next repeats was no error, whatever other column it resembled.
            return !new_is_jump
                && distance(new.quotation, rate.quotation) > distance(new.quotation, accepted.quotation);
        }
        is_jump(rate.quotation, accepted.quotation, max_percent)
            && distance(new.quotation, accepted.quotation)
                < LEFT_OF_AN_ERROR * distance(rate.quotation, accepted.quotation)
    };
    (evaluation.dropped, waiting) = waiting.into_iter().partition(is_contradicted);
    waiting.push(new);
    if !new_is_jump {
        evaluation.published = waiting;
    } else if agree(&waiting) || are_beyond(&waiting, accepted, max_percent) {
        release(accepted, waiting, max_percent, &mut evaluation);
    } else {
        evaluation.held = waiting;
    }
    evaluation
}

/// Whether a rate is to be held: it jumped from the level, or its number is in the place of another currency's.
pub(super) fn is_suspect(new: &HeldRate, level: Level, max_percent: Decimal) -> bool {
    new.swapped_with.is_some() || is_jump(new.quotation, level.quotation, max_percent)
}

/// Publishes a move, but not an error in the midst of it: an observation that is a jump from the ones before and after it, and not on the way from one to the
/// other. The last has none after it that could tell, so it is held, as a jump from the one before.
fn release(accepted: Level, moved: Vec<HeldRate>, max_percent: Decimal, evaluation: &mut Evaluation) {
    let follows = |new: Rate, old: Rate| !is_jump(new, old, max_percent);
    let between = |one: Rate, new: Rate, other: Rate| new >= one.min(other) && new <= one.max(other);
    for (place, rate) in moved.iter().enumerate() {
        let new = rate.quotation;
        let before = place
            .checked_sub(1)
            .map_or(accepted.quotation, |place| moved[place].quotation);
        match moved.get(place + 1).map(|rate| rate.quotation) {
            Some(after) if follows(new, before) || follows(after, new) || between(before, new, after) => {
                evaluation.published.push(rate.clone());
            }
            Some(_) => evaluation.dropped.push(rate.clone()),
            // A move that goes back a part of its way is none.
            None if follows(new, before) || between(accepted.quotation, new, before) => {
                evaluation.published.push(rate.clone())
            }
            None => evaluation.held.push(rate.clone()),
        }
    }
}

/// Evaluates one publication after the other, beginning with what is held. Where no level is known, the first gives it.
pub(super) fn replay(
    accepted: Option<Level>,
    held: Vec<HeldRate>,
    publications: Vec<HeldRate>,
    max_percent: Decimal,
) -> Evaluation {
    let mut evaluation = Evaluation {
        held,
        ..Evaluation::default()
    };
    for new in publications {
        let level = evaluation.published.last().map(Level::of).or(accepted);
        let level = level.unwrap_or(Level::of(&new));
        let candidate = Candidate {
            is_jump: is_suspect(&new, level, max_percent),
            rate: new,
        };
        let next = evaluate(level, &evaluation.held, candidate, None, max_percent);
        evaluation.published.extend(next.published);
        evaluation.dropped.extend(next.dropped);
        evaluation.held = next.held;
    }
    evaluation
}

fn agree(waiting: &[HeldRate]) -> bool {
    let Some([first, others @ ..]) = waiting.last_chunk::<AGREEING>() else {
        return false;
    };
    let agrees = |other: &HeldRate| percent_between(other.quotation, first.quotation).abs() <= AGREE_WITHIN_PERCENT;
    others.iter().all(agrees)
}

fn are_beyond(waiting: &[HeldRate], accepted: Level, max_percent: Decimal) -> bool {
    let Some(last) = waiting.last_chunk::<BEYOND>() else {
        return false;
    };
    let above = |rate: &HeldRate| rate.quotation > accepted.quotation;
    let is_beyond = |rate: &HeldRate| is_jump(rate.quotation, accepted.quotation, max_percent);
    last.iter().all(is_beyond) && (last.iter().all(above) || !last.iter().any(above))
}

/// Puts `rate` where its time is, in the place of another of that time.
pub(super) fn insert(rates: &mut Vec<HeldRate>, rate: HeldRate) {
    rates.retain(|other| other.recorded_at != rate.recorded_at);
    let place = rates.partition_point(|other| other.recorded_at < rate.recorded_at);
    rates.insert(place, rate);
}

#[cfg(test)]
mod tests;
