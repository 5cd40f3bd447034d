//! Messages as Lambda hands them to a function: "Example Amazon SQS message event", AWS Lambda developer guide.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use serde::Serialize;

use crate::aws::REGION;

/// What Lambda tells of a message that SQS says of it.
const ATTRIBUTES: [MessageSystemAttributeName; 8] = [
    MessageSystemAttributeName::ApproximateReceiveCount,
    MessageSystemAttributeName::AwsTraceHeader,
    MessageSystemAttributeName::SentTimestamp,
    MessageSystemAttributeName::SequenceNumber,
    MessageSystemAttributeName::MessageGroupId,
    MessageSystemAttributeName::SenderId,
    MessageSystemAttributeName::MessageDeduplicationId,
    MessageSystemAttributeName::ApproximateFirstReceiveTimestamp,
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    body: &'a str,
    attributes: BTreeMap<&'a str, &'a str>,
    message_attributes: BTreeMap<&'a str, Attribute<'a>>,
    md5_of_body: &'a str,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
    string_list_values: [&'static str; 0],
    binary_list_values: [&'static str; 0],
    data_type: &'a str,
}

/// A message as it stands among the event's `Records`.
///
/// # Errors
/// When it cannot be written as JSON.
pub(super) fn record(message: &Message, queue_arn: &str) -> Result<Vec<u8>, serde_json::Error> {
    let system = message.attributes();
    let attributes = ATTRIBUTES.iter().filter_map(|name| {
        let value = system?.get(name)?;
        Some((name.as_str(), value.as_str()))
    });
    let own = message.message_attributes().into_iter().flatten();
    serde_json::to_vec(&Record {
        message_id: message.message_id().unwrap_or_default(),
        receipt_handle: message.receipt_handle().unwrap_or_default(),
        body: message.body().unwrap_or_default(),
        attributes: attributes.collect(),
        message_attributes: own.map(|(name, value)| (name.as_str(), attribute(value))).collect(),
        md5_of_body: message.md5_of_body().unwrap_or_default(),
        event_source: "aws:sqs",
        event_source_arn: queue_arn,
        aws_region: REGION,
    })
}

/// The event of these records.
pub(super) fn event(records: &[Vec<u8>]) -> Vec<u8> {
    [b"{\"Records\":[".as_slice(), &records.join(&b","[..]), b"]}"].concat()
}

fn attribute(value: &MessageAttributeValue) -> Attribute<'_> {
    let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
    Attribute {
        string_value: value.string_value(),
        binary_value: value.binary_value().map(|bytes| base64(bytes.as_ref())),
        string_list_values: [],
        binary_list_values: [],
        data_type: value.data_type(),
    }
}
