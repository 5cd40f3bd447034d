//! Lambda's Kafka event, read tolerantly: null keys and values, absent headers, header bytes signed or unsigned, base64 that is none. What one odd
//! record holds never costs its neighbours. (`aws_lambda_events` refuses a whole event over one header byte above 127.)
//!
//! Shape: AWS Lambda Developer Guide, "Using Lambda with Amazon MSK", event example.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::event::Header;

/// The event of one invocation. Records of several partitions of one topic may be mixed.
#[derive(Debug, Deserialize)]
pub struct KafkaEvent {
    /// By `topic-partition`.
    pub records: BTreeMap<String, Vec<KafkaRecord>>,
}

/// One record as Lambda hands it over.
#[derive(Debug, Deserialize)]
pub struct KafkaRecord {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub timestamp: Option<i64>,
    /// Decides the partition; absent or null when the producer gave none.
    #[serde(default)]
    pub key: Option<Base64>,
    /// The payload; absent or null for a tombstone.
    #[serde(default)]
    pub value: Option<Base64>,
    /// In order; empty when absent or null.
    #[serde(default, deserialize_with = "headers")]
    pub headers: Vec<Header>,
}

/// Bytes that travel as base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base64 {
    /// Decoded.
    Bytes(Vec<u8>),
    /// The text as it came, because it is no base64.
    Not(String),
}

impl Base64 {
    /// The decoded bytes, or those of the undecodable text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Not(text) => text.as_bytes(),
        }
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Base64;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64 text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Base64, E> {
                Ok(base64_simd::STANDARD.decode_to_vec(text).map_or_else(|_| Base64::Not(text.to_owned()), Base64::Bytes))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl KafkaRecord {
    /// The text of the first header of this name, if it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name)?;
        std::str::from_utf8(value).ok()
    }
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Header>, D::Error> {
    Ok(Option::<Headers>::deserialize(deserializer)?.map(|headers| headers.0).unwrap_or_default())
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
              {"topic":"t","partition":0,"offset":4,"value":"not base64!","headers":[{"x":null},{"y":"text"},{}],"keySchemaMetadata":{"schemaId":"1"}}]}}"#,
        )
        .unwrap();
        let records = &event.records["t-0"];
        assert_eq!(records[0].headers, [("a".to_owned(), vec![200, 200, 10]), ("a".to_owned(), b"1".to_vec())]);
        assert_eq!(records[0].value, Some(Base64::Bytes(b"{}".to_vec())));
        assert!(records[1].value.is_none() && records[2].value.is_none() && records[2].headers.is_empty());
        assert_eq!(records[3].value, Some(Base64::Not("not base64!".to_owned())));
    }
}
