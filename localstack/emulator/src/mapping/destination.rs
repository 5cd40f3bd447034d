//! Where discarded records go: SQS, S3 or another topic, as AWS's on-failure records.
//!
//! Source: "Capturing discarded batches for Amazon MSK and self-managed Apache Kafka event sources" and "Using a Kafka topic as an
//! on-failure destination", AWS Lambda developer guide.

mod bucket;
mod error;
mod on_failure_record;
mod queue;
mod topic;

use aws_sdk_sqs::config::Credentials;

use super::event::Envelope;
use super::partition::RetryBatch;
use crate::aws::{ACCESS_KEY, SECRET_KEY};
use crate::error::EmulatorError;
use crate::options::EmulatorOptions;
use crate::template::{DestinationSpec, MappingSpec};

use bucket::BucketDestination;
use error::WRITE_LIMIT;
use on_failure_record::{FailedBatch, OnFailureRecords};
use queue::QueueDestination;
use topic::TopicDestination;

pub(super) use error::DestinationError;

/// A mapping's destination.
pub(super) struct Destination {
    records: OnFailureRecords,
    target: Target,
}

enum Target {
    Queue(QueueDestination),
    Bucket(BucketDestination),
    Topic(Box<TopicDestination>),
}

impl Destination {
    /// The mapping's destination, if it has one; `queue_url` finds a queue of the template by its ARN.
    pub(super) fn new(
        spec: &MappingSpec,
        options: &EmulatorOptions,
        queue_url: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, EmulatorError> {
        let Some(destination) = &spec.destination else {
            return Ok(None);
        };
        let refused = |destination: &str, reason: &'static str| EmulatorError::Destination {
            mapping: spec.name.clone(),
            destination: destination.to_owned(),
            reason,
        };
        let target = match destination {
            DestinationSpec::Queue { arn } => {
                let url = queue_url(arn).ok_or_else(|| refused(arn, "it must be a queue of this template"))?;
                Target::Queue(QueueDestination::new(url, credentials(options)))
            }
            DestinationSpec::Bucket { name } => {
                let endpoint = options.s3_endpoint.clone();
                let endpoint = endpoint.ok_or_else(|| refused(name, "a bucket needs the address of an S3 endpoint"))?;
                Target::Bucket(BucketDestination::new(endpoint, name.clone(), credentials(options)))
            }
            DestinationSpec::Topic { name } => {
                Target::Topic(Box::new(TopicDestination::new(options.kafka.clone(), name.clone())))
            }
        };
        let records = OnFailureRecords {
            function: spec.function.clone(),
            source: spec.source.clone(),
            bootstrap: options.kafka.bootstrap.clone(),
            uuid: spec.uuid,
            envelope: Envelope::new(&spec.source, &options.kafka.bootstrap),
        };
        Ok(Some(Self { records, target }))
    }

    /// Writes records of one partition. They may be written twice when this fails.
    pub(super) async fn write(&self, retry: &RetryBatch) -> Result<(), DestinationError> {
        let now = chrono::Utc::now();
        let batch = FailedBatch::new(retry, now);
        let write = async {
            match &self.target {
                Target::Queue(queue) => queue.send(self.records.for_queue(&batch)?).await,
                Target::Bucket(bucket) => {
                    let body = self.records.for_bucket(&batch)?;
                    bucket.put(&self.records.object_key(now), body, now).await
                }
                Target::Topic(topic) => topic.send(self.records.for_topic(&batch)?).await,
            }
        };
        tokio::time::timeout(WRITE_LIMIT, write)
            .await
            .unwrap_or(Err(DestinationError::Timeout))
    }
}

/// What functions would sign with, so that a real endpoint can be used as well.
fn credentials(options: &EmulatorOptions) -> Credentials {
    let key = |name: &str, default: &str| {
        let given = options.function_env.get(name);
        given.map_or(default, String::as_str).to_owned()
    };
    let access_key = key("AWS_ACCESS_KEY_ID", ACCESS_KEY);
    let secret_key = key("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    Credentials::new(access_key, secret_key, None, None, "emulator")
}
