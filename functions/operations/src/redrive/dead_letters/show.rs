//! Everything of one letter.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::dead_letter::{DeadLetter, Shown};
use shared::error_chain::error_chain;
use shared::kafka::reader::{Records, Span};
use shared::record::WholeRecord;
use tokio::time::Instant;

use super::entry::{Content, Entry};
use super::on_failure::OnFailure;
use super::replay::spans::held_part;
use super::report::Row;

/// An answer has 6 MB; what is around the records takes little.
const ANSWER_BYTES: usize = 5_800_000;
/// Records of a batch that are shown.
const RECORDS: usize = 100;

/// One letter and its record, or the records of a batch.
#[derive(Debug, Serialize)]
pub struct Show {
    /// What a list says of it.
    pub letter: Row,
    /// Its record; of an on-failure record those that Kafka still holds, the first 100 of them.
    pub records: Vec<ShownRecord>,
    /// What cannot be shown, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_shown: Vec<String>,
    /// The message itself, where it is no letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A record.
#[derive(Debug, Serialize)]
pub struct ShownRecord {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When it was written to Kafka.
    pub timestamp: Option<DateTime<Utc>>,
    /// Text or base64.
    pub key: Option<Shown>,
    /// Names and values.
    pub headers: Vec<(String, Shown)>,
    /// The headers' JSON where it was of no known shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_headers: Option<String>,
    /// Text or base64.
    pub payload: Option<Shown>,
}

impl From<&WholeRecord> for ShownRecord {
    fn from(record: &WholeRecord) -> Self {
        Self {
            topic: record.topic.clone(),
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp.and_then(DateTime::from_timestamp_millis),
            key: record.key.as_deref().map(Shown::new),
            headers: record
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), Shown::new(value)))
                .collect(),
            unread_headers: record.unread_headers.clone(),
            payload: record.value.as_deref().map(Shown::new),
        }
    }
}

pub(super) async fn show(entry: Entry, records: &Records, deadline: Instant) -> Show {
    let mut show = Show {
        letter: entry.row(),
        records: Vec::new(),
        not_shown: Vec::new(),
        body: None,
    };
    match entry.content {
        Content::Letter(parts) => match DeadLetter::join(parts.into_values()) {
            Ok(letter) => show.add(&letter.record, ANSWER_BYTES),
            Err(error) => show.not_shown.push(error.to_string()),
        },
        Content::OnFailure(record) => show_batch(&mut show, &record, records, deadline).await,
        Content::Unreadable { body, .. } => show.body = Some(body),
    }
    show
}

impl Show {
    /// Adds a record if it takes at most `room` bytes of the answer.
    fn add(&mut self, record: &WholeRecord, room: usize) {
        let shown = ShownRecord::from(record);
        let bytes = serde_json::to_vec(&shown).map_or(usize::MAX, |text| text.len());
        if bytes <= room {
            self.records.push(shown);
        } else {
            self.not_shown.push(format!(
                "the record at {} offset {} takes {bytes} bytes here and an answer has room for {room}; the queue holds it whole, in the messages of this id",
                record.topic_partition(),
                record.offset
            ));
        }
    }
}

/// Reads what Kafka still holds of a batch.
async fn show_batch(show: &mut Show, batch: &OnFailure, records: &Records, deadline: Instant) {
    let mut room = ANSWER_BYTES;
    for span in &batch.spans {
        if let Err(why) = show_span(show, span, records, deadline, &mut room).await {
            show.not_shown.push(why);
        }
    }
}

async fn show_span(
    show: &mut Show,
    span: &Span,
    records: &Records,
    deadline: Instant,
    room: &mut usize,
) -> Result<(), String> {
    let (here, gone) = held_part(span, records).await?;
    show.not_shown.extend(gone);
    let Some(here) = here else { return Ok(()) };
    let read = records
        .read(&here, *room, deadline)
        .await
        .map_err(|error| error_chain(&error))?;
    for record in &read.records {
        if show.records.len() == RECORDS {
            show.not_shown.push(format!(
                "{} offset {} and what follows: {RECORDS} records are shown at most",
                record.topic_partition(),
                record.offset
            ));
            return Ok(());
        }
        let before = show.records.len();
        show.add(record, *room);
        if show.records.len() > before {
            *room = room.saturating_sub(record.event_bytes());
        }
    }
    if let Some(next) = read.next {
        show.not_shown
            .push(format!("{span} from {next} on: an answer has no room for more"));
    }
    Ok(())
}
