//! What an emulator is told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::batch_response::PartialResponse;
use crate::kafka::KafkaAccess;
use crate::template::Deployment;

/// What an emulator runs, and against which servers.
#[derive(Debug, Clone)]
pub struct EmulatorOptions {
    /// The SAM template.
    pub template: PathBuf,
    /// What it is deployed as.
    pub deployment: Deployment,
    /// The folder of the bootstraps, each named as its function's `Metadata.BuildProperties.Binary`.
    pub bin_dir: PathBuf,
    /// The Kafka that the mappings poll.
    pub kafka: KafkaAccess,
    /// What Lambda itself would set for a function: region, credentials, endpoints.
    pub function_env: BTreeMap<String, String>,
    /// Where each function's output goes, to `<function>.log`.
    pub log_dir: PathBuf,
    /// How Kafka mappings read a partial batch response.
    pub partial_response: PartialResponse,
    /// Where buckets are that are destinations of mappings: `http://host:port`.
    pub s3_endpoint: Option<String>,
    /// Whether schedules may be rates in seconds: AWS refuses them.
    pub schedules_in_seconds: bool,
}

impl EmulatorOptions {
    /// A template, its bootstraps, the Kafka of its mappings and a folder for logs; the stack is called `local`, without parameters, queues or settings.
    pub fn new(
        template: impl Into<PathBuf>,
        bin_dir: impl Into<PathBuf>,
        kafka: KafkaAccess,
        log_dir: impl Into<PathBuf>,
    ) -> Self {
        Self {
            template: template.into(),
            deployment: Deployment::new("local", BTreeMap::new()),
            bin_dir: bin_dir.into(),
            kafka,
            function_env: BTreeMap::new(),
            log_dir: log_dir.into(),
            partial_response: PartialResponse::default(),
            s3_endpoint: None,
            schedules_in_seconds: false,
        }
    }
}
