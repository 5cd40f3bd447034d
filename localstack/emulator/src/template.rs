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
mod resource_type;
mod section;
mod spec;
mod unresolved;

use std::collections::BTreeMap;
use std::path::Path;

use serde_yaml_ng::Value;

pub use deployment::Deployment;
pub use error::TemplateError;
pub use spec::{
    CorsSpec, CustomResource, DestinationSpec, FunctionSpec, HttpApiSpec, HttpRouteSpec, KafkaSource, MappingSpec,
    PollerSpec, Queue, QueueMappingSpec, ScheduleSpec, StartingPosition, Template,
};
pub use unresolved::UnresolvedValue;

use section::section;

use intrinsic::Resolver;

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
        let unsupported = unsupported_functions(&resolver, globals.get("Function"))?;
        resolver.set_unsupported_functions(unsupported.keys().cloned().collect());
        let apis = http_api::Apis::read(&resolver, globals.get("HttpApi"))?;

        let mut template = Self {
            stack_id: deployment.stack_id(),
            ..Self::default()
        };
        for (id, resource) in resolver.resources() {
            match resource.kind.as_str() {
                "AWS::Serverless::Function" => {
                    let raw = merge::with_globals(globals.get("Function"), &resource.properties);
                    if let Some(reason) = unsupported.get(id) {
                        event::list_unsupported_function(id, reason, &raw, &mut template);
                        continue;
                    }
                    let function = match function::read(&resolver, id, &raw, &resource.body) {
                        Err(TemplateError::Unresolved { value, .. }) => {
                            let reason = format!("{} is {}, {}", value.property, value.value, value.reason);
                            event::list_unsupported_function(id, &reason, &raw, &mut template);
                            continue;
                        }
                        function => function?,
                    };
                    event::read_all(&resolver, &function, &raw, &apis, &mut template)?;
                    template.functions.push(function);
                }
                "AWS::SQS::Queue" => template.queues.push(queue::read(&resolver, id, &resource.properties)?),
                kind if RUN.contains(&kind) || resource_type::is_custom(kind) => {}
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
        event::remove_external_queue_mappings(&mut template);
        template.custom_resources = custom::read_all(&resolver, &template.functions, &mut template.unsupported_events)?;
        template.unresolved = resolver.listed();
        if template.functions.is_empty() {
            return Err(template.nothing_to_run(file));
        }
        Ok(template)
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
fn unsupported_functions(
    resolver: &Resolver<'_>,
    globals: Option<&Value>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut unsupported = BTreeMap::new();
    for (id, resource) in resolver.resources() {
        if resource.kind == "AWS::Serverless::Function" {
            let raw = merge::with_globals(globals, &resource.properties);
            let reason = function::unsupported_reason(resolver, id, &raw, &resource.body)?;
            unsupported.extend(reason.map(|reason| (id.to_owned(), reason)));
        }
    }
    Ok(unsupported)
}

#[cfg(test)]
mod tests;
