//! What is refused, and what is listed and gone on without.

use serde_yaml_ng::Value;

use super::{Location, Resolver};
use crate::template::error::{TemplateError, shown};
use crate::template::unresolved::UnresolvedValue;

impl Resolver<'_> {
    /// What was gone on without so far, each once.
    pub(in crate::template) fn listed(&self) -> Vec<UnresolvedValue> {
        self.listed.borrow().clone()
    }

    /// Lists a value that is gone on without.
    pub(in crate::template) fn list(&self, unresolved: UnresolvedValue, consequence: &str) {
        let unresolved = UnresolvedValue {
            consequence: consequence.to_owned(),
            ..unresolved
        };
        let mut listed = self.listed.borrow_mut();
        if !listed.contains(&unresolved) {
            listed.push(unresolved);
        }
    }

    /// The value, or `None` and an entry in the list when it is not known.
    pub(in crate::template) fn known_or_listed<T>(
        &self,
        value: Result<Option<T>, TemplateError>,
        consequence: &str,
    ) -> Result<Option<T>, TemplateError> {
        match value {
            Err(TemplateError::Unresolved { value, .. }) => {
                self.list(*value, consequence);
                Ok(None)
            }
            other => other,
        }
    }

    pub(in crate::template) fn property_error(
        &self,
        at: Location<'_>,
        value: Option<&Value>,
        allowed: &str,
    ) -> TemplateError {
        TemplateError::Property {
            file: self.file.to_owned(),
            logical_id: at.logical_id.to_owned(),
            property: at.property.to_owned(),
            value: value.map_or_else(|| "absent".to_owned(), shown),
            allowed: allowed.to_owned(),
        }
    }

    pub(super) fn reference_error(&self, at: Location<'_>, name: &str, reason: &str) -> TemplateError {
        TemplateError::Reference {
            file: self.file.to_owned(),
            logical_id: at.logical_id.to_owned(),
            property: at.property.to_owned(),
            name: name.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// A call whose value is not known.
    pub(super) fn unresolved_call(
        &self,
        at: Location<'_>,
        function: &str,
        argument: &Value,
        reason: &str,
    ) -> TemplateError {
        let argument = match argument {
            Value::String(text) => text.clone(),
            other => shown(other),
        };
        let function = function.trim_start_matches('!');
        self.unresolved(at, format!("!{function} {argument}").trim_end().to_owned(), reason)
    }

    pub(in crate::template) fn unresolved(&self, at: Location<'_>, value: String, reason: &str) -> TemplateError {
        TemplateError::Unresolved {
            file: self.file.to_owned(),
            value: Box::new(UnresolvedValue {
                logical_id: at.logical_id.to_owned(),
                property: at.property.to_owned(),
                value,
                reason: reason.to_owned(),
                consequence: String::new(),
            }),
        }
    }
}
