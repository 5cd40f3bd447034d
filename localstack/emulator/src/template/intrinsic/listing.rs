//! What is refused, and what is listed and gone on without.

use serde_yaml_ng::Value;

use super::{At, Resolver};
use crate::template::error::shown;
use crate::template::{TemplateError, Unknown};

impl Resolver<'_> {
    /// What was gone on without so far, each once.
    pub(in crate::template) fn listed(&self) -> Vec<Unknown> {
        self.listed.borrow().clone()
    }

    /// Lists a value that is gone on without.
    pub(in crate::template) fn list(&self, unknown: Unknown, consequence: &str) {
        let unknown = Unknown {
            consequence: consequence.to_owned(),
            ..unknown
        };
        let mut listed = self.listed.borrow_mut();
        if !listed.contains(&unknown) {
            listed.push(unknown);
        }
    }

    /// The value, or `None` and an entry in the list when it is not known.
    pub(in crate::template) fn known<T>(
        &self,
        value: Result<Option<T>, TemplateError>,
        consequence: &str,
    ) -> Result<Option<T>, TemplateError> {
        match value {
            Err(TemplateError::Unknown { unknown, .. }) => {
                self.list(*unknown, consequence);
                Ok(None)
            }
            other => other,
        }
    }

    pub(in crate::template) fn refuse(&self, at: At<'_>, value: Option<&Value>, allowed: &str) -> TemplateError {
        TemplateError::Property {
            file: self.file.to_owned(),
            logical_id: at.logical_id.to_owned(),
            property: at.property.to_owned(),
            value: value.map_or_else(|| "absent".to_owned(), shown),
            allowed: allowed.to_owned(),
        }
    }

    pub(super) fn reference_error(&self, at: At<'_>, name: &str, reason: &str) -> TemplateError {
        TemplateError::Reference {
            file: self.file.to_owned(),
            logical_id: at.logical_id.to_owned(),
            property: at.property.to_owned(),
            name: name.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// A call whose value is not known.
    pub(super) fn unknown(&self, at: At<'_>, function: &str, argument: &Value, reason: &str) -> TemplateError {
        let argument = match argument {
            Value::String(text) => text.clone(),
            other => shown(other),
        };
        let function = function.trim_start_matches('!');
        self.unknown_text(at, format!("!{function} {argument}").trim_end().to_owned(), reason)
    }

    pub(in crate::template) fn unknown_text(&self, at: At<'_>, value: String, reason: &str) -> TemplateError {
        TemplateError::Unknown {
            file: self.file.to_owned(),
            unknown: Box::new(Unknown {
                logical_id: at.logical_id.to_owned(),
                property: at.property.to_owned(),
                value,
                reason: reason.to_owned(),
                consequence: String::new(),
            }),
        }
    }
}
