//! `AWS::SQS::Queue`.

use std::collections::BTreeMap;

use serde_yaml_ng::Mapping;

use super::error::TemplateError;
use super::intrinsic::{Resolver, json_text};
use super::properties::Properties;
use super::spec::Queue;

/// Properties that are SQS attributes under the same name.
const ATTRIBUTES: [&str; 12] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

pub(super) fn read(resolver: &Resolver<'_>, id: &str, raw: &Mapping) -> Result<Queue, TemplateError> {
    let properties = Properties::new(resolver, id, "", raw);
    let mut attributes = BTreeMap::new();
    for name in ATTRIBUTES {
        let Some(value) = properties.value(name)? else { continue };
        // SQS takes policies as JSON text.
        let text = if value.is_object() {
            Some(value.to_string())
        } else {
            json_text(&value)
        };
        let text = text.ok_or_else(|| properties.property_error(name, Some(&value), "text or a mapping"))?;
        attributes.insert(name.to_owned(), text);
    }
    let fifo = properties.flag("FifoQueue", false)?;
    if !fifo {
        // CreateQueue refuses FifoQueue=false: a standard queue has no such attribute.
        attributes.remove("FifoQueue");
    }
    let name = match resolver.resource(id) {
        Some(resource) => resolver.name_of(id, resource, 0)?,
        None => id.to_owned(),
    };
    if fifo != name.ends_with(".fifo") {
        let allowed = if fifo {
            "a name that ends in .fifo"
        } else {
            "a name that does not end in .fifo"
        };
        return Err(properties.property_error("QueueName", Some(&name.into()), allowed));
    }
    Ok(Queue {
        logical_id: id.to_owned(),
        name,
        fifo,
        attributes,
    })
}
