//! On-failure records, as AWS writes them. For SQS they tell the offsets, for S3 also the event as text; for a topic there is one for
//! each record, with an event of that record alone. Offsets are text, as on AWS's page.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::mapping::event::Envelope;
use crate::mapping::partition::{Chunk, Condition, Pending};
use crate::template::{KafkaSource, function_arn};

/// The mapping's part of every record.
pub(super) struct Records {
    pub(super) function: String,
    pub(super) source: KafkaSource,
    pub(super) bootstrap: String,
    pub(super) uuid: Uuid,
    pub(super) envelope: Envelope,
}

/// The invocation that failed last, and why the records are given up.
pub(super) struct Invocation {
    request_id: String,
    condition: Condition,
    count: u32,
    response: Option<ResponseContext>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    request_context: RequestContext<'a>,
    response_context: Option<&'a ResponseContext>,
    version: &'static str,
    timestamp: String,
    #[serde(rename = "KafkaBatchInfo")]
    kafka_batch_info: BatchInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: String,
    condition: &'static str,
    approximate_invoke_count: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext {
    status_code: u16,
    executed_version: &'static str,
    function_error: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchInfo<'a> {
    batch_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_source_arn: Option<&'a str>,
    bootstrap_servers: &'a str,
    payload_size: usize,
    #[serde(flatten)]
    info: Info,
}

#[derive(Debug, Serialize)]
enum Info {
    #[serde(rename = "recordsInfo")]
    Records(BTreeMap<String, Span>),
    #[serde(rename = "recordInfo")]
    Record { offset: String, timestamp: String },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    first_record_offset: String,
    last_record_offset: String,
    first_record_timestamp: String,
    last_record_timestamp: String,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Payload {
    Text(String),
    Event(Box<RawValue>),
}

impl Invocation {
    pub(super) fn of(chunk: &Chunk) -> Self {
        let last = chunk.last.as_ref();
        Self {
            // Records that were never sent were in no request; the field must have a value.
            request_id: last.map_or_else(|| Uuid::new_v4().to_string(), |last| last.request_id.clone()),
            condition: chunk.given_up.unwrap_or(Condition::RetryAttemptsExhausted),
            count: chunk.invocations,
            response: last.map(|last| ResponseContext {
                status_code: 200,
                executed_version: "$LATEST",
                function_error: last.function_error.clone(),
            }),
        }
    }
}

impl Records {
    /// For SQS: which records.
    pub(super) fn offsets(
        &self,
        chunk: &Chunk,
        invocation: &Invocation,
        now: DateTime<Utc>,
    ) -> serde_json::Result<String> {
        let size = self.event(&chunk.records).len();
        serde_json::to_string(&self.record(chunk, invocation, now, size, None))
    }

    /// For S3: which records, and the event.
    pub(super) fn with_event(
        &self,
        chunk: &Chunk,
        invocation: &Invocation,
        now: DateTime<Utc>,
    ) -> serde_json::Result<String> {
        let event = self.event(&chunk.records);
        let payload = Payload::Text(String::from_utf8_lossy(&event).into_owned());
        serde_json::to_string(&self.record(chunk, invocation, now, event.len(), Some(payload)))
    }

    /// For a topic: one value for each record, beside its key.
    pub(super) fn one_by_one(
        &self,
        chunk: &Chunk,
        invocation: &Invocation,
        now: DateTime<Utc>,
    ) -> serde_json::Result<Vec<(Option<Bytes>, String)>> {
        let value = |pending: &Pending| {
            let event = self.event(std::slice::from_ref(pending));
            let size = event.len();
            let payload = serde_json::from_slice(&event).map(Payload::Event)?;
            let mut record = self.record(chunk, invocation, now, size, Some(payload));
            // AWS's page on topics as destinations has these two so, its page on SQS and S3 the others.
            record.request_context.function_arn.push_str(":$LATEST");
            if invocation.condition == Condition::RetryAttemptsExhausted {
                record.request_context.condition = "RetriesExhausted";
            }
            record.kafka_batch_info.batch_size = 1;
            record.kafka_batch_info.info = Info::Record {
                offset: pending.record.offset.to_string(),
                timestamp: time(pending.record.timestamp),
            };
            Ok((pending.record.key.clone(), serde_json::to_string(&record)?))
        };
        chunk.records.iter().map(value).collect()
    }

    /// The object's key in S3.
    pub(super) fn key(&self, now: DateTime<Utc>) -> String {
        let (day, time) = (now.format("%Y/%m/%d"), now.format("%Y-%m-%dT%H.%M.%S"));
        format!("aws/lambda/{}/{day}/{time}-{}", self.uuid, Uuid::new_v4())
    }

    fn event(&self, records: &[Pending]) -> Vec<u8> {
        let size = records.iter().map(|pending| pending.size).sum();
        let list = records.iter().map(|pending| &pending.record);
        self.envelope.event(std::iter::once(list), size)
    }

    fn record<'a>(
        &'a self,
        chunk: &Chunk,
        invocation: &'a Invocation,
        now: DateTime<Utc>,
        payload_size: usize,
        payload: Option<Payload>,
    ) -> Record<'a> {
        let span = chunk.records.first().zip(chunk.records.last()).map(|(first, last)| {
            let (first, last) = (&first.record, &last.record);
            let span = Span {
                first_record_offset: first.offset.to_string(),
                last_record_offset: last.offset.to_string(),
                first_record_timestamp: time(first.timestamp),
                last_record_timestamp: time(last.timestamp),
            };
            (format!("{}-{}", first.topic, first.partition), span)
        });
        Record {
            request_context: RequestContext {
                request_id: &invocation.request_id,
                function_arn: function_arn(&self.function),
                condition: invocation.condition.name(),
                approximate_invoke_count: invocation.count,
            },
            response_context: invocation.response.as_ref(),
            version: "1.0",
            timestamp: now.to_rfc3339_opts(SecondsFormat::Millis, true),
            kafka_batch_info: BatchInfo {
                batch_size: chunk.len(),
                event_source_arn: match &self.source {
                    KafkaSource::Msk { arn } => Some(arn),
                    KafkaSource::SelfManaged => None,
                },
                bootstrap_servers: &self.bootstrap,
                payload_size,
                info: Info::Records(span.into_iter().collect()),
            },
            payload,
        }
    }
}

/// Milliseconds since 1970 as AWS writes times.
fn time(milliseconds: i64) -> String {
    DateTime::from_timestamp_millis(milliseconds)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
