//! The template's parameters: their defaults, the values given for them, and their checks.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_yaml_ng::{Mapping, Value};

use super::error::{TemplateError, shown};

/// What a parameter is.
pub(super) enum ParameterValue {
    /// Its value: a string, or a list for list types.
    Known(Json),
    /// The name of a parameter of Systems Manager, whose value only AWS knows.
    SsmParameter(String),
}

/// Types whose value is the name of what holds the value: "Specify existing resources at runtime with CloudFormation-supplied parameter types", AWS CloudFormation
/// user guide. One that is given counts as the value itself.
const STORED: &str = "AWS::SSM::Parameter::Value<";

/// Each parameter.
pub(super) fn values(
    file: &str,
    section: &Mapping,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, ParameterValue>, TemplateError> {
    let names: Vec<&str> = section.keys().filter_map(Value::as_str).collect();
    if let Some(name) = given.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(TemplateError::UnknownParameter {
            file: file.to_owned(),
            name: name.clone(),
            known: if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            },
        });
    }
    let mut values = BTreeMap::new();
    for (name, definition) in section {
        let Some(name) = name.as_str() else { continue };
        let text = match given.get(name) {
            Some(text) => text.clone(),
            None => definition
                .get("Default")
                .and_then(scalar)
                .ok_or_else(|| TemplateError::MissingParameter {
                    file: file.to_owned(),
                    name: name.to_owned(),
                })?,
        };
        let kind = definition.get("Type").and_then(Value::as_str).unwrap_or("String");
        let value = match kind.strip_prefix(STORED) {
            Some(_) if !given.contains_key(name) => ParameterValue::SsmParameter(text),
            Some(inner) => ParameterValue::Known(checked(file, name, definition, inner.trim_end_matches('>'), text)?),
            None => ParameterValue::Known(checked(file, name, definition, kind, text)?),
        };
        values.insert(name.to_owned(), value);
    }
    Ok(values)
}

fn checked(file: &str, name: &str, definition: &Value, kind: &str, text: String) -> Result<Json, TemplateError> {
    let refused = |value: &str, allowed: String| TemplateError::Parameter {
        file: file.to_owned(),
        name: name.to_owned(),
        value: if definition.get("NoEcho").and_then(Value::as_bool) == Some(true) {
            "***".to_owned()
        } else {
            value.to_owned()
        },
        allowed,
    };
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let items: Vec<String> = if is_list {
        text.split(',').map(|item| item.trim().to_owned()).collect()
    } else {
        vec![text.clone()]
    };
    let allowed: Vec<String> = definition
        .get("AllowedValues")
        .and_then(Value::as_sequence)
        .into_iter()
        .flatten()
        .filter_map(scalar)
        .collect();
    let bound = |key: &str| {
        definition
            .get(key)
            .and_then(scalar)
            .and_then(|bound| bound.parse::<f64>().ok())
    };
    for item in &items {
        if !allowed.is_empty() && !allowed.contains(item) {
            return Err(refused(item, allowed.join(", ")));
        }
        if kind == "Number" || kind == "List<Number>" {
            let number: f64 = item.parse().map_err(|_| refused(item, "a number".to_owned()))?;
            if let Some(least) = bound("MinValue").filter(|least| number < *least) {
                return Err(refused(item, format!("at least {least}")));
            }
            if let Some(most) = bound("MaxValue").filter(|most| number > *most) {
                return Err(refused(item, format!("at most {most}")));
            }
        }
        // A length is a small whole number, so the comparison as floats is exact.
        let length = item.chars().count() as f64;
        if let Some(least) = bound("MinLength").filter(|least| length < *least) {
            return Err(refused(item, format!("at least {least} characters")));
        }
        if let Some(most) = bound("MaxLength").filter(|most| length > *most) {
            return Err(refused(item, format!("at most {most} characters")));
        }
    }
    Ok(if is_list { Json::from(items) } else { Json::String(text) })
}

/// A YAML scalar as CloudFormation passes it on: text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null => Some(String::new()),
        Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => {
            tracing::debug!("Not a scalar: {}", shown(value));
            None
        }
    }
}
