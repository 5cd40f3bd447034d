//! An event on its way: payload bytes and the headers around them. CloudEvents 1.0, Kafka protocol binding, binary mode, with `correlation-id` and
//! the W3C `traceparent` beside it.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use uuid::Uuid;

use super::{Payload, Topic};
use crate::time::Timestamp;

/// Header names. `ce_*` are CloudEvents attributes as its Kafka binding spells them.
pub mod header {
    /// Unique per event.
    pub const CE_ID: &str = "ce_id";
    /// `hwanyul.` and the topic's name.
    pub const CE_TYPE: &str = "ce_type";
    /// Who published it, a URI reference.
    pub const CE_SOURCE: &str = "ce_source";
    /// `1.0`.
    pub const CE_SPECVERSION: &str = "ce_specversion";
    /// When it was made.
    pub const CE_TIME: &str = "ce_time";
    /// `application/json`.
    pub const CONTENT_TYPE: &str = "content-type";
    /// One per ingest run.
    pub const CORRELATION_ID: &str = "correlation-id";
    /// W3C Trace Context.
    pub const TRACEPARENT: &str = "traceparent";
}

/// The publisher of what the history holds, which says nothing of how fast a rate arrives.
pub const BACKFILL: &str = "/hwanyul/operations-backfill";

/// A header of a Kafka record: its name and its bytes.
pub type Header = (String, Vec<u8>);

/// W3C Trace Context, version 00: which span of which trace something comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Traceparent {
    trace_id: u128,
    parent_id: u64,
    is_sampled: bool,
}

impl Traceparent {
    /// The span `parent_id` of the trace `trace_id`; none when an id is zero, which stands for nothing.
    #[must_use]
    pub const fn new(trace_id: u128, parent_id: u64, is_sampled: bool) -> Option<Self> {
        if trace_id == 0 || parent_id == 0 {
            return None;
        }
        Some(Self {
            trace_id,
            parent_id,
            is_sampled,
        })
    }

    /// The trace.
    #[must_use]
    pub const fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The span.
    #[must_use]
    pub const fn parent_id(self) -> u64 {
        self.parent_id
    }

    /// Whether its sender keeps the trace. Whoever goes on with it does the same.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.is_sampled
    }
}

/// Why a text is not a traceparent.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("traceparent must be 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, in lower case, got {0:?}")]
pub struct TraceparentError(String);

impl FromStr for Traceparent {
    type Err = TraceparentError;

    fn from_str(text: &str) -> Result<Self, TraceparentError> {
        let refused = || TraceparentError(text.chars().take(60).collect());
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace, parent, flags] = parts[..] else {
            return Err(refused());
        };
        if (version.len(), trace.len(), parent.len(), flags.len()) != (2, 32, 16, 2) || version == "ff" {
            return Err(refused());
        }
        // Integers may have a sign and upper case, which a traceparent may not.
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
        if !text.bytes().all(is_hex) {
            return Err(refused());
        }
        let trace_id = u128::from_str_radix(trace, 16).map_err(|_| refused())?;
        let parent_id = u64::from_str_radix(parent, 16).map_err(|_| refused())?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| refused())?;
        Self::new(trace_id, parent_id, flags & 1 == 1).ok_or_else(refused)
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.is_sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace_id, self.parent_id)
    }
}

/// What all events of one run share.
#[derive(Debug, Clone)]
pub struct Run {
    /// One per run, in headers, payloads and logs.
    pub correlation_id: Uuid,
    /// The run's trace.
    pub traceparent: Traceparent,
    /// CloudEvents `source`, `/hwanyul/ingestor`.
    pub publisher: &'static str,
}

impl Run {
    /// A run with ids of its own.
    #[must_use]
    pub fn new(publisher: &'static str) -> Self {
        let (trace, parent) = (Uuid::new_v4().as_u128(), Uuid::new_v4().as_u64_pair().0);
        Self {
            correlation_id: Uuid::now_v7(),
            traceparent: Traceparent {
                trace_id: trace,
                parent_id: parent,
                is_sampled: true,
            },
            publisher,
        }
    }

    /// The run as a part of the span `traceparent`, where there is one: its events then lead to it.
    #[must_use]
    pub fn within(self, traceparent: Option<Traceparent>) -> Self {
        Self {
            traceparent: traceparent.unwrap_or(self.traceparent),
            ..self
        }
    }

    /// `payload` as an event of this run, made at `time`.
    ///
    /// # Errors
    /// When `payload` cannot be written as JSON.
    pub fn event<P: Payload>(&self, payload: &P, time: Timestamp) -> Result<Event, serde_json::Error> {
        Ok(Event {
            id: Uuid::now_v7(),
            topic: P::TOPIC,
            key: payload.key(),
            payload: serde_json::to_vec(payload)?.into(),
            time,
            correlation_id: self.correlation_id,
            traceparent: self.traceparent,
            publisher: self.publisher,
        })
    }
}

/// An event ready to be published.
#[derive(Debug, Clone)]
pub struct Event {
    /// CloudEvents `id`.
    pub id: Uuid,
    /// Where it goes.
    pub topic: Topic,
    /// Decides the partition.
    pub key: String,
    /// JSON.
    pub payload: Bytes,
    /// CloudEvents `time`.
    pub time: Timestamp,
    /// The run's.
    pub correlation_id: Uuid,
    /// The run's.
    pub traceparent: Traceparent,
    /// CloudEvents `source`.
    pub publisher: &'static str,
}

impl Event {
    /// The record's headers, in this order.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 8] {
        [
            (header::CE_ID, self.id.to_string()),
            (header::CE_TYPE, format!("hwanyul.{}", self.topic)),
            (header::CE_SOURCE, self.publisher.to_owned()),
            (header::CE_SPECVERSION, "1.0".to_owned()),
            (header::CE_TIME, self.time.to_string()),
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (header::CORRELATION_ID, self.correlation_id.to_string()),
            (header::TRACEPARENT, self.traceparent.to_string()),
        ]
    }
}
