//! Typed reading of a resource's properties, with errors that name resource, property, value and what is allowed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_yaml_ng::{Mapping, Value};

use super::deployment::Deployment;
use super::error::{TemplateError, shown_json};
use super::intrinsic::{Location, Resolver, as_function, json_text};
use super::parameter::scalar;

/// The properties of one resource, or of one event of a function.
pub(super) struct Properties<'a> {
    resolver: &'a Resolver<'a>,
    logical_id: &'a str,
    /// What stands before each property's name in errors, such as `Events.Rates.`.
    prefix: String,
    raw: Cow<'a, Mapping>,
}

impl<'a> Properties<'a> {
    pub(super) fn new(resolver: &'a Resolver<'a>, logical_id: &'a str, prefix: &str, raw: &'a Mapping) -> Self {
        Self {
            resolver,
            logical_id,
            prefix: prefix.to_owned(),
            raw: Cow::Borrowed(raw),
        }
    }

    /// What the template is deployed as.
    pub(super) fn deployment(&self) -> &Deployment {
        self.resolver.deployment
    }

    /// The resolved value; `None` when it is absent, null or `AWS::NoValue`, and when it is not known, which is listed.
    pub(super) fn value(&self, name: &str) -> Result<Option<Json>, TemplateError> {
        self.resolver
            .known_or_listed(self.resolved(name), "as if it were absent")
    }

    /// The same, of a property without which its resource is of no use: [`TemplateError::Unresolved`] when it is not known.
    pub(super) fn resolved(&self, name: &str) -> Result<Option<Json>, TemplateError> {
        let property = self.path(name);
        let at = Location {
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
                .ok_or_else(|| self.property_error(name, value.as_ref(), "text")),
        }
    }

    pub(super) fn required_text(&self, name: &str, allowed: &str) -> Result<String, TemplateError> {
        let value = self.resolved(name)?;
        match value.as_ref().map(json_text) {
            Some(Some(text)) if !text.is_empty() => Ok(text),
            Some(None) => Err(self.property_error(name, value.as_ref(), "text")),
            Some(Some(_)) | None => Err(self.property_error(name, None, allowed)),
        }
    }

    /// The text, or `own` when it is not known, which is listed; `None` when there is none.
    pub(super) fn text_or_listed_as(&self, name: &str, own: &str) -> Result<Option<String>, TemplateError> {
        match self
            .resolver
            .known_or_listed(self.resolved(name), &format!("it is {own} here"))?
        {
            None => Ok((!self.is_resolved(name)).then(|| own.to_owned())),
            Some(value) => json_text(&value)
                .map(Some)
                .ok_or_else(|| self.property_error(name, Some(&value), "text")),
        }
    }

    /// Whether the property stands there, known or not, and is neither `AWS::NoValue` nor false.
    pub(super) fn has(&self, name: &str) -> Result<bool, TemplateError> {
        match self.resolved(name) {
            Err(TemplateError::Unresolved { .. }) => Ok(true),
            value => Ok(value?.is_some_and(|value| value != false)),
        }
    }

    /// Whether the template decides the property.
    pub(super) fn is_resolved(&self, name: &str) -> bool {
        !matches!(self.resolved(name), Err(TemplateError::Unresolved { .. }))
    }

