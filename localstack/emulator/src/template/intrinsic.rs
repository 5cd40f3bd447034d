//! Intrinsic functions, of CloudFormation and of its transform `AWS::LanguageExtensions`.
//!
//! Source: "Intrinsic function reference", AWS CloudFormation template reference
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>).
//!
//! A value is resolved only when something here needs it, so a template may use any function in properties that only
//! matter on AWS. One that the template does not decide is [`TemplateError::Unresolved`]; the reader of the property lists it and goes on without.

mod cidr;
mod condition;
mod for_each;
mod function;
mod listing;
mod load;
mod reference;
mod substitute;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use serde_yaml_ng::{Mapping, Value};

use super::deployment::Deployment;
use super::error::{TemplateError, shown};
use super::parameter;
use super::unresolved::UnresolvedValue;

/// Names may refer to names (a queue's name to a parameter, an environment variable to the queue), but never this deep.
const MAX_DEPTH: usize = 64;
/// How a value begins that CloudFormation reads elsewhere: "Get values stored in other services using dynamic references", AWS
/// CloudFormation user guide.
const DYNAMIC_REFERENCE: &str = "{{resolve:";

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
pub(super) struct Location<'a> {
    pub(super) logical_id: &'a str,
    pub(super) property: &'a str,
}

/// Resolves values of one template.
pub(super) struct Resolver<'a> {
    file: &'a str,
    parameters: BTreeMap<String, parameter::ParameterValue>,
    mappings: Mapping,
    /// Each condition, or why it is not known.
    conditions: BTreeMap<String, Result<bool, UnresolvedValue>>,
    resources: Vec<(String, Resource)>,
    /// Resources whose condition is false: a reference to one is a mistake worth its own words.
    excluded: Vec<String>,
    /// Resources whose condition is not known.
    undecided: Vec<String>,
    /// Functions that cannot be run here.
    unsupported_functions: BTreeSet<String>,
    /// What the template is deployed as.
    pub(super) deployment: &'a Deployment,
    /// What was gone on without.
    listed: RefCell<Vec<UnresolvedValue>>,
}

impl Resolver<'_> {
    /// The template's file name, for errors.
    pub(super) fn file(&self) -> &str {
        self.file
    }

    /// The resources that exist, in the template's order.
    pub(super) fn resources(&self) -> impl Iterator<Item = (&str, &Resource)> {
        self.resources.iter().map(|(id, resource)| (id.as_str(), resource))
    }

    /// Says which functions cannot be run: what refers to one is not known then.
    pub(super) fn set_unsupported_functions(&mut self, functions: BTreeSet<String>) {
        self.unsupported_functions = functions;
    }

    /// The value with all functions evaluated; `None` when it is `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value, at: Location<'_>) -> Result<Option<Json>, TemplateError> {
        self.resolve_at_depth(value, at, 0)
    }

    /// The value that `!If` takes, itself unresolved; `None` when it is `AWS::NoValue`. Anything but `!If` is taken as it is.
    pub(super) fn resolve_if<'v>(
        &self,
        value: &'v Value,
        at: Location<'_>,
    ) -> Result<Option<&'v Value>, TemplateError> {
        match as_function(value) {
            Some((function, Value::Sequence(items))) if function == "If" && items.len() == 3 => {
                let is_so = self.condition(&self.text(&items[0], at, 0)?, at)?;
                self.resolve_if(&items[if is_so { 1 } else { 2 }], at)
            }
            Some((function, Value::String(name))) if function == "Ref" && name == "AWS::NoValue" => Ok(None),
            _ => Ok(Some(value)),
        }
    }

    fn resolve_at_depth(&self, value: &Value, at: Location<'_>, depth: usize) -> Result<Option<Json>, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(self.reference_error(at, &shown(value), "which refers back to itself"));
        }
        if let Some((function, argument)) = as_function(value) {
            let result = self.call(&function, argument, at, depth + 1)?;
            return match &result {
                Some(Json::String(text)) => self.refuse_dynamic_reference(text, at).map(|()| result),
                _ => Ok(result),
            };
        }
        Ok(Some(match value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => {
                serde_json::to_value(number).map_err(|_| self.property_error(at, Some(value), "a finite number"))?
            }
            Value::String(text) => {
                self.refuse_dynamic_reference(text, at)?;
                Json::String(text.clone())
            }
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
                    let key = parameter::scalar(key).ok_or_else(|| self.property_error(at, Some(key), "a name"))?;
                    // A function beside other keys puts more of them there, as Fn::Transform does.
                    if let Some(function) = key.strip_prefix("Fn::") {
                        return Err(self.unresolved_call(at, function, item, "which is not evaluated here"));
                    }
                    if let Some(item) = self.resolve_at_depth(item, at, depth + 1)? {
                        resolved.insert(key, item);
                    }
                }
                Json::Object(resolved)
            }
            Value::Tagged(tagged) => {
                let function = tagged.tag.to_string();
                return Err(self.unresolved_call(at, &function, &tagged.value, "which is not evaluated here"));
            }
        }))
    }

    fn refuse_dynamic_reference(&self, text: &str, at: Location<'_>) -> Result<(), TemplateError> {
        match text.find(DYNAMIC_REFERENCE) {
            None => Ok(()),
            Some(start) => {
                let end = text[start..].find("}}").map_or(text.len(), |end| start + end + 2);
                Err(self.unresolved(at, text[start..end].to_owned(), "which only AWS can resolve"))
            }
        }
    }

    /// The value as text, as CloudFormation turns scalars into text.
    fn text(&self, value: &Value, at: Location<'_>, depth: usize) -> Result<String, TemplateError> {
        let resolved = self.resolve_at_depth(value, at, depth + 1)?;
        resolved
            .as_ref()
            .and_then(json_text)
            .ok_or_else(|| self.property_error(at, Some(value), "text"))
    }

    fn items(&self, value: &Value, at: Location<'_>, depth: usize) -> Result<Vec<Json>, TemplateError> {
        match self.resolve_at_depth(value, at, depth + 1)? {
            Some(Json::Array(items)) => Ok(items),
            _ => Err(self.property_error(at, Some(value), "a list")),
        }
    }

    fn texts(&self, value: &Value, at: Location<'_>, depth: usize) -> Result<Vec<String>, TemplateError> {
        let items = self.items(value, at, depth)?;
        let text = |item: &Json| json_text(item).ok_or_else(|| self.property_error(at, Some(value), "a list of texts"));
        items.iter().map(text).collect()
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
