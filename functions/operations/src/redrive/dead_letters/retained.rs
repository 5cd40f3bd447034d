//! Which of a batch's offsets Kafka still retains.

use shared::kafka::reader::{OffsetRange, OffsetReader, ReadError};

/// A range of offsets, divided.
pub(super) struct Retained {
    /// What can be read.
    pub(super) here: Option<OffsetRange>,
    /// A sentence about each part that cannot.
    pub(super) gone: Vec<String>,
}

/// What a partition holds.
struct Bounds {
    /// The offset of the first record that it still holds.
    begin: i64,
    /// The offset that its next record will have.
    end: i64,
}

/// Asks Kafka which part of `range` can be read.
///
/// # Errors
/// [`ReadError`] when it cannot be asked.
pub(super) async fn retained_part(range: &OffsetRange, records: &OffsetReader) -> Result<Retained, ReadError> {
    let (begin, end) = records.bounds(&range.topic, range.partition).await?;
    Ok(divide(range, Bounds { begin, end }))
}

fn divide(range: &OffsetRange, Bounds { begin, end }: Bounds) -> Retained {
    let within = |first: i64, last: i64| {
        (first <= last).then(|| OffsetRange {
            first,
            last,
            ..range.clone()
        })
    };
    let here = within(range.first.max(begin), range.last.min(end - 1));
    let before = within(range.first, range.last.min(begin - 1))
        .map(|gone| format!("{gone}: no longer in Kafka, the partition begins at {begin}"));
    let after = within(range.first.max(end), range.last)
        .map(|missing| format!("{missing}: not in Kafka, the partition ends before {end}"));
    Retained {
        here,
        gone: before.into_iter().chain(after).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_divided_into_what_kafka_retains_and_what_not() {
        let range = OffsetRange {
            topic: "t".to_owned(),
            partition: 1,
            first: 10,
            last: 19,
        };
        let divided = |begin, end| {
            let Retained { here, gone } = divide(&range, Bounds { begin, end });
            (here.map(|here| (here.first, here.last)), gone)
        };
        assert_eq!(divided(0, 100), (Some((10, 19)), vec![]));
        let gone = "t-1 10 to 14: no longer in Kafka, the partition begins at 15".to_owned();
        assert_eq!(divided(15, 100), (Some((15, 19)), vec![gone]));
        let gone = "t-1 10 to 19: no longer in Kafka, the partition begins at 40".to_owned();
        assert_eq!(divided(40, 100), (None, vec![gone]));
        let missing = "t-1 12 to 19: not in Kafka, the partition ends before 12".to_owned();
        assert_eq!(divided(0, 12), (Some((10, 11)), vec![missing]));
    }
}
