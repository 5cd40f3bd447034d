//! `Fn::ForEach`: a fragment of template once for each value of a list.
//!
//! Source: "Fn::ForEach", AWS CloudFormation template reference
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html>): it stands in place of a key in
//! Conditions, Resources, their properties and Outputs.

use serde_yaml_ng::value::TaggedValue;
use serde_yaml_ng::{Mapping, Value};

use super::{Location, MAX_DEPTH, Resolver, as_function, json_text};
use crate::template::error::TemplateError;

const LOOP: &str = "Fn::ForEach::";
/// What a section may become: CloudFormation allows 500 resources, and a loop in a loop in a loop is soon more than memory holds.
const MAX_KEYS: usize = 10_000;

/// The section with every loop written out. One over a list that is not known is listed, and nothing stands in its place.
pub(super) fn expanded(resolver: &Resolver<'_>, name: &str, section: Mapping) -> Result<Mapping, TemplateError> {
    let mut keys = 0;
    match expand(resolver, name, Value::Mapping(section), 0, &mut keys)? {
        Value::Mapping(section) => Ok(section),
        _ => Ok(Mapping::new()),
    }
}

fn expand(
    resolver: &Resolver<'_>,
    section: &str,
    value: Value,
    depth: usize,
    keys: &mut usize,
) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::Sequence(items) => Value::Sequence(
            items
                .into_iter()
                .map(|item| expand(resolver, section, item, depth, keys))
                .collect::<Result<_, _>>()?,
        ),
        Value::Tagged(tagged) => Value::Tagged(Box::new(TaggedValue {
            tag: tagged.tag,
            value: expand(resolver, section, tagged.value, depth, keys)?,
        })),
        Value::Mapping(mapping) => {
            let mut written = Mapping::new();
            for (key, item) in mapping {
                if key.as_str().is_some_and(|key| key.starts_with(LOOP)) {
                    for iteration in iterations(resolver, section, &key, &item, depth)? {
                        if let Value::Mapping(iteration) = expand(resolver, section, iteration, depth + 1, keys)? {
                            *keys += iteration.len();
                            written.extend(iteration);
                        }
                    }
                    if *keys > MAX_KEYS {
                        let allowed = format!("loops that give {MAX_KEYS} keys at the most");
                        return Err(loop_error(resolver, section, &key, &item, &allowed));
                    }
                } else {
                    written.insert(key, expand(resolver, section, item, depth, keys)?);
                }
            }
            Value::Mapping(written)
        }
        plain => plain,
    })
}

/// The fragment of one loop, once for each value.
fn iterations(
    resolver: &Resolver<'_>,
    section: &str,
    key: &Value,
    argument: &Value,
    depth: usize,
) -> Result<Vec<Value>, TemplateError> {
    const ALLOWED: &str = "[Identifier, [values], {key with ${Identifier}: value}]";
    let refused = || loop_error(resolver, section, key, argument, ALLOWED);
    let [Value::String(identifier), collection, fragment @ Value::Mapping(_)] =
        argument.as_sequence().map(Vec::as_slice).unwrap_or_default()
    else {
        return Err(refused());
    };
    if depth > MAX_DEPTH {
        return Err(refused());
    }
    let at = Location {
        logical_id: section,
        property: key.as_str().unwrap_or(LOOP),
    };
    let values = resolver.known_or_listed(resolver.resolve(collection, at), "nothing of the loop is there")?;
    let values = match values {
        None => return Ok(Vec::new()),
        Some(serde_json::Value::Array(values)) => values,
        Some(_) => return Err(refused()),
    };
    let values: Option<Vec<String>> = values.iter().map(json_text).collect();
    let values = values.ok_or_else(refused)?;
    Ok(values
        .iter()
        .map(|value| substitute(fragment, identifier, value))
        .collect())
}

fn loop_error(resolver: &Resolver<'_>, section: &str, key: &Value, argument: &Value, allowed: &str) -> TemplateError {
    let at = Location {
        logical_id: section,
        property: key.as_str().unwrap_or(LOOP),
    };
    resolver.property_error(at, Some(argument), allowed)
}

/// The fragment with a value in place of the identifier: in texts and keys as `${Identifier}`, or `&{Identifier}` for its letters and digits alone, and as `!Ref`.
fn substitute(fragment: &Value, identifier: &str, value: &str) -> Value {
    let in_text = |text: &str| {
        let letters: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
        text.replace(&format!("${{{identifier}}}"), value)
            .replace(&format!("&{{{identifier}}}"), &letters)
    };
    if let Some((function, Value::String(name))) = as_function(fragment)
        && function == "Ref"
        && name == identifier
    {
        return Value::String(value.to_owned());
    }
    match fragment {
        Value::String(text) => Value::String(in_text(text)),
        Value::Sequence(items) => {
            Value::Sequence(items.iter().map(|item| substitute(item, identifier, value)).collect())
        }
        Value::Tagged(tagged) => Value::Tagged(Box::new(TaggedValue {
            tag: tagged.tag.clone(),
            value: substitute(&tagged.value, identifier, value),
        })),
        Value::Mapping(mapping) => Value::Mapping(
            mapping
                .iter()
                .map(|(key, item)| (substitute(key, identifier, value), substitute(item, identifier, value)))
                .collect(),
        ),
        plain => plain.clone(),
    }
}
