//! What triggers functions: event source mappings of Kafka and of SQS, schedules and routes of the HTTP API.

mod http_api;
mod kafka;
mod schedule;
mod sqs;

use serde_yaml_ng::{Mapping, Value};

use super::error::TemplateError;
use super::http_api::Apis;
use super::intrinsic::{Location, Resolver};
use super::properties::Properties;
use super::spec::{FunctionSpec, MappingSpec, QueueMappingSpec, Template};
use super::unresolved::UnresolvedValue;

/// Reads the `Events` of one function into the template.
pub(super) fn read_all(
    resolver: &Resolver<'_>,
    function: &FunctionSpec,
    raw: &Mapping,
    apis: &Apis,
    template: &mut Template,
) -> Result<(), TemplateError> {
    let id = function.logical_id.as_str();
    let properties = Properties::new(resolver, id, "", raw);
    let Some(events) = properties.mapping("Events")? else {
        return Ok(());
    };
    for (event, body) in events.iter() {
        let event = event.as_str().unwrap_or_default();
        let property = format!("Events.{event}.Type");
        let kind = body.get("Type").and_then(Value::as_str);
        let at = Location {
            logical_id: id,
            property: &property,
        };
        let kind = kind.ok_or_else(|| resolver.property_error(at, body.get("Type"), "an event type"))?;
        let source = FunctionEvent {
            function,
            event,
            kind,
            body,
        };
        let read = read_event(resolver, &source, apis, template);
        list_unresolved(read, &format!("{}.{event} ({kind})", function.name), template)?;
    }
    Ok(())
}

/// One of a function's `Events`.
struct FunctionEvent<'a> {
    function: &'a FunctionSpec,
    /// Its name among them.
    event: &'a str,
    /// Its `Type`.
    kind: &'a str,
    body: &'a Value,
}

fn read_event(
    resolver: &Resolver<'_>,
    source: &FunctionEvent<'_>,
    apis: &Apis,
    template: &mut Template,
) -> Result<(), TemplateError> {
    let FunctionEvent {
        function,
        event,
        kind,
        body,
    } = source;
    let id = function.logical_id.as_str();
    let nothing = Mapping::new();
    let settings = body.get("Properties").and_then(Value::as_mapping).unwrap_or(&nothing);
    let settings = Properties::new(resolver, id, &format!("Events.{event}."), settings);
    let name = format!("{}.{event}", function.name);
    match *kind {
        "MSK" | "SelfManagedKafka" => {
            let mapping = kafka::from_event(&settings, kind, &function.name, &format!("{id}{event}"))?;
            template.mappings.push(mapping);
            list_ignored_by_kafka(&settings, &name, template)?;
        }
        "Schedule" | "ScheduleV2" => {
            let schedule = schedule::read(&settings, kind, &function.name, &format!("{id}{event}"))?;
            template.schedules.push(schedule);
            list_ignored(&settings, &["StartDate", "EndDate"], &name, template)?;
        }
        "SQS" => {
            let mapping = sqs::from_event(&settings, &function.name, &format!("{id}{event}"))?;
            template.queue_mappings.push(mapping);
            list_ignored(&settings, &["FilterCriteria"], &name, template)?;
        }
        "HttpApi" => http_api::read(&settings, &function.name, &name, apis, template)?,
        _ => template.unsupported_events.push(format!("{name} ({kind})")),
    }
    Ok(())
}

/// Lists a function that is not run, and its events with it.
pub(super) fn list_unsupported_function(id: &str, reason: &str, raw: &Mapping, template: &mut Template) {
    template.unsupported_events.push(format!("{id} ({reason})"));
    let events = raw.get("Events").and_then(Value::as_mapping);
    for (event, body) in events.into_iter().flatten() {
        let event = event.as_str().unwrap_or_default();
        let kind = body.get("Type").and_then(Value::as_str).unwrap_or("no type");
        template
            .unsupported_events
            .push(format!("{id}.{event} ({kind}, as {id} is not run)"));
    }
}

/// What cannot be run for want of a value is listed, and the rest goes on.
fn list_unresolved(read: Result<(), TemplateError>, name: &str, template: &mut Template) -> Result<(), TemplateError> {
    match read {
        Err(TemplateError::Unresolved { value, .. }) => {
            let UnresolvedValue {
                property,
                value,
                reason,
                ..
            } = *value;
            template
                .unsupported_events
                .push(format!("{name}: {property} is {value}, {reason}"));
            Ok(())
        }
        other => other,
    }
}

