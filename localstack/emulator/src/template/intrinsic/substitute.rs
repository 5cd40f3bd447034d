//! `!Sub`: text with names in it.

use serde_yaml_ng::Value;

use super::{Location, Resolver, json_text};
use crate::template::error::TemplateError;

impl Resolver<'_> {
    /// `!Sub`: text with `${Name}`, `${Resource.Attribute}` and `${!Literal}`.
    pub(super) fn substitute(&self, argument: &Value, at: Location<'_>, depth: usize) -> Result<String, TemplateError> {
        let (pattern, variables) = match argument {
            Value::String(pattern) => (pattern, None),
            Value::Sequence(items) => match items.as_slice() {
                [Value::String(pattern), variables @ Value::Mapping(_)] => (pattern, Some(variables)),
                _ => return Err(self.property_error(at, Some(argument), "Sub takes text, or [text, {variables}]")),
            },
            _ => return Err(self.property_error(at, Some(argument), "Sub takes text, or [text, {variables}]")),
        };
        let mut result = String::with_capacity(pattern.len());
        let mut rest = pattern.as_str();
        while let Some(start) = rest.find("${") {
            let (before, inside) = (&rest[..start], &rest[start + 2..]);
            let Some(end) = inside.find('}') else {
                return Err(self.property_error(at, Some(argument), "text in which every ${ is closed by }"));
            };
            result.push_str(before);
            let name = inside[..end].trim();
            match (
                name.strip_prefix('!'),
                variables.and_then(|variables| variables.get(name)),
            ) {
                (Some(literal), _) => result.push_str(&format!("${{{literal}}}")),
                (None, Some(variable)) => result.push_str(&self.text(variable, at, depth)?),
                (None, None) if name.contains('.') => result.push_str(&self.attribute(name, at, depth)?),
                (None, None) => {
                    let value = self.reference(name, at, depth)?;
                    let text = value.as_ref().and_then(json_text);
                    result.push_str(&text.ok_or_else(|| self.property_error(at, Some(argument), "names of texts"))?);
                }
            }
            rest = &inside[end + 1..];
        }
        result.push_str(rest);
        Ok(result)
    }
}
