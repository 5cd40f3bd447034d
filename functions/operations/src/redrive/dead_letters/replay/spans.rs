//! Which of a batch's offsets Kafka still holds.

use shared::error_chain::error_chain;
use shared::kafka::reader::{Records, Span};

/// The part of `span` that can be read, and a sentence about each part that cannot.
pub(in crate::redrive::dead_letters) async fn held_part(
    span: &Span,
    records: &Records,
) -> Result<(Option<Span>, Vec<String>), String> {
    let bounds = records.bounds(&span.topic, span.partition).await;
    Ok(divide(span, bounds.map_err(|error| error_chain(&error))?))
}

fn divide(span: &Span, (begin, end): (i64, i64)) -> (Option<Span>, Vec<String>) {
    let within = |first: i64, last: i64| {
        (first <= last).then(|| Span {
            first,
            last,
            ..span.clone()
        })
    };
    let here = within(span.first.max(begin), span.last.min(end - 1));
    let before = within(span.first, span.last.min(begin - 1))
        .map(|gone| format!("{gone}: no longer in Kafka, the partition begins at {begin}"));
    let after = within(span.first.max(end), span.last)
        .map(|missing| format!("{missing}: not in Kafka, the partition ends before {end}"));
    (here, before.into_iter().chain(after).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_divided_into_what_kafka_holds_and_what_not() {
        let span = Span {
            topic: "t".to_owned(),
            partition: 1,
            first: 10,
            last: 19,
        };
        let divided = |begin, end| {
            let (here, gone) = divide(&span, (begin, end));
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
