//! From records to payloads, without any server: what the fuzz target `kafka_event` calls.

use crate::batch::MAX_VALUE_BYTES;
use crate::dead_letter::{RefusalCode, RefusedRecord, shortened};
use crate::event::Payload;
use crate::record::{KafkaEvent, KafkaRecord};
use crate::time::Timestamp;

/// What an event held.
#[derive(Debug)]
pub struct Decoded<'a, P> {
    /// In the order of each partition.
    pub payloads: Vec<P>,
    /// The record of each payload.
    pub places: Vec<&'a KafkaRecord<'a>>,
    /// Records without a value.
    pub tombstones: usize,
    /// Records that are no payload, and why.
    pub refused: Vec<RefusedRecord<'a>>,
}

/// Reads every record of the event at `now`: each is a payload, a tombstone or refused.
#[must_use]
pub fn decode<'a, P: Payload>(event: &'a KafkaEvent<'a>, now: Timestamp) -> Decoded<'a, P> {
    let count = event.records.values().map(Vec::len).sum();
    let mut decoded = Decoded {
        payloads: Vec::with_capacity(count),
        places: Vec::with_capacity(count),
        tombstones: 0,
        refused: Vec::new(),
    };
    let mut buffer = Vec::new();
    for records in event.records.values() {
        let mut in_order: Vec<&KafkaRecord> = records.iter().collect();
        in_order.sort_by_key(|record| record.offset);
        for record in in_order {
            match payload(record, now, &mut buffer) {
                Ok(Some(payload)) => {
                    decoded.payloads.push(payload);
                    decoded.places.push(record);
                }
                Ok(None) => decoded.tombstones += 1,
                Err((code, reason)) => decoded.refused.push(RefusedRecord { record, code, reason }),
            }
        }
    }
    decoded
}

fn payload<P: Payload>(
    record: &KafkaRecord<'_>,
    now: Timestamp,
    buffer: &mut Vec<u8>,
) -> Result<Option<P>, (RefusalCode, String)> {
    if &*record.topic != P::TOPIC.name() {
        let topic = shortened(&record.topic, 300);
        let reason = format!("the record is of topic {topic:?}; this function handles {}", P::TOPIC);
        return Err((RefusalCode::WrongTopic, reason));
    }
    if record.is_tombstone() {
        return Ok(None);
    }
    if record.decode_value(buffer).is_err() {
        return Err((RefusalCode::NotBase64, "the value is not base64".to_owned()));
    }
    if buffer.len() > MAX_VALUE_BYTES {
        let reason = format!("the value has {} bytes; allowed are {MAX_VALUE_BYTES}", buffer.len());
        return Err((RefusalCode::TooLarge, reason));
    }
    let payload: P = serde_json::from_slice(buffer).map_err(|error| {
        let code = if error.is_data() {
            RefusalCode::InvalidPayload
        } else {
            RefusalCode::NotJson
        };
        // serde's messages repeat the offending value, which can be long.
        (code, shortened(&error.to_string(), 300))
    })?;
    payload
        .check()
        .map_err(|error| (RefusalCode::InvalidPayload, error.to_string()))?;
    payload
        .check_time(now)
        .map_err(|error| (RefusalCode::NotYet, error.to_string()))?;
    Ok(Some(payload))
}
