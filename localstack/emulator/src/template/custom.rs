//! Custom resources, in the order in which CloudFormation would create them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value as Json;
use serde_yaml_ng::Value;

use super::error::TemplateError;
use super::intrinsic::{Resolver, as_function};
use super::properties::Properties;
use super::resource_type::is_custom;
use super::spec::{CustomResource, FunctionSpec};

pub(super) fn read_all(
    resolver: &Resolver<'_>,
    functions: &[FunctionSpec],
    not_run: &mut Vec<String>,
) -> Result<Vec<CustomResource>, TemplateError> {
    let mut order = Vec::new();
    for (id, resource) in resolver.resources() {
        if is_custom(&resource.kind) {
            visit(resolver, id, &mut Vec::new(), &mut order)?;
        }
    }
    let mut resources = Vec::new();
    for id in &order {
        let Some(resource) = resolver.resource(id).filter(|resource| is_custom(&resource.kind)) else {
            continue;
        };
        let properties = Properties::new(resolver, id, "", &resource.properties);
        let token = properties.required_text("ServiceToken", "the ARN of a function of this template");
        let token = match resolver.known_or_listed(token.map(Some), "the resource is not created")? {
            Some(token) => token,
            None => {
                not_run.push(format!("{id} ({}, ServiceToken not known)", resource.kind));
                continue;
            }
        };
        let function = token.split(":function:").last().unwrap_or(&token).to_owned();
        let function = function.split(':').next().unwrap_or_default().to_owned();
        if !functions.iter().any(|candidate| candidate.name == function) {
            not_run.push(format!(
                "{id} ({} of {token}, which is no function that is run)",
                resource.kind
            ));
            continue;
        }
        let timeout = properties.whole("ServiceTimeout", 1..=3_600)?;
        let mut resolved = serde_json::Map::new();
        for name in resource.properties.keys().filter_map(Value::as_str) {
            if let Some(value) = properties.value(name)? {
                resolved.insert(name.to_owned(), scalars_as_text(value));
            }
        }
        resources.push(CustomResource {
            logical_id: id.clone(),
            kind: resource.kind.clone(),
            function,
            timeout: Duration::from_secs(timeout.unwrap_or(60).unsigned_abs()),
            properties: Json::Object(resolved),
        });
    }
    Ok(resources)
}

/// Depth-first, so that what a resource needs stands before it.
fn visit(
    resolver: &Resolver<'_>,
    id: &str,
    path: &mut Vec<String>,
    order: &mut Vec<String>,
) -> Result<(), TemplateError> {
    if order.iter().any(|done| done == id) {
        return Ok(());
    }
    if let Some(start) = path.iter().position(|open| open == id) {
        return Err(TemplateError::Cycle {
            file: resolver.file().to_owned(),
            logical_id: id.to_owned(),
            path: path[start..].join(", "),
        });
    }
    let Some(resource) = resolver.resource(id) else {
        return Ok(());
    };
    path.push(id.to_owned());
    let mut needed = BTreeSet::new();
    match resource.body.get("DependsOn") {
        Some(Value::String(other)) => needed.extend([other.clone()]),
        Some(Value::Sequence(others)) => needed.extend(others.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    if let Some(properties) = resource.body.get("Properties") {
        references_in(properties, &mut needed);
    }
    for other in needed.iter().filter(|other| *other != id) {
        visit(resolver, other, path, order)?;
    }
    path.pop();
    order.push(id.to_owned());
    Ok(())
}

/// The logical ids that a value refers to.
fn references_in(value: &Value, found: &mut BTreeSet<String>) {
    let first_part = |text: &str| text.split('.').next().unwrap_or(text).to_owned();
    if let Some((function, argument)) = as_function(value) {
        match (function.as_str(), argument) {
            ("Ref" | "GetAtt", Value::String(name)) => found.extend([first_part(name)]),
            ("Sub", argument) => {
                let pattern = argument
                    .as_str()
                    .or_else(|| argument.get(0)?.as_str())
                    .unwrap_or_default();
                let names = pattern.split("${").skip(1).filter_map(|rest| rest.split('}').next());
                found.extend(names.map(first_part));
            }
            ("GetAtt", Value::Sequence(parts)) => {
                found.extend(parts.first().and_then(Value::as_str).map(str::to_owned))
            }
            _ => {}
        }
        references_in(argument, found);
        return;
    }
    match value {
        Value::Sequence(items) => items.iter().for_each(|item| references_in(item, found)),
        Value::Mapping(mapping) => mapping.values().for_each(|item| references_in(item, found)),
        _ => {}
    }
}

fn scalars_as_text(value: Json) -> Json {
    match value {
        Json::Number(number) => Json::String(number.to_string()),
        Json::Bool(flag) => Json::String(flag.to_string()),
        Json::Array(items) => items.into_iter().map(scalars_as_text).collect(),
        Json::Object(entries) => Json::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key, scalars_as_text(value)))
                .collect(),
        ),
        other => other,
    }
}
