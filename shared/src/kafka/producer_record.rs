//! A record as a producer sends it, to the byte.

use bytes::Bytes;

use crate::event::{Event, Header, Topic};

/// A record as it goes to Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerRecord {
    /// Where it goes.
    pub topic: Topic,
    /// Decides the partition.
    pub key: String,
    /// The value.
    pub payload: Bytes,
    /// Names and values, in this order.
    pub headers: Vec<Header>,
}

impl From<&Event> for ProducerRecord {
    fn from(event: &Event) -> Self {
        let header = |(name, value): (&str, String)| (name.to_owned(), value.into_bytes());
        Self {
            topic: event.topic,
            key: event.key.clone(),
            payload: event.payload.clone(),
            headers: event.headers().into_iter().map(header).collect(),
        }
    }
}

impl ProducerRecord {
    /// The text of the first header of this name, if it is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name)?;
        String::from_utf8(value.clone()).ok()
    }
}
