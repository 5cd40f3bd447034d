//! An SQS event source mapping. Names, ranges and defaults: `AWS::Lambda::EventSourceMapping`, AWS CloudFormation reference, and "Using Lambda with Amazon SQS",
//! AWS Lambda developer guide.

use std::time::Duration;

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
