//! Tables of constants that are sorted by their code, such as those of aliases and symbols. Nothing here touches Redis, Kafka or the clock.

/// What `table` has for `code`.
pub(crate) fn find<T: Copy>(table: &[(&str, T)], code: &str) -> Option<T> {
    let place = table.binary_search_by(|(known, _)| (*known).cmp(code)).ok()?;
    Some(table[place].1)
}

/// Whether no row has the code of another or stands before one whose code is less, which [`find`] relies on.
#[cfg(test)]
pub(crate) fn is_sorted<T>(table: &[(&str, T)]) -> bool {
    table.windows(2).all(|pair| pair[0].0 < pair[1].0)
}
