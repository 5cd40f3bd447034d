//! AWS's own record of a batch that an event source mapping gave up. A queue gets where the records stand and not what they hold.
//!
//! Shape: AWS Lambda Developer Guide, "Capturing discarded batches for Amazon MSK and self-managed Apache Kafka event sources". Its pages do not agree about
//! the conditions' names, and their examples have offsets as numbers and as texts, so both are read and any condition is shown.

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::kafka::reader::OffsetRange;

/// What is known of a batch that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnFailure {
    pub(super) function: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) at: Option<DateTime<Utc>>,
    /// How often the function was called.
    pub(super) attempts: Option<u64>,
    /// What the function did at last, `Unhandled` for instance.
    pub(super) function_error: Option<String>,
    pub(super) ranges: Vec<OffsetRange>,
}

/// Why a record does not say where its batch stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum OnFailureError {
    /// It names no records.
    #[error("KafkaBatchInfo has neither recordsInfo nor recordInfo")]
    Records,
    /// A partition without offsets.
    #[error("recordsInfo of {0:?} has no first and last offset")]
    Range(String),
    /// A single record without a partition.
    #[error("recordInfo names no topic and partition")]
    Partition,
    /// A single record without an offset.
    #[error("recordInfo has no offset")]
    Offset,
}

impl OnFailure {
    /// Reads the body of a message: none when it is something else.
    ///
    /// # Errors
    /// [`OnFailureError`] when it is such a record, but does not say where the batch stands.
    pub(super) fn parse(body: &Value) -> Result<Option<Self>, OnFailureError> {
        let Some(batch) = body.get("KafkaBatchInfo") else {
            return Ok(None);
        };
        let ranges = ranges(batch)?;
        let context = body.get("requestContext");
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let arn = context
            .and_then(|context| context.get("functionArn"))
            .and_then(Value::as_str);
        let at = text(body.get("timestamp")).and_then(|at| DateTime::parse_from_rfc3339(&at).ok());
        Ok(Some(Self {
            function: arn.and_then(function_name),
            condition: text(context.and_then(|context| context.get("condition"))),
            at: at.map(|at| at.to_utc()),
            attempts: context
                .and_then(|context| context.get("approximateInvokeCount"))
                .and_then(Value::as_u64),
            function_error: text(
                body.get("responseContext")
                    .and_then(|answer| answer.get("functionError")),
            ),
            ranges,
        }))
    }

    /// What happened, in a sentence.
    pub(super) fn reason(&self) -> String {
        let records: i64 = self.ranges.iter().map(|range| range.last - range.first + 1).sum();
        let mut reason = format!("Lambda gave up a batch of {records} offsets");
        if let Some(attempts) = self.attempts {
            reason += &format!(" after {attempts} calls");
        }
        if let Some(error) = &self.function_error {
            reason += &format!(", the last ended with {error}");
        }
        reason
    }
}

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`
fn function_name(arn: &str) -> Option<String> {
    let (_, name) = arn.split_once(":function:")?;
    name.split(':')
        .next()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

fn ranges(batch: &Value) -> Result<Vec<OffsetRange>, OnFailureError> {
    if let Some(Value::Object(by_partition)) = batch.get("recordsInfo") {
        return by_partition
            .iter()
            .map(|(partition, info)| {
                range(partition, info.get("firstRecordOffset"), info.get("lastRecordOffset"))
                    .ok_or_else(|| OnFailureError::Range(partition.clone()))
            })
            .collect();
    }
    // A single record, as the Kafka destination has it.
    let Some(info) = batch.get("recordInfo") else {
        return Err(OnFailureError::Records);
    };
    let topic = info.get("topic").or(batch.get("topic")).and_then(Value::as_str);
    let partition = info.get("partition").or(batch.get("partition")).and_then(offset);
    match (topic, partition) {
        (Some(topic), Some(partition)) => {
            let place = format!("{topic}-{partition}");
            let found = range(&place, info.get("offset"), info.get("offset"));
            found.map(|range| vec![range]).ok_or(OnFailureError::Offset)
        }
        _ => Err(OnFailureError::Partition),
    }
}

fn range(topic_partition: &str, first: Option<&Value>, last: Option<&Value>) -> Option<OffsetRange> {
    let (topic, partition) = topic_partition.rsplit_once('-')?;
    let (first, last) = (offset(first?)?, offset(last?)?);
    (0 <= first && first <= last).then_some(OffsetRange {
        topic: topic.to_owned(),
        partition: partition.parse().ok().filter(|partition| *partition >= 0)?,
        first,
        last,
    })
}

fn offset(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn aws_records_are_read_in_all_their_forms() {
        let record = json!({
            "requestContext": {"requestId": "316aa6d0-8154-xmpl-9af7-85d5f4a6bc81",
                "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:history-exchange-rate-updated:$LATEST",
                "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0", "timestamp": "2019-11-14T00:38:06.021Z",
            "KafkaBatchInfo": {"batchSize": 500, "eventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/c/1",
                "bootstrapServers": "b:9098", "payloadSize": 2039086, "recordsInfo": {
                    "my-topic-12": {"firstRecordOffset": 49_601_189, "lastRecordOffset": 49_601_190,
                        "firstRecordTimestamp": "2019-11-14T00:38:04.835Z", "lastRecordTimestamp": "2019-11-14T00:38:05.580Z"},
                    "my-topic-3": {"firstRecordOffset": "7", "lastRecordOffset": "7"}}}
        });
        let read = OnFailure::parse(&record).unwrap().unwrap();
        assert_eq!(read.function.as_deref(), Some("history-exchange-rate-updated"));
        assert_eq!(read.condition.as_deref(), Some("RetryAttemptsExhausted"));
        let ranges: Vec<String> = read.ranges.iter().map(ToString::to_string).collect();
        assert_eq!(ranges, ["my-topic-12 49601189 to 49601190", "my-topic-3 7 to 7"]);
        assert_eq!(
            read.reason(),
            "Lambda gave up a batch of 3 offsets after 1 calls, the last ended with Unhandled"
        );

        let single = json!({"requestContext": {"condition": "SomethingNew"}, "responseContext": null,
            "KafkaBatchInfo": {"recordInfo": {"topic": "t", "partition": 0, "offset": 5}}});
        let read = OnFailure::parse(&single).unwrap().unwrap();
        assert_eq!(
            (read.function, read.ranges[0].to_string()),
            (None, "t-0 5 to 5".to_owned())
        );
        assert_eq!(read.condition.as_deref(), Some("SomethingNew"));
    }

    #[test]
    fn what_is_no_such_record_is_told_apart() {
        assert_eq!(OnFailure::parse(&json!({"Records": []})), Ok(None));
        for (batch, reason) in [
            (json!({}), "neither recordsInfo nor recordInfo"),
            (json!({"recordInfo": {"offset": 1}}), "no topic and partition"),
            (json!({"recordsInfo": {"t": {}}}), "no first and last offset"),
            (
                json!({"recordsInfo": {"t-0": {"firstRecordOffset": 9, "lastRecordOffset": 8}}}),
                "no first and last",
            ),
        ] {
            let error = OnFailure::parse(&json!({"KafkaBatchInfo": batch})).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
