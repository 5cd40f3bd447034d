//! Lambda's Kafka event, read tolerantly: null keys and values, absent headers, header bytes signed or unsigned, base64 that is none. What one odd
//! record holds never costs its neighbours. (`aws_lambda_events` refuses a whole event over one header byte above 127.)
//!
//! Shape: AWS Lambda Developer Guide, "Using Lambda with Amazon MSK", event example.

mod consumer_record;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::event::Header;

pub use self::consumer_record::{ConsumerRecord, replay_event};

/// The event of one invocation, borrowed from its bytes. Records of several partitions of one topic may be mixed.
#[derive(Debug, Deserialize)]
pub struct KafkaEvent<'a> {
    /// By `topic-partition`.
    #[serde(borrow)]
    pub records: BTreeMap<Text<'a>, Vec<KafkaRecord<'a>>>,
    /// Whether these are records that were dead-lettered before, sent again by [`replay_event`]. It stands beside the records and not in a header of
    /// theirs, so that nobody who writes to a topic can set it.
    #[serde(default, rename = "hwanyulReplay")]
    pub is_replay: bool,
}

/// One record as Lambda hands it over. What is encoded in it is decoded when asked for, so a record costs what is read of it.
#[derive(Debug, Deserialize)]
pub struct KafkaRecord<'a> {
    /// Its topic.
    #[serde(borrow)]
    pub topic: Text<'a>,
    /// Its partition.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub timestamp: Option<i64>,
    /// Decides the partition, base64; absent or null when the producer gave none.
    #[serde(default, borrow)]
    key: Option<Text<'a>>,
    /// The payload, base64; absent or null for a tombstone.
    #[serde(default, borrow)]
    value: Option<Text<'a>>,
    #[serde(default, borrow)]
    headers: Option<&'a RawValue>,
}

/// A text, borrowed unless JSON escapes stand in it (some encoders write the slash of base64 as `\/`).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<'a>(pub Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Borrowed).map(Self)
    }
}

/// A text is no base64.
#[derive(Debug, PartialEq, Eq)]
pub struct NotBase64;

impl KafkaRecord<'_> {
    /// Whether the record has no value.
    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        self.value.is_none()
    }

    /// Decodes the value into `buffer`, whose former contents go.
    ///
    /// # Errors
    /// [`NotBase64`].
    pub fn decode_value(&self, buffer: &mut Vec<u8>) -> Result<(), NotBase64> {
        buffer.clear();
        base64_simd::STANDARD
            .decode_append(self.value.as_deref().unwrap_or_default(), buffer)
            .map_err(|_| NotBase64)
    }

    /// The value's bytes, or those of its text when that is no base64; none for a tombstone.
    #[must_use]
    pub fn value(&self) -> Option<Vec<u8>> {
        self.value.as_deref().map(decoded)
    }

    /// The key's bytes, or those of its text when that is no base64.
    #[must_use]
    pub fn key(&self) -> Option<Vec<u8>> {
        self.key.as_deref().map(decoded)
    }

    /// All headers, in order. Headers of no known shape count as none: nothing that is applied depends on them.
    #[must_use]
    pub fn headers(&self) -> Vec<Header> {
        let read = |raw: &RawValue| serde_json::from_str::<Headers>(raw.get()).ok();
        self.headers.and_then(read).map(|headers| headers.0).unwrap_or_default()
    }

    /// The headers' JSON where it is of no known shape.
    #[must_use]
    pub fn unread_headers(&self) -> Option<&str> {
        let raw = self.headers?.get();
        (raw != "null" && serde_json::from_str::<Headers>(raw).is_err()).then_some(raw)
    }

    /// The text of the first header of this name, if it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers().into_iter().find(|(header, _)| header == name)?;
        String::from_utf8(value).ok()
    }
}

fn decoded(text: &str) -> Vec<u8> {
    base64_simd::STANDARD
        .decode_to_vec(text)
        .unwrap_or_else(|_| text.as_bytes().to_vec())
}

/// `[{"name": [bytes]}, ...]`.
struct Headers(Vec<Header>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Headers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of headers")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some(Pairs(pairs)) = list.next_element()? {
                    headers.extend(pairs);
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// `{"name": [bytes]}`; more than one name in a map is taken as well.
struct Pairs(Vec<Header>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header's name and bytes")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::with_capacity(1);
                while let Some((name, Bytes(value))) = map.next_entry()? {
                    pairs.push((name, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// Header bytes: -128 to 127 from AWS, 0 to 255 from some emulators, null where the producer gave none.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header's bytes")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::with_capacity(40);
                while let Some(byte) = list.next_element::<i64>()? {
                    // The low eight bits are the byte, whichever sign it was given.
                    bytes.push(byte.to_le_bytes()[0]);
                }
                Ok(Bytes(bytes))
            }
            fn visit_str<E>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }
            fn visit_unit<E>(self) -> Result<Bytes, E> {
                Ok(Bytes(Vec::new()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Bytes(Vec::new()))
            }
        }
        deserializer.deserialize_any(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_record_is_read_and_costs_its_neighbours_nothing() {
        let event: KafkaEvent = serde_json::from_str(
            r#"{"eventSource":"aws:kafka","bootstrapServers":"b:9098","records":{"t-0":[
              {"topic":"t","partition":0,"offset":1,"timestamp":5,"timestampType":"CREATE_TIME","key":"VVNE","value":"e30=","headers":[{"a":[-56,200,10]},{"a":[49]}]},
              {"topic":"t","partition":0,"offset":2,"key":null,"value":null,"headers":null},
              {"topic":"t","partition":0,"offset":3},
              {"topic":"t","partition":0,"offset":4,"value":"not base64!","headers":[{"x":null},{"y":"text"},{}],"keySchemaMetadata":{"schemaId":"1"}},
              {"topic":"t","partition":0,"offset":5,"value":"\/\/\/\/","headers":7}]}}"#,
        )
        .unwrap();
        let records: Vec<&KafkaRecord> = event.records.values().flatten().collect();
        assert_eq!(
            records[0].headers(),
            [("a".to_owned(), vec![200, 200, 10]), ("a".to_owned(), b"1".to_vec())]
        );
        assert_eq!(
            (records[0].value(), records[0].key()),
            (Some(b"{}".to_vec()), Some(b"USD".to_vec()))
        );
        assert!(records[1].is_tombstone() && records[2].is_tombstone() && records[2].headers().is_empty());
        assert_eq!(records[3].decode_value(&mut Vec::new()), Err(NotBase64));
        assert_eq!(records[3].value(), Some(b"not base64!".to_vec()));
        assert_eq!(records[3].header("y").as_deref(), Some("text"));
        assert_eq!(records[4].value(), Some(vec![0xff; 3]));
        assert!(records[4].headers().is_empty());
    }
}
