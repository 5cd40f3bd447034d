//! What can be wrong with a template, in words that point at the line to change.

use serde_yaml_ng::Value;

use super::unresolved::UnresolvedValue;

/// A template that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file could not be read.
    #[error("{file}: could not be read")]
    Read {
        /// The template.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not YAML.
    #[error("{file}: not valid YAML")]
    Yaml {
        /// The template.
        file: String,
        /// Why, with line and column.
        #[source]
        source: serde_yaml_ng::Error,
    },
    /// A top-level section is not a mapping.
    #[error("{file}: section {name} is {value}, must be a mapping")]
    Section {
        /// The template.
        file: String,
        /// The section.
        name: String,
        /// What stands there.
        value: String,
    },
    /// A value was given for a parameter that the template does not have.
    #[error("{file}: no parameter {name}; its parameters are: {known}")]
    UnknownParameter {
        /// The template.
        file: String,
        /// The parameter that was given.
        name: String,
        /// The parameters there are.
        known: String,
    },
    /// A parameter has neither a default nor a given value.
    #[error("{file}: parameter {name} has no default and no value was given")]
    MissingParameter {
        /// The template.
        file: String,
        /// The parameter.
        name: String,
    },
    /// A parameter's value is not allowed.
    #[error("{file}: parameter {name} is {value:?}, allowed: {allowed}")]
    Parameter {
        /// The template.
        file: String,
        /// The parameter.
        name: String,
        /// Its value.
        value: String,
        /// What the template allows.
        allowed: String,
    },
    /// A property has a value that cannot be used.
    #[error("{file}: {logical_id}: {property} is {value}, allowed: {allowed}")]
    Property {
        /// The template.
        file: String,
        /// The resource.
        logical_id: String,
        /// The property, with its parents.
        property: String,
        /// Its value.
        value: String,
        /// What is allowed there.
        allowed: String,
    },
    /// A reference to something the template does not have.
    #[error("{file}: {logical_id}: {property} refers to {name}, {reason}")]
    Reference {
        /// The template.
        file: String,
        /// The resource that refers.
        logical_id: String,
        /// The property that refers.
        property: String,
        /// What it refers to.
        name: String,
        /// Why that does not resolve.
        reason: String,
    },
    /// A value that the template does not decide. The reader of the property lists it and goes on without; it never leaves `template`.
    #[error("{file}: {value}")]
    Unresolved {
        /// The template.
        file: String,
        /// The value.
        value: Box<UnresolvedValue>,
    },
    /// Nothing of the template can be run here.
    #[error("{file}: no function of it can be run here: {listed}")]
    NothingToRun {
        /// The template.
        file: String,
        /// What it has, and why that is not run.
        listed: String,
    },
    /// Resources that depend on each other.
    #[error("{file}: {logical_id} depends on itself through {path}")]
    Cycle {
        /// The template.
        file: String,
        /// A resource of the circle.
        logical_id: String,
        /// The circle.
        path: String,
    },
}

/// A value as an error shows it: one line, cut when long.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) => format!("{text:?}"),
        other => serde_yaml_ng::to_string(other).unwrap_or_else(|_| format!("{other:?}")),
    };
    cut(text.trim())
}

/// A resolved value as an error shows it.
pub(super) fn shown_json(value: Option<&serde_json::Value>) -> String {
    value.map_or_else(|| "absent".to_owned(), |value| cut(&value.to_string()))
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 120;
    let line = text.replace('\n', " ");
    if line.chars().count() <= LONGEST {
        line
    } else {
        line.chars().take(LONGEST).chain("…".chars()).collect()
    }
}
