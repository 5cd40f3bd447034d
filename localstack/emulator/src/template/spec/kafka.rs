//! A Kafka event source mapping. Names, ranges and defaults: `AWS::Lambda::EventSourceMapping`, AWS CloudFormation reference.

use std::time::Duration;

use uuid::Uuid;

use crate::filter::Filters;

/// What a Kafka event says it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KafkaSource {
    /// Amazon MSK: `eventSource` is `aws:kafka`, and the event carries the cluster's ARN.
    Msk {
        /// The cluster.
        arn: String,
    },
    /// Any other Kafka: `eventSource` is `SelfManagedKafka`.
    SelfManaged,
}

/// Where a partition starts that the group has never committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartingPosition {
    /// At its first record.
    TrimHorizon,
    /// At its end.
    Latest,
    /// At the first record of this time or later, in milliseconds since 1970.
    AtTimestamp(i64),
}

/// One Kafka event source mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingSpec {
    /// Its id in the API; the same at every start, because the stack's name and the template make it.
    pub uuid: Uuid,
    /// Its logical id; for a function's event the function's and the event's, joined, as SAM names it.
    pub name: String,
    /// The function's name.
    pub function: String,
    /// What its events say they come from.
    pub source: KafkaSource,
    /// The one topic.
    pub topic: String,
    /// `ConsumerGroupId`, else one made of the mapping's name, so that progress outlives a restart.
    pub consumer_group: String,
    /// `StartingPosition`.
    pub starting_position: StartingPosition,
    /// `BatchSize`: 1 to 10,000 records, 100 when unset.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`; 500 ms when unset.
    pub window: Duration,
    /// Whether `FunctionResponseTypes` has `ReportBatchItemFailures`.
    pub report_item_failures: bool,
    /// `MaximumRetryAttempts`; `None` (unset or -1) retries for ever. With a destination, for ever is 10.
    pub maximum_retry_attempts: Option<u32>,
    /// `MaximumRecordAgeInSeconds`; `None` (unset or -1) is any age.
    pub maximum_record_age: Option<Duration>,
    /// `BisectBatchOnFunctionError`.
    pub bisects: bool,
    /// `DestinationConfig.OnFailure`.
    pub destination: Option<DestinationSpec>,
    /// `FilterCriteria`.
    pub filters: Filters,
    /// `ProvisionedPollerConfig`.
    pub pollers: PollerSpec,
    /// `Enabled`.
    pub is_enabled: bool,
    /// What works here and not in AWS, or is better done otherwise.
    pub warnings: Vec<String>,
}

/// Where records go that are discarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationSpec {
    /// An SQS queue, by its ARN. It gets offsets, not the records.
    Queue {
        /// The queue.
        arn: String,
    },
    /// An S3 bucket. It gets the whole event, as text.
    Bucket {
        /// Its name.
        name: String,
    },
    /// A topic of the same cluster. It gets each record, with its key.
    Topic {
        /// Its name.
        name: String,
    },
}

/// How many pollers read for a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollerSpec {
    /// `MinimumPollers`; 1 when unset.
    pub minimum: usize,
    /// `MaximumPollers`; 200 when unset. 1 without `ProvisionedPollerConfig`.
    pub maximum: usize,
    /// Whether `ProvisionedPollerConfig` is set.
    pub is_provisioned: bool,
}

/// How many invocations one provisioned poller has at the same time, at the most.
///
/// Source: "Apache Kafka event poller scaling modes in Lambda" (<https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html>): a poller "can
/// support 5 MBps throughput and 5 concurrent Lambda invocations".
const INVOCATIONS_PER_POLLER: usize = 5;

impl PollerSpec {
    /// How many invocations one poller has at the same time, at the most. Without `ProvisionedPollerConfig` AWS does not say; here it is one.
    #[must_use]
    pub fn invocations(&self) -> usize {
        if self.is_provisioned { INVOCATIONS_PER_POLLER } else { 1 }
    }
}
