//! What the emulator runs, read from a SAM template: functions, their triggers, the HTTP API, queues and custom resources.
//!
//! Everything the template leaves open (parameters, conditions, references) is resolved here, so the rest of the emulator
//! sees plain values. Nothing here starts a process or opens a connection.

mod custom;
mod deployment;
mod error;
mod event;
mod function;
mod http_api;
mod intrinsic;
mod merge;
mod parameter;
mod properties;
mod queue;
mod unknown;

use std::collections::BTreeMap;
use std::path::Path;

use serde_yaml_ng::{Mapping, Value};

pub use custom::CustomResource;
pub use deployment::Deployment;
pub use error::TemplateError;
pub use event::{
    DestinationSpec, HttpRouteSpec, KafkaSource, MappingSpec, PollerSpec, QueueMappingSpec, ScheduleSpec,
    ScheduleStyle, StartingPosition,
};
pub use function::FunctionSpec;
pub use http_api::{CorsSpec, HttpApiSpec};
pub use queue::Queue;
pub use unknown::Unknown;

use intrinsic::Resolver;

/// The region every ARN names.
pub const REGION: &str = "us-east-1";
/// The account every ARN names.
pub const ACCOUNT: &str = "000000000000";
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
    pub unknown: Vec<Unknown>,
    /// Resources that nothing here stands in for, by their type.
    pub other_resources: BTreeMap<String, Vec<String>>,
}

impl Template {
    /// Reads a template as it is deployed.
    ///
    /// # Errors
    /// [`TemplateError`] names the file, the resource, the property, its value and what is allowed.
    pub fn load(path: impl AsRef<Path>, deployment: &Deployment) -> Result<Self, TemplateError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| TemplateError::Read {
            file: file.clone(),
            source,
        })?;
        Self::parse(&text, &file, deployment)
    }

    fn parse(text: &str, file: &str, deployment: &Deployment) -> Result<Self, TemplateError> {
        let root: Value = serde_yaml_ng::from_str(text).map_err(|source| TemplateError::Yaml {
            file: file.to_owned(),
            source,
        })?;
        let mut resolver = Resolver::new(file, &root, deployment)?;
        let globals = section(file, &root, "Globals")?;
        let foreign = foreign_functions(&resolver, globals.get("Function"))?;
        resolver.set_foreign(foreign.keys().cloned().collect());
        let apis = http_api::Apis::read(&resolver, globals.get("HttpApi"))?;

        let mut template = Self {
            stack_id: deployment.stack_id(),
            ..Self::default()
        };
        for (id, resource) in resolver.resources() {
            match resource.kind.as_str() {
                "AWS::Serverless::Function" => {
                    let raw = merge::with_globals(globals.get("Function"), &resource.properties);
                    if let Some(reason) = foreign.get(id) {
                        event::list_foreign(id, reason, &raw, &mut template);
                        continue;
                    }
                    let function = match function::read(&resolver, id, &raw, &resource.body) {
                        Err(TemplateError::Unknown { unknown, .. }) => {
                            let reason = format!("{} is {}, {}", unknown.property, unknown.value, unknown.reason);
                            event::list_foreign(id, &reason, &raw, &mut template);
                            continue;
                        }
                        function => function?,
                    };
                    event::read_all(&resolver, &function, &raw, &apis, &mut template)?;
                    template.functions.push(function);
                }
                "AWS::SQS::Queue" => template.queues.push(queue::read(&resolver, id, &resource.properties)?),
                kind if RUN.contains(&kind) || custom::is_custom(kind) => {}
                kind => {
                    let others = template.other_resources.entry(kind.to_owned()).or_default();
                    others.push(id.to_owned());
                }
            }
        }
        for (id, resource) in resolver.resources() {
            if resource.kind == "AWS::Lambda::EventSourceMapping" {
                event::read_mapping_resource(&resolver, id, &resource.properties, &mut template)?;
            }
        }
        event::warn_of_shared_groups(&mut template.mappings);
        event::put_foreign_queues_aside(&mut template);
        template.custom_resources = custom::read_all(&resolver, &template.functions, &mut template.unsupported_events)?;
        template.unknown = resolver.listed();
        if template.functions.is_empty() {
            return Err(template.nothing(file));
        }
        Ok(template)
    }
}

impl Template {
    /// Takes out the queues that are nowhere, with the mappings that read them or write to them, and lists these.
    pub(crate) fn leave_out_queues(&mut self, is_nowhere: impl Fn(&Queue) -> bool) {
        let gone = self.queues.extract_if(.., |queue| is_nowhere(queue));
        let gone: BTreeMap<String, String> = gone.map(|queue| (queue.arn(), queue.logical_id)).collect();
        let of_queue = |name: &str, arn: &str| Some(format!("{name} (queue {} is on no SQS)", gone.get(arn)?));
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
        if !gone.is_empty() {
            let ids = gone.into_values().collect();
            self.other_resources.insert("AWS::SQS::Queue".to_owned(), ids);
        }
    }

    fn nothing(&self, file: &str) -> TemplateError {
        let others = self.other_resources.iter();
        let others = others.map(|(kind, ids)| format!("{kind} ({})", ids.join(", ")));
        let listed: Vec<String> = self.unsupported_events.iter().cloned().chain(others).collect();
        TemplateError::Nothing {
            file: file.to_owned(),
            listed: if listed.is_empty() {
                "it has no resources".to_owned()
            } else {
                listed.join(", ")
            },
        }
    }
}

/// Resources that are read where others name them.
const RUN: [&str; 5] = [
    "AWS::Lambda::EventSourceMapping",
    "AWS::MSK::Cluster",
    "AWS::MSK::ServerlessCluster",
    "AWS::S3::Bucket",
    "AWS::Serverless::HttpApi",
];

/// The functions that cannot be run here, by their logical id, and why.
fn foreign_functions(
    resolver: &Resolver<'_>,
    globals: Option<&Value>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut foreign = BTreeMap::new();
    for (id, resource) in resolver.resources() {
        if resource.kind == "AWS::Serverless::Function" {
            let raw = merge::with_globals(globals, &resource.properties);
            let reason = function::why_foreign(resolver, id, &raw, &resource.body)?;
            foreign.extend(reason.map(|reason| (id.to_owned(), reason)));
        }
    }
    Ok(foreign)
}

/// A top-level section of the template, or an empty one.
fn section(file: &str, root: &Value, name: &str) -> Result<Mapping, TemplateError> {
    match root.get(name) {
        None | Some(Value::Null) => Ok(Mapping::new()),
        Some(Value::Mapping(mapping)) => Ok(mapping.clone()),
        Some(other) => Err(TemplateError::Section {
            file: file.to_owned(),
            name: name.to_owned(),
            value: error::shown(other),
        }),
    }
}

/// The ARN of a function.
#[must_use]
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

#[cfg(test)]
pub(crate) mod tests;
