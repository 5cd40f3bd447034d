//! A queue on the tests' SQS, and an emulator whose function reads it.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use emulator::{Emulator, QueueMappingStatus};
use serde_json::Value;

use crate::support::aws::shared_sqs;
use crate::support::{Fixture, reported};

/// A fixture with one queue, which the function `echo` reads.
pub struct QueueFixture {
    pub base: Fixture,
    pub sqs: Client,
    pub url: String,
    pub resources: String,
}

impl QueueFixture {
    /// A queue whose messages come again after a second, read by a mapping with these properties.
    pub async fn start(is_fifo: bool, event: &str) -> Self {
        let endpoint = shared_sqs().to_owned();
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .build();
        let sqs = Client::from_conf(config);
        let name = format!(
            "q{}{}",
            uuid::Uuid::new_v4().simple(),
            if is_fifo { ".fifo" } else { "" }
        );
        let mut request = sqs
            .create_queue()
            .queue_name(&name)
            .attributes(QueueAttributeName::VisibilityTimeout, "1");
        if is_fifo {
            request = request.attributes(QueueAttributeName::FifoQueue, "true");
        }
        let url = request.send().await.unwrap().queue_url.unwrap();
        let mut base = Fixture::new();
        base.queue_urls = BTreeMap::from([("Queue".to_owned(), url.clone())]);
        let fifo = if is_fifo { ", FifoQueue: true" } else { "" };
        let resources = format!(
            "  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {name}{fifo}}}}}\n  Echo:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties:\n      FunctionName: echo\n      Timeout: 20\n      Environment: {{Variables: {{INVOCATION_LOG: {log}, EVENT_FILE: {event_file}}}}}\n      Events:\n        Messages: {{Type: SQS, Properties: {{Queue: !GetAtt Queue.Arn, {event}}}}}\n",
            log = base.file("invocations").display(),
            event_file = base.file("event.json").display(),
        );
        Self {
            base,
            sqs,
            url,
            resources,
        }
    }

    pub async fn emulator(&self) -> Emulator {
        self.base.emulator(&self.resources).await
    }

    pub async fn send(&self, group: Option<&str>, body: &str) {
        let request = self.sqs.send_message().queue_url(&self.url).message_body(body);
        let id = group.map(|_| uuid::Uuid::new_v4().to_string());
        let request = request
            .set_message_group_id(group.map(str::to_owned))
            .set_message_deduplication_id(id);
        request.send().await.unwrap();
    }

    /// The labels that the function did, in order, repetitions included.
    pub fn done(&self) -> Vec<String> {
        let labels = |line: &Value| line["done"].as_array().cloned().unwrap_or_default();
        let labels = self.base.invocations().iter().flat_map(labels).collect::<Vec<_>>();
        labels.iter().map(|label| label.as_str().unwrap().to_owned()).collect()
    }

    pub fn gate(&self) -> String {
        self.base.file("gate").display().to_string()
    }
}

/// Waits until the mapping's status is as wanted.
pub async fn queue(
    emulator: &Emulator,
    what: &str,
    is_wanted: impl Fn(&QueueMappingStatus) -> bool,
) -> QueueMappingStatus {
    reported(emulator, what, |mut status| status.queue_mappings.remove(0), is_wanted).await
}

pub fn is_empty(status: &QueueMappingStatus) -> bool {
    (status.visible, status.hidden) == (Some(0), Some(0))
}
