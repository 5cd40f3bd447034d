//! SQS event source mappings: a queue's messages, in batches, as invocations of a function.
//!
//! Promises, as on AWS: at least once; several invocations at a time, but of one group of a FIFO queue never two; what the function did is deleted, what it
//! did not do stays hidden until its visibility timeout ends. Only this module speaks to SQS.
//!
//! `poller` receives and decides what is sent, `event` is how Lambda tells it, `answer` reads what the function says.

mod answer;
mod event;
mod poller;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::QueueAttributeName;
use tokio::sync::watch;

use super::function::Function;
use super::http_api::{ACCESS_KEY, SECRET_KEY};
use super::lock;
use super::status::{MappingState, QueueMappingStatus};
use super::template::{QueueMappingSpec, REGION};

/// Longer than a long poll.
const CALL_LIMIT: Duration = Duration::from_secs(15);

/// One mapping and the record of its work.
pub(super) struct QueueMapping {
    spec: QueueMappingSpec,
    function: Arc<Function>,
    url: String,
    client: Client,
    progress: Mutex<Progress>,
}

/// What a mapping has done so far.
#[derive(Default)]
struct Progress {
    state: MappingState,
    batches: u64,
    messages: u64,
    failures: u64,
    last_error: Option<String>,
    last_duration: Option<Duration>,
}

impl QueueMapping {
    pub(super) fn new(spec: QueueMappingSpec, function: Arc<Function>, url: &str) -> Self {
        Self {
            spec,
            function,
            url: url.to_owned(),
            client: client(url),
            progress: Mutex::default(),
        }
    }

    /// Receives and invokes until `stop` turns true and the batches that are under way have ended.
    pub(super) async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        if self.spec.is_enabled {
            poller::Poller::new(Arc::clone(&self)).run(stop).await;
            self.note(|progress| progress.state = MappingState::Stopped);
        } else {
            self.note(|progress| progress.state = MappingState::Disabled);
        }
    }

    /// The record of its work, and the queue's counts as SQS tells them.
    pub(super) async fn status(&self, limit: Duration) -> QueueMappingStatus {
        let counts = tokio::time::timeout(limit, self.counts()).await;
        let counts = counts.unwrap_or_else(|_| Err("SQS did not answer in time".to_owned()));
        let progress = lock(&self.progress);
        let (visible, hidden, trouble) = match counts {
            Ok((visible, hidden)) => (Some(visible), Some(hidden), None),
            Err(error) => (None, None, Some(format!("counts unknown: {error}"))),
        };
        QueueMappingStatus {
            function: self.spec.function.clone(),
            queue: self.spec.queue_name().to_owned(),
            state: progress.state,
            batch_size: self.spec.batch_size,
            window_seconds: self.spec.window.as_secs_f64(),
            batches: progress.batches,
            messages: progress.messages,
            failures: progress.failures,
            visible,
            hidden,
            last_error: trouble.or_else(|| progress.last_error.clone()),
            last_duration_ms: progress.last_duration.map(|duration| duration.as_secs_f64() * 1_000.0),
        }
    }

    async fn counts(&self) -> Result<(u64, u64), String> {
        let (waiting, hidden) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        );
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = request
            .attribute_names(waiting.clone())
            .attribute_names(hidden.clone())
            .send()
            .await
            .map_err(|error| DisplayErrorContext(error).to_string())?;
        let count = |name: &QueueAttributeName| {
            let text = answer.attributes().and_then(|attributes| attributes.get(name));
            text.and_then(|text| text.parse().ok())
                .ok_or_else(|| format!("SQS gave no {name}"))
        };
        Ok((count(&waiting)?, count(&hidden)?))
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut lock(&self.progress));
    }
}

/// A client for the server that the queue's URL names.
fn client(url: &str) -> Client {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split('/').next().unwrap_or(rest);
    let timeouts = TimeoutConfig::builder().operation_timeout(CALL_LIMIT).build();
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(format!("{scheme}://{host}"))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "emulator"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}
