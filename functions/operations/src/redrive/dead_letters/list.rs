//! What a list says: the newest entries that match, and how many there are by function, topic and error code.

use std::collections::BTreeMap;

use shared::dead_letter::{DeadLetterCounts, DeadLetterList};

use super::entry::Entry;

/// Rows of a list that has no limit.
const USUAL: usize = 100;

/// Lists `entries`, which are newest first.
pub(super) fn list(entries: &[Entry], limit: Option<usize>) -> DeadLetterList {
    let mut counts = DeadLetterCounts::default();
    let count = |by: &mut BTreeMap<String, usize>, name: Option<&str>| {
        *by.entry(name.unwrap_or("unknown").to_owned()).or_default() += 1;
    };
    for entry in entries {
        let facts = entry.facts();
        count(&mut counts.function, facts.function);
        count(
            &mut counts.topic,
            facts.ranges.first().map(|range| range.topic.as_str()),
        );
        count(&mut counts.error_code, facts.error_code);
    }
    let limit = limit.unwrap_or(USUAL);
    DeadLetterList {
        matched: entries.len(),
        dead_letters: entries.iter().take(limit).map(Entry::summary).collect(),
        left_out: entries.len().saturating_sub(limit),
        counts,
    }
}
