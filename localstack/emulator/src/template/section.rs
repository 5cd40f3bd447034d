//! The template's top-level sections.

use serde_yaml_ng::{Mapping, Value};

use super::error::{TemplateError, shown};

/// A top-level section of the template, or an empty one.
pub(super) fn section(file: &str, root: &Value, name: &str) -> Result<Mapping, TemplateError> {
    match root.get(name) {
        None | Some(Value::Null) => Ok(Mapping::new()),
        Some(Value::Mapping(mapping)) => Ok(mapping.clone()),
        Some(other) => Err(TemplateError::Section {
            file: file.to_owned(),
            name: name.to_owned(),
            value: shown(other),
        }),
    }
}
