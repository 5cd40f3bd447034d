//! Everything of one dead letter, as far as an answer holds it.

use shared::dead_letter::{DeadLetter, DeadLetterDetail, ShownRecord};
use shared::error_chain::error_chain;
use shared::kafka::reader::{OffsetRange, OffsetReader, ReadError};
use shared::record::ConsumerRecord;
use tokio::time::Instant;

use super::entry::{Content, Entry};
use super::on_failure::OnFailure;
use super::retained::retained_part;

/// An answer has 6 MB; what is around the records takes little.
const ANSWER_BYTES: usize = 5_800_000;
/// Records of a batch that are shown.
const RECORDS: usize = 100;

/// Shows an entry; the records of a batch are read from Kafka until `deadline`.
pub(super) async fn show(entry: Entry, records: &OffsetReader, deadline: Instant) -> DeadLetterDetail {
    let mut detail = DeadLetterDetail {
        dead_letter: entry.summary(),
        records: Vec::new(),
        not_shown: Vec::new(),
        body: None,
    };
    match entry.content {
        Content::RefusedRecord(parts) => match DeadLetter::join(parts.into_values()) {
            Ok(dead_letter) => add(&mut detail, &dead_letter.record, ANSWER_BYTES),
            Err(error) => detail.not_shown.push(error.to_string()),
        },
        Content::OnFailure(batch) => show_batch(&mut detail, &batch, records, deadline).await,
        Content::Unreadable { body, .. } => detail.body = Some(body),
    }
    detail
}

/// Adds a record if it takes at most `room` bytes of the answer.
fn add(detail: &mut DeadLetterDetail, record: &ConsumerRecord, room: usize) {
    let shown = ShownRecord::from(record);
    let bytes = serde_json::to_vec(&shown).map_or(usize::MAX, |text| text.len());
    if bytes <= room {
        detail.records.push(shown);
    } else {
        detail.not_shown.push(format!(
            "the record at {} offset {} takes {bytes} bytes here and an answer has room for {room}; the queue holds it whole, in the messages of this id",
            record.topic_partition(),
            record.offset
        ));
    }
}

/// Reads what Kafka still holds of a batch.
async fn show_batch(detail: &mut DeadLetterDetail, batch: &OnFailure, records: &OffsetReader, deadline: Instant) {
    let mut room = ANSWER_BYTES;
    for range in &batch.ranges {
        if let Err(error) = show_range(detail, range, records, deadline, &mut room).await {
            detail.not_shown.push(error_chain(&error));
        }
    }
}

async fn show_range(
    detail: &mut DeadLetterDetail,
    range: &OffsetRange,
    records: &OffsetReader,
    deadline: Instant,
    room: &mut usize,
) -> Result<(), ReadError> {
    let retained = retained_part(range, records).await?;
    detail.not_shown.extend(retained.gone);
    let Some(here) = retained.here else { return Ok(()) };
    let read = records.read(&here, *room, deadline).await?;
    for record in &read.records {
        if detail.records.len() == RECORDS {
            detail.not_shown.push(format!(
                "{} offset {} and what follows: {RECORDS} records are shown at most",
                record.topic_partition(),
                record.offset
            ));
            return Ok(());
        }
        let before = detail.records.len();
        add(detail, record, *room);
        if detail.records.len() > before {
            *room = room.saturating_sub(record.event_bytes());
        }
    }
    if let Some(next) = read.next {
        detail
            .not_shown
            .push(format!("{range} from {next} on: an answer has no room for more"));
    }
    Ok(())
}
