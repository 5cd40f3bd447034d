//! How many outcomes an answer names, and which.

use shared::dead_letter::{DeadLetterOutcome, MAX_ROWS, Outcome};

/// The first [`MAX_ROWS`] outcomes, those of dead letters that stay before the others, and how many there are besides.
pub(super) fn within_an_answer(mut outcomes: Vec<DeadLetterOutcome>) -> (Vec<DeadLetterOutcome>, usize) {
    let stays = |dead_letter: &DeadLetterOutcome| {
        matches!(
            dead_letter.outcome,
            Outcome::Refused | Outcome::Failed | Outcome::NotTried
        )
    };
    outcomes.sort_by_key(|dead_letter| !stays(dead_letter));
    let left_out = outcomes.len().saturating_sub(MAX_ROWS);
    outcomes.truncate(MAX_ROWS);
    (outcomes, left_out)
}
