//! Lambda's Kafka event, written straight into bytes.
//!
//! Source: "Using Lambda with Amazon MSK", AWS Lambda developer guide. Written by hand because a header of 50 bytes is a
//! list of 50 numbers: building that as a tree of values first costs more than everything else in this emulator.

use krafka::consumer::{ConsumerRecord, TimestampType};

use crate::template::KafkaSource;

/// The most bytes of an event with more than one record. Lambda's limit is 6 MiB; the rest is room for the envelope.
pub(super) const EVENT_LIMIT: usize = 6_000_000;
/// More than the bytes around a record's own key, value, topic and headers: field names, numbers, punctuation.
const RECORD_OVERHEAD: usize = 200;
/// More than the bytes around a header's name and value.
const HEADER_OVERHEAD: usize = 6;

/// Each byte as Lambda writes it, a signed number and a comma, and the length of that.
static BYTES: [([u8; 5], u8); 256] = byte_texts();

/// The text before and after the records, the same for every event of a mapping.
pub(super) struct Envelope {
    head: Vec<u8>,
}

impl Envelope {
    pub(super) fn new(source: &KafkaSource, bootstrap: &str) -> Self {
        let mut head = Vec::new();
        match source {
            KafkaSource::Msk { arn } => {
                head.extend_from_slice(br#"{"eventSource":"aws:kafka","eventSourceArn":"#);
                push_text(&mut head, arn);
            }
            KafkaSource::SelfManaged => head.extend_from_slice(br#"{"eventSource":"SelfManagedKafka""#),
        }
        head.extend_from_slice(br#","bootstrapServers":"#);
        push_text(&mut head, bootstrap);
        head.extend_from_slice(br#","records":{"#);
        Self { head }
    }

    /// The event of these records: one list for each partition, in order. `capacity` is the sum of their [`size`]s.
    pub(super) fn event<'a, R>(&self, partitions: impl Iterator<Item = R>, capacity: usize) -> Vec<u8>
    where
        R: Iterator<Item = &'a ConsumerRecord>,
    {
        let mut out = Vec::with_capacity(self.head.len() + capacity + 1_024);
        out.extend_from_slice(&self.head);
        let mut is_first_list = true;
        for mut records in partitions {
            let Some(first) = records.next() else { continue };
            if !std::mem::take(&mut is_first_list) {
                out.push(b',');
            }
            push_text(&mut out, &format!("{}-{}", first.topic, first.partition));
            out.extend_from_slice(b":[");
            push_record(&mut out, first);
            for record in records {
                out.push(b',');
                push_record(&mut out, record);
            }
            out.push(b']');
        }
        out.extend_from_slice(b"}}");
        out
    }
}

/// The bytes that a record takes in an event, or a few more.
pub(super) fn size(record: &ConsumerRecord) -> usize {
    let base64 = |bytes: Option<&bytes::Bytes>| bytes.map_or(0, |bytes| bytes.len().div_ceil(3) * 4);
    let headers: usize = record
        .headers
        .iter()
        .map(|(name, value)| {
            let numbers: usize = value
                .iter()
                .flat_map(|value| value.iter())
                .map(|byte| usize::from(BYTES[usize::from(*byte)].1))
                .sum();
            // Six bytes for each of the name's: the longest escape, \u0000.
            HEADER_OVERHEAD + name.len() * 6 + numbers
        })
        .sum();
    RECORD_OVERHEAD + record.topic.len() + base64(record.key.as_ref()) + base64(record.value.as_ref()) + headers
}

fn push_record(out: &mut Vec<u8>, record: &ConsumerRecord) {
    out.extend_from_slice(br#"{"topic":"#);
    push_text(out, &record.topic);
    out.extend_from_slice(br#","partition":"#);
    push_number(out, i64::from(record.partition));
    out.extend_from_slice(br#","offset":"#);
    push_number(out, record.offset);
    out.extend_from_slice(br#","timestamp":"#);
    push_number(out, record.timestamp);
    out.extend_from_slice(match record.timestamp_type {
        TimestampType::LogAppendTime => br#","timestampType":"LOG_APPEND_TIME""#.as_slice(),
        _ => br#","timestampType":"CREATE_TIME""#.as_slice(),
    });
    for (name, bytes) in [
        (br#","key":""#.as_slice(), &record.key),
        (br#","value":""#.as_slice(), &record.value),
    ] {
        if let Some(bytes) = bytes {
            out.extend_from_slice(name);
            base64_simd::STANDARD.encode_append(bytes, out);
            out.push(b'"');
        }
    }
    out.extend_from_slice(br#","headers":["#);
    for (index, (name, value)) in record.headers.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
        push_text(out, name);
        out.extend_from_slice(b":[");
        let before = out.len();
        for byte in value.iter().flat_map(|value| value.iter()) {
            let (text, length) = &BYTES[usize::from(*byte)];
            out.extend_from_slice(&text[..usize::from(*length)]);
        }
        if out.len() > before {
            out.pop();
        }
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(b"]}");
}

fn push_number(out: &mut Vec<u8>, number: i64) {
    use std::io::Write as _;
    if let Err(error) = write!(out, "{number}") {
        // Only a full disk or a closed pipe fails a write; memory has neither.
        tracing::error!(error = &error as &dyn std::error::Error, "Could not write to memory");
    }
}

/// Writes a JSON string.
fn push_text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

const fn byte_texts() -> [([u8; 5], u8); 256] {
    let mut texts = [([0; 5], 0); 256];
    let mut byte = 0;
    while byte < 256 {
        let is_negative = byte > 127;
        let magnitude = if is_negative { 256 - byte } else { byte };
        let mut text = [0; 5];
        let mut length = 0;
        if is_negative {
            text[length] = b'-';
            length += 1;
        }
        if magnitude >= 100 {
            text[length] = b'0' + (magnitude / 100) as u8;
            length += 1;
        }
        if magnitude >= 10 {
            text[length] = b'0' + (magnitude / 10 % 10) as u8;
            length += 1;
        }
        text[length] = b'0' + (magnitude % 10) as u8;
        text[length + 1] = b',';
        texts[byte] = (text, length as u8 + 2);
        byte += 1;
    }
    texts
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;

    fn record(partition: i32, offset: i64, key: Option<&str>, value: Option<&str>) -> ConsumerRecord {
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let mut record = ConsumerRecord::new("rates", partition, offset, key.map(bytes), value.map(bytes));
        record.timestamp = 1_700_000_000_123;
        record
    }

    fn event(source: &KafkaSource, partitions: &[&[ConsumerRecord]]) -> Value {
        let bytes = Envelope::new(source, "a:9092,b:9092").event(partitions.iter().map(|records| records.iter()), 0);
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn an_event_has_the_fields_that_lambda_sends() {
        let mut with_headers = record(0, 41, Some("USD"), Some("{}"));
        with_headers.headers = vec![
            ("ce_id".to_owned(), Some(Bytes::from_static(&[104, 0, 127, 128, 255]))),
            ("quote\"\n".to_owned(), Some(Bytes::new())),
            ("null".to_owned(), None),
        ];
        let records = [with_headers, record(0, 42, None, None)];
        let found = event(
            &KafkaSource::Msk {
                arn: "arn:aws:kafka:x".to_owned(),
            },
            &[&records, &[record(2, 7, None, Some("가"))]],
        );
        let expected = json!({
            "eventSource": "aws:kafka",
            "eventSourceArn": "arn:aws:kafka:x",
            "bootstrapServers": "a:9092,b:9092",
            "records": {
                "rates-0": [
                    {"topic": "rates", "partition": 0, "offset": 41, "timestamp": 1_700_000_000_123_i64, "timestampType": "CREATE_TIME",
                     "key": "VVNE", "value": "e30=",
                     "headers": [{"ce_id": [104, 0, 127, -128, -1]}, {"quote\"\n": []}, {"null": []}]},
                    {"topic": "rates", "partition": 0, "offset": 42, "timestamp": 1_700_000_000_123_i64, "timestampType": "CREATE_TIME", "headers": []},
                ],
                "rates-2": [
                    {"topic": "rates", "partition": 2, "offset": 7, "timestamp": 1_700_000_000_123_i64, "timestampType": "CREATE_TIME",
                     "value": "6rCA", "headers": []},
                ],
            },
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_self_managed_event_has_no_arn() {
        let found = event(&KafkaSource::SelfManaged, &[&[record(0, 0, None, Some("x"))]]);
        assert_eq!(found["eventSource"], "SelfManagedKafka");
        assert_eq!(found.get("eventSourceArn"), None);
    }

    #[test]
    fn every_header_byte_is_signed() {
        let mut all = record(0, 0, None, None);
        all.headers = vec![("all".to_owned(), Some((0..=255).collect::<Vec<u8>>().into()))];
        let found = event(&KafkaSource::SelfManaged, &[&[all]]);
        let expected: Vec<i8> = (0..=255).map(|byte: u8| byte as i8).collect();
        assert_eq!(found["records"]["rates-0"][0]["headers"][0]["all"], json!(expected));
    }

    #[test]
    fn the_size_is_never_below_what_is_written() {
        let long = "x".repeat(1_000);
        for (key, value) in [
            (None, None),
            (Some("USD"), Some("{}")),
            (Some(long.as_str()), Some(long.as_str())),
        ] {
            for header in ["", "name", "\u{1}\u{2}\u{3}"] {
                let mut record = record(i32::MAX, i64::MAX, key, value);
                record.timestamp = i64::MIN;
                record.headers = vec![(header.to_owned(), Some(Bytes::from(vec![128; 300]))); 3];
                let mut out = Vec::new();
                push_record(&mut out, &record);
                assert!(
                    size(&record) > out.len(),
                    "{} is not above {}",
                    size(&record),
                    out.len()
                );
            }
        }
    }
}
