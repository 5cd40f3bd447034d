//! SQS event source mappings. Names, ranges and defaults: `AWS::Lambda::EventSourceMapping`, AWS CloudFormation reference, and "Using Lambda with Amazon SQS",
//! AWS Lambda developer guide.

use std::time::Duration;

use crate::template::TemplateError;
use crate::template::properties::Properties;

/// One SQS event source mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMappingSpec {
    /// Its logical id; for a function's event the function's and the event's, joined, as SAM names it.
    pub name: String,
    /// The function's name.
    pub function: String,
    /// The queue, as the event names it.
    pub queue_arn: String,
    /// `BatchSize`: 1 to 10,000 messages, to 10 for a FIFO queue; 10 when unset.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`, 0 when unset; a FIFO queue has none.
    pub window: Duration,
    /// Whether `FunctionResponseTypes` has `ReportBatchItemFailures`.
    pub report_item_failures: bool,
    /// `ScalingConfig.MaximumConcurrency`: invocations at the same time; 5 when unset, with which AWS begins.
    pub maximum_concurrency: usize,
    /// `Enabled`.
    pub is_enabled: bool,
}

const DEFAULT_CONCURRENCY: usize = 5;
/// A batch of more messages needs a window to gather them in.
const WINDOWLESS_BATCH: i64 = 10;

impl QueueMappingSpec {
    /// Whether its queue is a FIFO queue.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.queue_arn.ends_with(".fifo")
    }

    /// The queue's name.
    #[must_use]
    pub fn queue_name(&self) -> &str {
        self.queue_arn.rsplit(':').next().unwrap_or(&self.queue_arn)
    }
}

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
        return Err(properties.refuse(source, Some(&queue_arn.into()), ARN));
    }
    let is_fifo = queue_arn.ends_with(".fifo");
    let batch_size = properties.whole("BatchSize", 1..=if is_fifo { 10 } else { 10_000 })?;
    let window = properties
        .whole("MaximumBatchingWindowInSeconds", 0..=300)?
        .unwrap_or(0);
    if is_fifo && window > 0 {
        let allowed = "nothing, because a FIFO queue has no batching window";
        return Err(properties.refuse("MaximumBatchingWindowInSeconds", Some(&window.into()), allowed));
    }
    if let Some(size) = batch_size.filter(|size| *size > WINDOWLESS_BATCH && window == 0) {
        let allowed = "a whole number from 1 to 10, or more with a MaximumBatchingWindowInSeconds of 1 or more";
        return Err(properties.refuse("BatchSize", Some(&size.into()), allowed));
    }
    let responses = properties.texts("FunctionResponseTypes")?;
    if let Some(other) = responses.iter().find(|response| *response != "ReportBatchItemFailures") {
        let allowed = "ReportBatchItemFailures";
        return Err(properties.refuse("FunctionResponseTypes", Some(&other.clone().into()), allowed));
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
