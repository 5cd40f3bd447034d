//! The running stack: the template's functions, and what triggers them, each found by its name.

use std::sync::Arc;
use std::time::Duration;

use crate::custom_resource::PendingResponses;
use crate::error::EmulatorError;
use crate::function::Function;
use crate::http_api::HttpApi;
use crate::instance::LaunchConfig;
use crate::invocation::InvokeError;
use crate::mapping::{Mapping, Offsets};
use crate::options::EmulatorOptions;
use crate::queue_mapping::QueueMapping;
use crate::scheduler::Schedule;
use crate::status::Status;
use crate::template::Template;

/// What the emulator and its APIs share.
pub(crate) struct Stack {
    pub(crate) template: Template,
    pub(crate) functions: Vec<Arc<Function>>,
    pub(crate) mappings: Vec<Arc<Mapping>>,
    pub(crate) queue_mappings: Vec<Arc<QueueMapping>>,
    pub(crate) schedules: Vec<Arc<Schedule>>,
    pub(crate) http_api: Arc<HttpApi>,
    pub(crate) pending_responses: PendingResponses,
}

impl Stack {
    /// Builds what the template describes; everything it names must be there. Nothing is started.
    ///
    /// # Errors
    /// [`EmulatorError`] names what is missing.
    pub(crate) fn new(template: Template, options: &EmulatorOptions) -> Result<Self, EmulatorError> {
        let functions = functions(&template, options)?;
        let find = |name: &str| functions.iter().find(|function| function.name() == name).cloned();
        let queue_url = |arn: &str| {
            let queue = template.queues.iter().find(|queue| queue.arn() == arn)?;
            options.deployment.queue_urls.get(&queue.logical_id).cloned()
        };
        let offsets = Arc::new(Offsets::new(&options.kafka));
        let mut mappings = Vec::with_capacity(template.mappings.len());
        for spec in &template.mappings {
            if let Some(function) = find(&spec.function) {
                let mapping = Mapping::new(spec.clone(), function, Arc::clone(&offsets), options, queue_url)?;
                mappings.push(Arc::new(mapping));
            }
        }
        let mut queue_mappings = Vec::with_capacity(template.queue_mappings.len());
        for spec in &template.queue_mappings {
            let queue = template.queues.iter().find(|queue| queue.name == spec.queue_name());
            let url = queue.and_then(|queue| options.deployment.queue_urls.get(&queue.logical_id));
            if let (Some(url), Some(function)) = (url, find(&spec.function)) {
                queue_mappings.push(Arc::new(QueueMapping::new(spec.clone(), function, url)));
            }
        }
        let mut schedules = Vec::with_capacity(template.schedules.len());
        for spec in &template.schedules {
            if spec.is_in_seconds && !options.schedules_in_seconds {
                return Err(EmulatorError::ScheduleInSeconds {
                    schedule: spec.name.clone(),
                    expression: spec.expression.clone(),
                });
            }
            schedules.extend(find(&spec.function).map(|function| Arc::new(Schedule::new(spec.clone(), function))));
        }
        let http_api = Arc::new(HttpApi::new(&template.http_api, &template.http_routes, &functions));
        Ok(Self {
            template,
            functions,
            mappings,
            queue_mappings,
            schedules,
            http_api,
            pending_responses: PendingResponses::default(),
        })
    }

    pub(crate) fn mapping(&self, uuid: &str) -> Option<&Arc<Mapping>> {
        self.mappings
            .iter()
            .find(|mapping| mapping.spec().uuid.to_string() == uuid)
    }

    pub(crate) fn function(&self, name: &str) -> Result<&Arc<Function>, InvokeError> {
        self.functions
            .iter()
            .find(|function| function.name() == name)
            .ok_or_else(|| {
                let known: Vec<&str> = self.functions.iter().map(|function| function.name()).collect();
                InvokeError::UnknownFunction {
                    name: name.to_owned(),
                    known: known.join(", "),
                }
            })
    }

    /// What runs and how it fares, with Kafka and SQS asked for no longer than that.
    pub(crate) async fn status(&self, kafka_limit: Duration, sqs_limit: Duration) -> Status {
        // Queues first: what a function has moved from a queue to Kafka is then in the lag.
        let queue_mappings = self.queue_mappings.iter().map(|mapping| mapping.status(sqs_limit));
        let queue_mappings = futures::future::join_all(queue_mappings).await;
        let mappings = self.mappings.iter().map(|mapping| mapping.status(kafka_limit));
        Status {
            functions: self.functions.iter().map(|function| function.status()).collect(),
            mappings: futures::future::join_all(mappings).await,
            queue_mappings,
            schedules: self.schedules.iter().map(|schedule| schedule.status()).collect(),
            routes: self.http_api.status(),
            unsupported_events: self.template.unsupported_events.clone(),
        }
    }
}

fn functions(template: &Template, options: &EmulatorOptions) -> Result<Vec<Arc<Function>>, EmulatorError> {
    let mut functions: Vec<Arc<Function>> = Vec::with_capacity(template.functions.len());
    for spec in &template.functions {
        if functions.iter().any(|function| function.name() == spec.name) {
            return Err(EmulatorError::DuplicateFunction {
                name: spec.name.clone(),
            });
        }
        let launch = LaunchConfig::new(options, spec)?;
        functions.push(Arc::new(Function::new(spec.clone(), launch)));
    }
    Ok(functions)
}
