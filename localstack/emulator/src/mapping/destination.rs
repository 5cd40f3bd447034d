//! Where records go that are given up: SQS, S3 or another topic, as AWS's on-failure records.
//!
//! Source: "Capturing discarded batches for Amazon MSK and self-managed Apache Kafka event sources" and "Using a Kafka topic as an
//! on-failure destination", AWS Lambda developer guide.

mod bucket;
mod queue;
mod record;
mod topic;

use std::time::Duration;

use super::event::Envelope;
use super::partition::Chunk;
use crate::template::{DestinationSpec, MappingSpec};
use crate::{ACCESS_KEY, EmulatorError, EmulatorOptions, SECRET_KEY};

use bucket::Bucket;
use queue::Queue;
use record::{Invocation, Records};
use topic::Topic;

/// How long one write may take.
const LIMIT: Duration = Duration::from_secs(15);

/// Why records could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum DestinationError {
    #[error("the queue {url} did not take the on-failure record: {reason}")]
    Queue { url: String, reason: String },
    #[error("the bucket {bucket} at {endpoint} did not take the on-failure record: {reason}")]
    Bucket {
        bucket: String,
        endpoint: String,
        reason: String,
    },
    #[error("the topic {topic} did not take the on-failure records")]
    Topic {
        topic: String,
        #[source]
        source: krafka::error::KrafkaError,
    },
    #[error("the on-failure record was not written within {} s", LIMIT.as_secs())]
    Timeout,
    #[error("the on-failure record could not be put into words")]
    Json(#[from] serde_json::Error),
}

/// Credentials for SQS and S3.
struct Keys {
    access: String,
    secret: String,
}

/// A mapping's destination.
pub(super) struct Destination {
    records: Records,
    target: Target,
}

enum Target {
    Queue(Queue),
    Bucket(Bucket),
    Topic(Box<Topic>),
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
        // What functions would sign with, so that a real endpoint can be used as well.
        let key = |name: &str, default: &str| {
            options
                .function_env
                .get(name)
                .map_or(default, String::as_str)
                .to_owned()
        };
        let keys = Keys {
            access: key("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            secret: key("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        };
        let target = match destination {
            DestinationSpec::Queue { arn } => {
                let url = queue_url(arn).ok_or_else(|| refused(arn, "it must be a queue of this template"))?;
                Target::Queue(Queue::new(url, &keys))
            }
            DestinationSpec::Bucket { name } => {
                let endpoint = options.s3_endpoint.clone();
                let endpoint = endpoint.ok_or_else(|| refused(name, "a bucket needs the address of an S3 endpoint"))?;
                Target::Bucket(Bucket::new(endpoint, name.clone(), keys))
            }
            DestinationSpec::Topic { name } => Target::Topic(Box::new(Topic::new(options.kafka.clone(), name.clone()))),
        };
        let records = Records {
            function: spec.function.clone(),
            source: spec.source.clone(),
            bootstrap: options.kafka.bootstrap.clone(),
            uuid: spec.uuid,
            envelope: Envelope::new(&spec.source, &options.kafka.bootstrap),
        };
        Ok(Some(Self { records, target }))
    }

    /// Writes records of one partition. They may be written twice when this fails.
    pub(super) async fn write(&self, chunk: &Chunk) -> Result<(), DestinationError> {
        let now = chrono::Utc::now();
        let invocation = Invocation::of(chunk);
        let write = async {
            match &self.target {
                Target::Queue(queue) => queue.send(self.records.offsets(chunk, &invocation, now)?).await,
                Target::Bucket(bucket) => {
                    let body = self.records.with_event(chunk, &invocation, now)?;
                    bucket.put(&self.records.key(now), body, now).await
                }
                Target::Topic(topic) => topic.send(self.records.one_by_one(chunk, &invocation, now)?).await,
            }
        };
        tokio::time::timeout(LIMIT, write)
            .await
            .unwrap_or(Err(DestinationError::Timeout))
    }
}
