//! Reads SQS event source mappings. Names, ranges and defaults: `AWS::Lambda::EventSourceMapping`, AWS CloudFormation reference, and "Using Lambda with Amazon SQS",
//! AWS Lambda developer guide.

use std::time::Duration;

use crate::template::error::TemplateError;
use crate::template::properties::Properties;
use crate::template::spec::QueueMappingSpec;

const DEFAULT_CONCURRENCY: usize = 5;
/// A batch of more messages needs a window to gather them in.
const WINDOWLESS_BATCH: i64 = 10;

pub(super) fn is_queue(arn: Option<&str>) -> bool {
    arn.is_some_and(|arn| arn.starts_with("arn:aws:sqs:"))
}

/// From an event of type `SQS`.
pub(super) fn from_event(
    event: &Properties<'_>,
    function: &str,
    name: &str,
) -> Result<QueueMappingSpec, TemplateError> {
    read(event, "Queue", function, name)
}

/// From an `AWS::Lambda::EventSourceMapping`.
pub(super) fn from_resource(
    resource: &Properties<'_>,
    function: &str,
    name: &str,
) -> Result<QueueMappingSpec, TemplateError> {
    read(resource, "EventSourceArn", function, name)
}

fn read(
    properties: &Properties<'_>,
    source: &str,
    function: &str,
    name: &str,
) -> Result<QueueMappingSpec, TemplateError> {
    const ARN: &str = "the ARN of an SQS queue";
    let queue_arn = properties.required_text(source, ARN)?;
    if !is_queue(Some(&queue_arn)) {
        return Err(properties.property_error(source, Some(&queue_arn.into()), ARN));
    }
    let is_fifo = queue_arn.ends_with(".fifo");
    let batch_size = properties.whole("BatchSize", 1..=if is_fifo { 10 } else { 10_000 })?;
    let window = properties
        .whole("MaximumBatchingWindowInSeconds", 0..=300)?
        .unwrap_or(0);
    if is_fifo && window > 0 {
        let allowed = "nothing, because a FIFO queue has no batching window";
        return Err(properties.property_error("MaximumBatchingWindowInSeconds", Some(&window.into()), allowed));
    }
    if let Some(size) = batch_size.filter(|size| *size > WINDOWLESS_BATCH && window == 0) {
        let allowed = "a whole number from 1 to 10, or more with a MaximumBatchingWindowInSeconds of 1 or more";
        return Err(properties.property_error("BatchSize", Some(&size.into()), allowed));
    }
    let responses = properties.texts("FunctionResponseTypes")?;
    if let Some(other) = responses.iter().find(|response| *response != "ReportBatchItemFailures") {
        let allowed = "ReportBatchItemFailures";
        return Err(properties.property_error("FunctionResponseTypes", Some(&other.clone().into()), allowed));
    }
    let concurrency = match properties.nested("ScalingConfig")? {
        Some(scaling) => scaling.whole("MaximumConcurrency", 2..=1_000)?,
        None => None,
    };
    let size = |number: Option<i64>, default: usize| {
        number
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(default)
    };
    Ok(QueueMappingSpec {
        name: name.to_owned(),
        function: function.to_owned(),
        queue_arn,
        batch_size: size(batch_size, 10),
        window: Duration::from_secs(window.unsigned_abs()),
        report_item_failures: !responses.is_empty(),
        maximum_concurrency: size(concurrency, DEFAULT_CONCURRENCY),
        is_enabled: properties.flag("Enabled", true)?,
    })
}