/// Reads an `AWS::Lambda::EventSourceMapping` into the template; one that is neither for Kafka nor for SQS counts as unsupported, and so does one of a
/// function that is not run.
pub(super) fn read_mapping_resource(
    resolver: &Resolver<'_>,
    id: &str,
    raw: &Mapping,
    template: &mut Template,
) -> Result<(), TemplateError> {
    let read = read_mapping(&Properties::new(resolver, id, "", raw), id, template);
    list_unresolved(read, &format!("{id} (EventSourceMapping)"), template)
}

fn read_mapping(properties: &Properties<'_>, id: &str, template: &mut Template) -> Result<(), TemplateError> {
    let reference = properties.required_text("FunctionName", "the name or ARN of a function of this template")?;
    let name = reference.split(":function:").last().unwrap_or(&reference);
    // There is one version of each function here, so an alias is the function.
    let name = name.split(':').next().unwrap_or(name);
    if !template.functions.iter().any(|function| function.name == name) {
        template.unsupported_events.push(format!(
            "{id} (EventSourceMapping of function {name}, which is not run)"
        ));
        return Ok(());
    }
    let place = format!("{name}.{id}");
    if sqs::is_queue(properties.text("EventSourceArn")?.as_deref()) {
        template.queue_mappings.push(sqs::from_resource(properties, name, id)?);
        return list_ignored(properties, &["FilterCriteria"], &place, template);
    }
    if properties.resolved("Topics")?.is_none() {
        template
            .unsupported_events
            .push(format!("{place} (EventSourceMapping)"));
        return Ok(());
    }
    template.mappings.push(kafka::from_resource(properties, name, id)?);
    list_ignored_by_kafka(properties, &place, template)
}

/// A queue that the template does not have is not here to be read.
pub(super) fn remove_external_queue_mappings(template: &mut Template) {
    let is_own = |mapping: &QueueMappingSpec| template.queues.iter().any(|queue| queue.name == mapping.queue_name());
    let (own, external): (Vec<_>, Vec<_>) = std::mem::take(&mut template.queue_mappings)
        .into_iter()
        .partition(is_own);
    template.queue_mappings = own;
    let named = external
        .iter()
        .map(|mapping| format!("{}.{} (queue {})", mapping.function, mapping.name, mapping.queue_arn));
    template.unsupported_events.extend(named);
}

/// Lists those properties that are set and have no effect here.
fn list_ignored(
    settings: &Properties<'_>,
    names: &[&str],
    place: &str,
    template: &mut Template,
) -> Result<(), TemplateError> {
    for name in names {
        if settings.has(name)? {
            template.unsupported_events.push(format!("{place} ({name})"));
        }
    }
    Ok(())
}

/// Two mappings in one group share the partitions: each function sees only a part of the records.
pub(super) fn warn_of_shared_groups(mappings: &mut [MappingSpec]) {
    let groups: Vec<(String, String)> = mappings
        .iter()
        .map(|mapping| (mapping.name.clone(), mapping.consumer_group.clone()))
        .collect();
    for mapping in mappings {
        let shared = |(name, group): &&(String, String)| *group == mapping.consumer_group && *name != mapping.name;
        let others: Vec<&str> = groups.iter().filter(shared).map(|(name, _)| name.as_str()).collect();
        if !others.is_empty() {
            mapping.warnings.push(format!(
                "group {} is also that of {}: they share the partitions, and each gets a part of the records",
                mapping.consumer_group,
                others.join(", ")
            ));
        }
    }
}

/// Properties of Kafka mappings that change what a function sees, and that have no effect here.
const IGNORED: [&str; 1] = ["SchemaRegistryConfig"];

/// Lists what the mapping asks for and does not get, so that it is no surprise.
fn list_ignored_by_kafka(mapping: &Properties<'_>, name: &str, template: &mut Template) -> Result<(), TemplateError> {
    for property in IGNORED {
        let in_config = [
            "AmazonManagedKafkaEventSourceConfig",
            "SelfManagedKafkaEventSourceConfig",
        ];
        let mut asks = mapping.has(property)?;
        for config in in_config {
            if let Some(config) = mapping.nested(config)? {
                asks |= config.has(property)?;
            }
        }
        if asks {
            template.unsupported_events.push(format!("{name} ({property})"));
        }
    }
    if kafka::has_sns_destination(mapping)? {
        template
            .unsupported_events
            .push(format!("{name} (DestinationConfig to SNS)"));
    }
    Ok(())
}
