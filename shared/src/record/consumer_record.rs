//! A record as a consumer has it, decoded and complete: what dead letters hold, what is read again from Kafka, and what is handed to a function once more.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::KafkaRecord;
use crate::event::Header;

/// A record, of which nothing is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerRecord {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// When it was written to Kafka, milliseconds since 1970.
    pub timestamp: Option<i64>,
    /// Decides the partition.
    pub key: Option<Vec<u8>>,
    /// In order.
    pub headers: Vec<Header>,
    /// JSON that stood where the headers should, when it was of no known shape.
    pub unread_headers: Option<String>,
    /// The payload; none for a tombstone.
    pub value: Option<Vec<u8>>,
}

impl From<&KafkaRecord<'_>> for ConsumerRecord {
    fn from(record: &KafkaRecord<'_>) -> Self {
        Self {
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key(),
            headers: record.headers(),
            unread_headers: record.unread_headers().map(str::to_owned),
            value: record.value(),
        }
    }
}

impl ConsumerRecord {
    /// `topic-partition`, as Lambda's events and answers name it.
    #[must_use]
    pub fn topic_partition(&self) -> String {
        format!("{}-{}", self.topic, self.partition)
    }

    /// The text of the first header of this name, if it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name)?;
        std::str::from_utf8(value).ok()
    }

    /// About how many bytes the record takes in an event: base64 makes four of three, and a header's byte is a number of up to four characters and a comma.
    #[must_use]
    pub fn event_bytes(&self) -> usize {
        let base64 = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(4, |bytes| bytes.len().div_ceil(3) * 4);
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + 10 + value.len() * 5)
            .sum();
        let unread = self.unread_headers.as_ref().map_or(0, String::len);
        250 + 2 * self.topic.len() + base64(&self.key) + base64(&self.value) + headers + unread
    }
}

/// Lambda's event for `records`, in the order given within each partition. With `is_replay` a function of ours answers what it refuses instead of
/// dead-lettering it, because it has a dead letter already.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn replay_event(records: &[&ConsumerRecord], is_replay: bool) -> Result<Vec<u8>, serde_json::Error> {
    let mut by_partition: BTreeMap<String, Vec<EventRecord<'_>>> = BTreeMap::new();
    for record in records {
        let written = EventRecord::new(record)?;
        by_partition.entry(record.topic_partition()).or_default().push(written);
    }
    serde_json::to_vec(&Event {
        event_source: "aws:kafka",
        is_replay,
        records: by_partition,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    event_source: &'static str,
    #[serde(rename = "hwanyulReplay", skip_serializing_if = "std::ops::Not::not")]
    is_replay: bool,
    records: BTreeMap<String, Vec<EventRecord<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
    timestamp_type: &'static str,
    key: Option<String>,
    value: Option<String>,
    headers: Box<RawValue>,
}

impl<'a> EventRecord<'a> {
    fn new(record: &'a ConsumerRecord) -> Result<Self, serde_json::Error> {
        let base64 = |bytes: &Option<Vec<u8>>| {
            bytes
                .as_ref()
                .map(|bytes| base64_simd::STANDARD.encode_to_string(bytes))
        };
        let headers = match &record.unread_headers {
            Some(raw) => raw.clone(),
            None => {
                // Signed, as AWS has them.
                let signed = |value: &[u8]| value.iter().map(|byte| byte.cast_signed()).collect::<Vec<i8>>();
                let headers = record
                    .headers
                    .iter()
                    .map(|(name, value)| BTreeMap::from([(name, signed(value))]));
                serde_json::to_string(&headers.collect::<Vec<_>>())?
            }
        };
        Ok(Self {
            topic: &record.topic,
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            timestamp_type: "CREATE_TIME",
            key: base64(&record.key),
            value: base64(&record.value),
            headers: RawValue::from_string(headers)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::KafkaEvent;

    #[test]
    fn an_event_made_of_records_holds_exactly_them() {
        let record = |offset, value: Option<&[u8]>| ConsumerRecord {
            topic: "a-topic".to_owned(),
            partition: 2,
            offset,
            timestamp: Some(1_761_829_200_000),
            key: Some(vec![0, 255]),
            headers: vec![("h".to_owned(), vec![0, 127, 128, 255]), ("h".to_owned(), Vec::new())],
            unread_headers: None,
            value: value.map(<[u8]>::to_vec),
        };
        let odd = ConsumerRecord {
            headers: Vec::new(),
            unread_headers: Some("7".to_owned()),
            key: None,
            timestamp: None,
            ..record(9, Some(b"x"))
        };
        let records = [record(7, Some(b"{}")), record(8, None), odd];
        let text = replay_event(&records.iter().collect::<Vec<_>>(), true).unwrap();
        let event: KafkaEvent = serde_json::from_slice(&text).unwrap();
        assert!(event.is_replay);
        assert_eq!(
            event.records.keys().map(|key| &**key).collect::<Vec<_>>(),
            ["a-topic-2"]
        );
        let read: Vec<ConsumerRecord> = event.records.values().flatten().map(ConsumerRecord::from).collect();
        assert_eq!(read, records);
        let estimated: usize = records.iter().map(ConsumerRecord::event_bytes).sum();
        assert!(estimated >= text.len(), "{estimated} {}", text.len());
        let plain = replay_event(&[&records[0]], false).unwrap();
        assert!(!serde_json::from_slice::<KafkaEvent>(&plain).unwrap().is_replay);
    }
}
