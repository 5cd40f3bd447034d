//! All that a template holds.

use std::collections::BTreeMap;

use super::custom_resource::CustomResource;
use super::function::FunctionSpec;
use super::http_api::{HttpApiSpec, HttpRouteSpec};
use super::kafka::{DestinationSpec, MappingSpec};
use super::queue::Queue;
use super::schedule::ScheduleSpec;
use super::sqs::QueueMappingSpec;
use crate::template::error::TemplateError;
use crate::template::unresolved::UnresolvedValue;

/// A template with every parameter, condition and reference resolved.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// `AWS::StackId`.
    pub stack_id: String,
    /// The functions, in the template's order.
    pub functions: Vec<FunctionSpec>,
    /// Kafka event source mappings, from function events and from `AWS::Lambda::EventSourceMapping`.
    pub mappings: Vec<MappingSpec>,
    /// SQS event source mappings, from the same.
    pub queue_mappings: Vec<QueueMappingSpec>,
    /// Schedules of functions.
    pub schedules: Vec<ScheduleSpec>,
    /// The routes of the HTTP API, from `HttpApi` events.
    pub http_routes: Vec<HttpRouteSpec>,
    /// The HTTP API that they belong to.
    pub http_api: HttpApiSpec,
    /// SQS queues.
    pub queues: Vec<Queue>,
    /// Custom resources, each after those it depends on.
    pub custom_resources: Vec<CustomResource>,
    /// Events and functions that this emulator does not run, as `Function.Event (Type)`.
    pub unsupported_events: Vec<String>,
    /// Values that the template does not decide, and what is done without each.
    pub unresolved: Vec<UnresolvedValue>,
    /// Resources that nothing here stands in for, by their type.
    pub other_resources: BTreeMap<String, Vec<String>>,
}

impl Template {
    /// Removes the queues that are on no SQS, with the mappings that read them or write to them, and lists these.
    pub(crate) fn remove_missing_queues(&mut self, is_missing: impl Fn(&Queue) -> bool) {
        let removed = self.queues.extract_if(.., |queue| is_missing(queue));
        let removed: BTreeMap<String, String> = removed.map(|queue| (queue.arn(), queue.logical_id)).collect();
        let of_queue = |name: &str, arn: &str| Some(format!("{name} (queue {} is on no SQS)", removed.get(arn)?));
        let listed = &mut self.unsupported_events;
        self.queue_mappings.retain(|mapping| {
            let reason = of_queue(&mapping.name, &mapping.queue_arn);
            listed.extend(reason.clone());
            reason.is_none()
        });
        self.mappings.retain(|mapping| {
            let reason = match &mapping.destination {
                Some(DestinationSpec::Queue { arn }) => of_queue(&mapping.name, arn),
                _ => None,
            };
            listed.extend(reason.clone());
            reason.is_none()
        });
        if !removed.is_empty() {
            let ids = removed.into_values().collect();
            self.other_resources.insert("AWS::SQS::Queue".to_owned(), ids);
        }
    }

    pub(in crate::template) fn nothing_to_run(&self, file: &str) -> TemplateError {
        let others = self.other_resources.iter();
        let others = others.map(|(kind, ids)| format!("{kind} ({})", ids.join(", ")));
        let listed: Vec<String> = self.unsupported_events.iter().cloned().chain(others).collect();
        TemplateError::NothingToRun {
            file: file.to_owned(),
            listed: if listed.is_empty() {
                "it has no resources".to_owned()
            } else {
                listed.join(", ")
            },
        }
    }
}
