//! Intrinsic functions: `!Ref`, `!Sub`, `!GetAtt`, `!Join`, `!If`, `!Select`, `!Split` and the condition functions.
//!
//! A value is resolved only when something here needs it, so a template may use any function in properties that only
//! matter on AWS.

mod condition;
mod reference;

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_yaml_ng::{Mapping, Value};

use super::error::{TemplateError, shown};
use super::{parameter, section};

/// The functions that are evaluated, for error messages.
const KNOWN: &str = "Ref, Sub, GetAtt, Join, If, Select, Split, Equals, And, Or, Not, Condition";
/// Names may refer to names (a queue's name to a parameter, an environment variable to the queue), but never this deep.
const DEEPEST: usize = 64;

/// One resource whose condition holds.
pub(super) struct Resource {
    /// Its `Type`.
    pub(super) kind: String,
    /// Its `Properties`, unresolved.
    pub(super) properties: Mapping,
    /// All of it.
    pub(super) body: Value,
}

/// Where a value stands, for errors.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) logical_id: &'a str,
    pub(super) property: &'a str,
}

/// Resolves values of one template.
pub(super) struct Resolver<'a> {
    file: &'a str,
    parameters: BTreeMap<String, Json>,
    conditions: BTreeMap<String, bool>,
    resources: Vec<(String, Resource)>,
    /// Resources whose condition is false: a reference to one is a mistake worth its own words.
    absent: Vec<String>,
    queue_urls: &'a BTreeMap<String, String>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        file: &'a str,
        root: &Value,
        given: &BTreeMap<String, String>,
        queue_urls: &'a BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let parameters = parameter::values(file, &section(file, root, "Parameters")?, given)?;
        let mut resolver = Self {
            file,
            parameters,
            conditions: BTreeMap::new(),
            resources: Vec::new(),
            absent: Vec::new(),
            queue_urls,
        };
        resolver.evaluate_conditions(&section(file, root, "Conditions")?)?;
        for (id, body) in section(file, root, "Resources")? {
            let id = id.as_str().unwrap_or_default().to_owned();
            let at = At {
                logical_id: &id,
                property: "Type",
            };
            let kind = body.get("Type").and_then(Value::as_str).map(str::to_owned);
            let kind = kind.ok_or_else(|| resolver.refuse(at, body.get("Type"), "a resource type"))?;
            if let Some(condition) = body.get("Condition").and_then(Value::as_str)
                && !resolver.condition(
                    condition,
                    At {
                        logical_id: &id,
                        property: "Condition",
                    },
                )?
            {
                resolver.absent.push(id);
                continue;
            }
            let properties = match body.get("Properties") {
                Some(Value::Mapping(properties)) => properties.clone(),
                None | Some(Value::Null) => Mapping::new(),
                other => {
                    return Err(resolver.refuse(
                        At {
                            logical_id: &id,
                            property: "Properties",
                        },
                        other,
                        "a mapping",
                    ));
                }
            };
            resolver.resources.push((id, Resource { kind, properties, body }));
        }
        Ok(resolver)
    }

    /// The template's file name, for errors.
    pub(super) fn file(&self) -> &str {
        self.file
    }

    /// The resources that exist, in the template's order.
    pub(super) fn resources(&self) -> impl Iterator<Item = (&str, &Resource)> {
        self.resources.iter().map(|(id, resource)| (id.as_str(), resource))
    }

    /// The value with all functions evaluated; `None` when it is `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value, at: At<'_>) -> Result<Option<Json>, TemplateError> {
        self.resolve_at_depth(value, at, 0)
    }

    /// The value that `!If` takes, itself unresolved; `None` when it is `AWS::NoValue`. Anything but `!If` is taken as it is.
    pub(super) fn chosen<'v>(&self, value: &'v Value, at: At<'_>) -> Result<Option<&'v Value>, TemplateError> {
        match as_function(value) {
            Some((function, Value::Sequence(items))) if function == "If" && items.len() == 3 => {
                let is_so = self.condition(&self.text(&items[0], at, 0)?, at)?;
                self.chosen(&items[if is_so { 1 } else { 2 }], at)
            }
            Some((function, Value::String(name))) if function == "Ref" && name == "AWS::NoValue" => Ok(None),
            _ => Ok(Some(value)),
        }
    }

    fn resolve_at_depth(&self, value: &Value, at: At<'_>, depth: usize) -> Result<Option<Json>, TemplateError> {
        if depth > DEEPEST {
            return Err(self.reference_error(at, &shown(value), "which refers back to itself"));
        }
        if let Some((function, argument)) = as_function(value) {
            return self.call(&function, argument, at, depth + 1);
        }
        Ok(Some(match value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => {
                serde_json::to_value(number).map_err(|_| self.refuse(at, Some(value), "a finite number"))?
            }
            Value::String(text) => Json::String(text.clone()),
            Value::Sequence(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for item in items {
                    resolved.extend(self.resolve_at_depth(item, at, depth + 1)?);
                }
                Json::Array(resolved)
            }
            Value::Mapping(mapping) => {
                let mut resolved = serde_json::Map::new();
                for (key, item) in mapping {
                    let key = parameter::scalar(key).ok_or_else(|| self.refuse(at, Some(key), "a name"))?;
                    if let Some(item) = self.resolve_at_depth(item, at, depth + 1)? {
                        resolved.insert(key, item);
                    }
                }
                Json::Object(resolved)
            }
            Value::Tagged(_) => return Err(self.refuse(at, Some(value), KNOWN)),
        }))
    }

    fn call(&self, function: &str, argument: &Value, at: At<'_>, depth: usize) -> Result<Option<Json>, TemplateError> {
        let text = |value: &Value| self.text(value, at, depth);
        let list = |count: usize, shape: &str| match argument {
            Value::Sequence(items) if items.len() == count => Ok(items),
            other => Err(self.refuse(at, Some(other), &format!("{function} takes {shape}"))),
        };
        Ok(Some(match function {
            "Ref" => return self.reference(&text(argument)?, at, depth),
            "GetAtt" => {
                let name = match argument {
                    Value::Sequence(parts) => parts.iter().map(text).collect::<Result<Vec<_>, _>>()?.join("."),
                    other => text(other)?,
                };
                Json::String(self.attribute(&name, at, depth)?)
            }
            "Sub" => Json::String(self.substitute(argument, at, depth)?),
            "If" => {
                let items = list(3, "[condition, then, else]")?;
                let chosen = if self.condition(&text(&items[0])?, at)? {
                    &items[1]
                } else {
                    &items[2]
                };
                return self.resolve_at_depth(chosen, at, depth);
            }
            "Join" => {
                let items = list(2, "[delimiter, [values]]")?;
                let values = self.texts(&items[1], at, depth)?;
                Json::String(values.join(&text(&items[0])?))
            }
            "Split" => {
                let items = list(2, "[delimiter, text]")?;
                let (delimiter, whole) = (text(&items[0])?, text(&items[1])?);
                Json::from(whole.split(delimiter.as_str()).map(str::to_owned).collect::<Vec<_>>())
            }
            "Select" => {
                let items = list(2, "[index, [values]]")?;
                let values = self.texts(&items[1], at, depth)?;
                let index = text(&items[0])?.parse::<usize>().ok();
                let chosen = index.and_then(|index| values.get(index));
                Json::String(
                    chosen
                        .cloned()
                        .ok_or_else(|| self.refuse(at, Some(&items[0]), &format!("an index below {}", values.len())))?,
                )
            }
            "Equals" | "And" | "Or" | "Not" | "Condition" => Json::Bool(self.evaluate(function, argument, at)?),
            other => {
                return Err(TemplateError::Intrinsic {
                    file: self.file.to_owned(),
                    logical_id: at.logical_id.to_owned(),
                    property: at.property.to_owned(),
                    function: other.to_owned(),
                    allowed: KNOWN,
                });
            }
        }))
    }

    /// The value as text, as CloudFormation turns scalars into text.
    fn text(&self, value: &Value, at: At<'_>, depth: usize) -> Result<String, TemplateError> {
        let resolved = self.resolve_at_depth(value, at, depth + 1)?;
        resolved
            .as_ref()
            .and_then(json_text)
            .ok_or_else(|| self.refuse(at, Some(value), "text"))
    }

    fn texts(&self, value: &Value, at: At<'_>, depth: usize) -> Result<Vec<String>, TemplateError> {
        match self.resolve_at_depth(value, at, depth + 1)? {
            Some(Json::Array(items)) => items
                .iter()
                .map(|item| json_text(item).ok_or_else(|| self.refuse(at, Some(value), "a list of texts")))
                .collect(),
            _ => Err(self.refuse(at, Some(value), "a list of texts")),
        }
    }

    pub(super) fn refuse(&self, at: At<'_>, value: Option<&Value>, allowed: &str) -> TemplateError {
        TemplateError::Property {
            file: self.file.to_owned(),
            logical_id: at.logical_id.to_owned(),
            property: at.property.to_owned(),
            value: value.map_or_else(|| "absent".to_owned(), shown),
            allowed: allowed.to_owned(),
        }
    }

    fn reference_error(&self, at: At<'_>, name: &str, reason: &str) -> TemplateError {
        TemplateError::Reference {
            file: self.file.to_owned(),
            logical_id: at.logical_id.to_owned(),
            property: at.property.to_owned(),
            name: name.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// A resolved scalar as text.
pub(super) fn json_text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The function's name (without `Fn::` or `!`) and its argument, when the value is a call in the short or long form.
pub(super) fn as_function(value: &Value) -> Option<(String, &Value)> {
    match value {
        Value::Tagged(tagged) => Some((tagged.tag.to_string().trim_start_matches('!').to_owned(), &tagged.value)),
        Value::Mapping(mapping) if mapping.len() == 1 => {
            let (key, argument) = mapping.iter().next()?;
            let key = key.as_str()?;
            match key.strip_prefix("Fn::") {
                Some(function) => Some((function.to_owned(), argument)),
                None if key == "Ref" || (key == "Condition" && argument.is_string()) => {
                    Some((key.to_owned(), argument))
                }
                None => None,
            }
        }
        _ => None,
    }
}
