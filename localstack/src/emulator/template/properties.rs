//! Typed reading of a resource's properties, with errors that name resource, property, value and what is allowed.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_yaml_ng::{Mapping, Value};

use super::error::{TemplateError, shown_json};
use super::intrinsic::{At, Resolver, json_text};

/// The properties of one resource, or of one event of a function.
pub(super) struct Properties<'a> {
    resolver: &'a Resolver<'a>,
    logical_id: &'a str,
    /// What stands before each property's name in errors, such as `Events.Rates.`.
    prefix: String,
    raw: &'a Mapping,
}

impl<'a> Properties<'a> {
    pub(super) fn new(resolver: &'a Resolver<'a>, logical_id: &'a str, prefix: &str, raw: &'a Mapping) -> Self {
        Self {
            resolver,
            logical_id,
            prefix: prefix.to_owned(),
            raw,
        }
    }

    /// The resolved value; `None` when it is absent, null or `AWS::NoValue`.
    pub(super) fn value(&self, name: &str) -> Result<Option<Json>, TemplateError> {
        let property = self.path(name);
        let at = At {
            logical_id: self.logical_id,
            property: &property,
        };
        match self.raw.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Ok(self.resolver.resolve(value, at)?.filter(|value| !value.is_null())),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, TemplateError> {
        let value = self.value(name)?;
        match &value {
            None => Ok(None),
            Some(found) => json_text(found)
                .map(Some)
                .ok_or_else(|| self.refuse(name, value.as_ref(), "text")),
        }
    }

    pub(super) fn required_text(&self, name: &str, allowed: &str) -> Result<String, TemplateError> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.refuse(name, None, allowed))
    }

    /// A whole number inside `range`; text is accepted, because parameters are text.
    pub(super) fn whole(&self, name: &str, range: std::ops::RangeInclusive<i64>) -> Result<Option<i64>, TemplateError> {
        let value = self.value(name)?;
        let Some(found) = &value else { return Ok(None) };
        let number = json_text(found)
            .and_then(|text| text.trim().parse::<i64>().ok())
            .filter(|number| range.contains(number));
        let allowed = || format!("a whole number from {} to {}", range.start(), range.end());
        number
            .map(Some)
            .ok_or_else(|| self.refuse(name, value.as_ref(), &allowed()))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, TemplateError> {
        let value = self.value(name)?;
        match value.as_ref().map(json_text) {
            None => Ok(default),
            Some(Some(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Some(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(self.refuse(name, value.as_ref(), "true or false")),
        }
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, TemplateError> {
        let value = self.value(name)?;
        match &value {
            None => Ok(Vec::new()),
            Some(Json::Array(items)) => items
                .iter()
                .map(|item| json_text(item).ok_or_else(|| self.refuse(name, Some(item), "a list of texts")))
                .collect(),
            Some(single) => json_text(single)
                .map(|text| vec![text])
                .ok_or_else(|| self.refuse(name, Some(single), "a list of texts")),
        }
    }

    /// A mapping of names to scalars, as text.
    pub(super) fn text_map(&self, name: &str) -> Result<BTreeMap<String, String>, TemplateError> {
        match self.value(name)? {
            None => Ok(BTreeMap::new()),
            Some(Json::Object(entries)) => entries
                .into_iter()
                .map(|(key, value)| {
                    let text = if value.is_null() {
                        Some(String::new())
                    } else {
                        json_text(&value)
                    };
                    let text = text.ok_or_else(|| self.refuse(&format!("{name}.{key}"), Some(&value), "text"))?;
                    Ok((key, text))
                })
                .collect(),
            other => Err(self.refuse(name, other.as_ref(), "a mapping of names to texts")),
        }
    }

    /// The unresolved mapping under `name`, so that its entries are resolved (and blamed) one by one.
    pub(super) fn mapping(&self, name: &str) -> Result<Option<&'a Mapping>, TemplateError> {
        let property = self.path(name);
        let at = At {
            logical_id: self.logical_id,
            property: &property,
        };
        let chosen = match self.raw.get(name) {
            None => None,
            Some(value) => self.resolver.chosen(value, at)?,
        };
        match chosen {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Mapping(mapping)) => Ok(Some(mapping)),
            other => Err(self.resolver.refuse(at, other, "a mapping")),
        }
    }

    /// The properties under `name`, which may be absent.
    pub(super) fn nested(&self, name: &str) -> Result<Option<Properties<'a>>, TemplateError> {
        let prefix = format!("{}.", self.path(name));
        Ok(self
            .mapping(name)?
            .map(|raw| Properties::new(self.resolver, self.logical_id, &prefix, raw)))
    }

    pub(super) fn refuse(&self, name: &str, value: Option<&Json>, allowed: &str) -> TemplateError {
        TemplateError::Property {
            file: self.resolver.file().to_owned(),
            logical_id: self.logical_id.to_owned(),
            property: self.path(name),
            value: shown_json(value),
            allowed: allowed.to_owned(),
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
