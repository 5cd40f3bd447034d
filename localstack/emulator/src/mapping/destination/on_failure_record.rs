//! On-failure records, as AWS writes them. For SQS they tell the offsets, for S3 also the event as text; for a topic there is one for
//! each record, with an event of that record alone. Offsets are text, as on AWS's page.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::aws::function_arn;
use crate::mapping::event::Envelope;
use crate::mapping::partition::{DiscardReason, PendingRecord, RetryBatch};
use crate::template::KafkaSource;

/// Writes on-failure records; the mapping's part of every record.
pub(super) struct OnFailureRecords {
    pub(super) function: String,
    pub(super) source: KafkaSource,
    pub(super) bootstrap: String,
    pub(super) uuid: Uuid,
    pub(super) envelope: Envelope,
}

/// Records of one partition that are discarded, with the invocation that failed last.
pub(super) struct FailedBatch<'a> {
    records: &'a [PendingRecord],
    reason: DiscardReason,
    invocations: u32,
    request_id: String,
    response: Option<ResponseContext>,
    now: DateTime<Utc>,
}

/// A record for a topic.
pub(super) struct TopicRecord {
    /// The key of the record that failed.
    pub(super) key: Option<Bytes>,
    pub(super) value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OnFailureRecord<'a> {
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
    range: RecordRange,
}

#[derive(Debug, Serialize)]
enum RecordRange {
    #[serde(rename = "recordsInfo")]
    Many(BTreeMap<String, OffsetRange>),
    #[serde(rename = "recordInfo")]
    One { offset: String, timestamp: String },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OffsetRange {
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

impl<'a> FailedBatch<'a> {
    pub(super) fn new(retry: &'a RetryBatch, now: DateTime<Utc>) -> Self {
        let last = retry.last_invocation.as_ref();
        Self {
            records: &retry.records,
            reason: retry.discard_reason.unwrap_or(DiscardReason::RetryAttemptsExhausted),
            invocations: retry.invocations,
            // Records that were never sent were in no request; the field must have a value.
            request_id: last.map_or_else(|| Uuid::new_v4().to_string(), |last| last.request_id.clone()),
            response: last.map(|last| ResponseContext {
                status_code: 200,
                executed_version: "$LATEST",
                function_error: last.function_error.clone(),
            }),
            now,
        }
    }
}

impl OnFailureRecords {
    /// For SQS: which records.
    pub(super) fn for_queue(&self, batch: &FailedBatch<'_>) -> serde_json::Result<String> {
        let size = self.event(batch.records).len();
        serde_json::to_string(&self.record(batch, size, None))
    }

    /// For S3: which records, and the event.
    pub(super) fn for_bucket(&self, batch: &FailedBatch<'_>) -> serde_json::Result<String> {
        let event = self.event(batch.records);
        let payload = Payload::Text(String::from_utf8_lossy(&event).into_owned());
        serde_json::to_string(&self.record(batch, event.len(), Some(payload)))
    }

    /// For a topic: one for each record.
    pub(super) fn for_topic(&self, batch: &FailedBatch<'_>) -> serde_json::Result<Vec<TopicRecord>> {
        let one = |pending: &PendingRecord| {
            let event = self.event(std::slice::from_ref(pending));
            let size = event.len();
            let payload = serde_json::from_slice(&event).map(Payload::Event)?;
            let mut record = self.record(batch, size, Some(payload));
            // AWS's page on topics as destinations has these two so, its page on SQS and S3 the others.
            record.request_context.function_arn.push_str(":$LATEST");
            if batch.reason == DiscardReason::RetryAttemptsExhausted {
                record.request_context.condition = "RetriesExhausted";
            }
            record.kafka_batch_info.batch_size = 1;
            record.kafka_batch_info.range = RecordRange::One {
                offset: pending.record.offset.to_string(),
                timestamp: time(pending.record.timestamp),
            };
            Ok(TopicRecord {
                key: pending.record.key.clone(),
                value: serde_json::to_string(&record)?,
            })
        };
        batch.records.iter().map(one).collect()
    }

    /// The object's key in S3.
    pub(super) fn object_key(&self, now: DateTime<Utc>) -> String {
        let (day, time) = (now.format("%Y/%m/%d"), now.format("%Y-%m-%dT%H.%M.%S"));
        format!("aws/lambda/{}/{day}/{time}-{}", self.uuid, Uuid::new_v4())
    }

    fn event(&self, records: &[PendingRecord]) -> Vec<u8> {
        let size = records.iter().map(|pending| pending.size).sum();
        let list = records.iter().map(|pending| &pending.record);
        self.envelope.event(std::iter::once(list), size)
    }

    fn record<'a>(
        &'a self,
        batch: &'a FailedBatch<'_>,
        payload_size: usize,
        payload: Option<Payload>,
    ) -> OnFailureRecord<'a> {
        let range = batch.records.first().zip(batch.records.last()).map(|(first, last)| {
            let (first, last) = (&first.record, &last.record);
            let range = OffsetRange {
                first_record_offset: first.offset.to_string(),
                last_record_offset: last.offset.to_string(),
                first_record_timestamp: time(first.timestamp),
                last_record_timestamp: time(last.timestamp),
            };
            (format!("{}-{}", first.topic, first.partition), range)
        });
        OnFailureRecord {
            request_context: RequestContext {
                request_id: &batch.request_id,
                function_arn: function_arn(&self.function),
                condition: batch.reason.name(),
                approximate_invoke_count: batch.invocations,
            },
            response_context: batch.response.as_ref(),
            version: "1.0",
            timestamp: batch.now.to_rfc3339_opts(SecondsFormat::Millis, true),
            kafka_batch_info: BatchInfo {
                batch_size: batch.records.len(),
                event_source_arn: match &self.source {
                    KafkaSource::Msk { arn } => Some(arn),
                    KafkaSource::SelfManaged => None,
                },
                bootstrap_servers: &self.bootstrap,
                payload_size,
                range: RecordRange::Many(range.into_iter().collect()),
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