    /// That a thing cannot be run, because of a value that nothing here does justice to.
    pub(super) fn unresolved(&self, name: &str, value: String, reason: &str) -> TemplateError {
        let property = self.path(name);
        let at = Location {
            logical_id: self.logical_id,
            property: &property,
        };
        self.resolver.unresolved(at, value, reason)
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
            .ok_or_else(|| self.property_error(name, value.as_ref(), &allowed()))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, TemplateError> {
        let value = self.value(name)?;
        match value.as_ref().map(json_text) {
            None => Ok(default),
            Some(Some(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Some(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(self.property_error(name, value.as_ref(), "true or false")),
        }
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, TemplateError> {
        self.as_texts(name, self.value(name)?)
    }

    /// The same, of a property without which its resource is of no use.
    pub(super) fn resolved_texts(&self, name: &str) -> Result<Vec<String>, TemplateError> {
        self.as_texts(name, self.resolved(name)?)
    }

    fn as_texts(&self, name: &str, value: Option<Json>) -> Result<Vec<String>, TemplateError> {
        match &value {
            None => Ok(Vec::new()),
            Some(Json::Array(items)) => items
                .iter()
                .map(|item| json_text(item).ok_or_else(|| self.property_error(name, Some(item), "a list of texts")))
                .collect(),
            Some(single) => json_text(single)
                .map(|text| vec![text])
                .ok_or_else(|| self.property_error(name, Some(single), "a list of texts")),
        }
    }

    /// A mapping of names to scalars, as text. What is not known of them is left out and listed, with what `consequence` says of its name.
    pub(super) fn text_map(
        &self,
        name: &str,
        consequence: impl Fn(&str) -> String,
    ) -> Result<BTreeMap<String, String>, TemplateError> {
        let mut texts = BTreeMap::new();
        let Some(entries) = self.nested(name)? else {
            return Ok(texts);
        };
        for key in entries.raw.keys() {
            let key = scalar(key).ok_or_else(|| self.property_error(name, None, "a mapping of names to texts"))?;
            if key.starts_with("Fn::") {
                let unresolved = Err(entries.unresolved(&key, key.clone(), "a macro, which AWS runs"));
                let consequence = "the variables that it would add are not there";
                self.resolver.known_or_listed::<()>(unresolved, consequence)?;
                continue;
            }
            let value = entries.resolved(&key);
            let text = match self.resolver.known_or_listed(value, &consequence(&key))? {
                Some(value) => json_text(&value).ok_or_else(|| entries.property_error(&key, Some(&value), "text"))?,
                // What is null in YAML is an empty text; what is absent or not known is nothing.
                None if matches!(entries.raw.get(key.as_str()), Some(Value::Null)) => String::new(),
                None => continue,
            };
            texts.insert(key, text);
        }
        Ok(texts)
    }

    /// The unresolved mapping under `name`, so that its entries are resolved (and blamed) one by one.
    pub(super) fn mapping(&self, name: &str) -> Result<Option<Cow<'_, Mapping>>, TemplateError> {
        let property = self.path(name);
        let at = Location {
            logical_id: self.logical_id,
            property: &property,
        };
        let Some(value) = self.raw.get(name) else {
            return Ok(None);
        };
        let chosen = self
            .resolver
            .known_or_listed(self.resolver.resolve_if(value, at), "as if it were absent")?;
        match chosen {
            None | Some(Value::Null) => Ok(None),
            // Another function gives the whole of it.
            Some(value) if as_function(value).is_some() => match self.value(name)? {
                None => Ok(None),
                Some(Json::Object(entries)) => {
                    let entries = entries.into_iter().map(|(key, value)| (key.into(), as_yaml(value)));
                    Ok(Some(Cow::Owned(entries.collect())))
                }
                other => Err(self.property_error(name, other.as_ref(), "a mapping")),
            },
            Some(Value::Mapping(mapping)) => Ok(Some(Cow::Borrowed(mapping))),
            other => Err(self.resolver.property_error(at, other, "a mapping")),
        }
    }

    /// The properties under `name`, which may be absent.
    pub(super) fn nested(&self, name: &str) -> Result<Option<Properties<'_>>, TemplateError> {
        let prefix = format!("{}.", self.path(name));
        Ok(self.mapping(name)?.map(|raw| Properties {
            resolver: self.resolver,
            logical_id: self.logical_id,
            prefix,
            raw,
        }))
    }

    pub(super) fn property_error(&self, name: &str, value: Option<&Json>, allowed: &str) -> TemplateError {
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

/// A resolved value as one that is read again.
fn as_yaml(value: Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(flag),
        // Read as text everywhere, because parameters are text.
        Json::Number(number) => Value::String(number.to_string()),
        Json::String(text) => Value::String(text),
        Json::Array(items) => Value::Sequence(items.into_iter().map(as_yaml).collect()),
        Json::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| (key.into(), as_yaml(value)));
            Value::Mapping(entries.collect())
        }
    }
}
