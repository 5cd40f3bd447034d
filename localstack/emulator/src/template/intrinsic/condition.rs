//! The template's conditions.

use serde_yaml_ng::{Mapping, Value};

use super::{Location, Resolver, as_function};
use crate::template::error::TemplateError;

impl Resolver<'_> {
    /// Evaluates every condition, in whatever order they refer to each other.
    pub(super) fn evaluate_conditions(&mut self, section: &Mapping) -> Result<(), TemplateError> {
        let mut waiting: Vec<(String, &Value)> = section
            .iter()
            .filter_map(|(name, value)| Some((name.as_str()?.to_owned(), value)))
            .collect();
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut blocked = Vec::new();
            for (name, value) in waiting {
                if names_in(value)
                    .iter()
                    .any(|other| section.contains_key(other) && !self.conditions.contains_key(other))
                {
                    blocked.push((name, value));
                    continue;
                }
                let at = Location {
                    logical_id: "Conditions",
                    property: &name,
                };
                let holds = match as_function(value) {
                    Some((function, argument)) => self.evaluate(&function, argument, at),
                    None => return Err(self.property_error(at, Some(value), "Equals, And, Or, Not, Condition")),
                };
                let holds = match holds {
                    Ok(holds) => Ok(holds),
                    Err(TemplateError::Unresolved { value, .. }) => Err(*value),
                    Err(error) => return Err(error),
                };
                self.conditions.insert(name, holds);
            }
            if let Some((name, value)) = blocked.first().filter(|_| blocked.len() == before) {
                let at = Location {
                    logical_id: "Conditions",
                    property: name,
                };
                return Err(self.reference_error(at, &names_in(value).join(", "), "which refers back to it"));
            }
            waiting = blocked;
        }
        Ok(())
    }

    /// Whether the named condition holds.
    pub(super) fn condition(&self, name: &str, at: Location<'_>) -> Result<bool, TemplateError> {
        match self.conditions.get(name) {
            Some(Ok(holds)) => Ok(*holds),
            Some(Err(unresolved)) => Err(self.unresolved(
                at,
                format!("condition {name}"),
                &format!("which hangs on {}, {}", unresolved.value, unresolved.reason),
            )),
            None => Err(self.reference_error(at, name, "which is no condition of this template")),
        }
    }

    /// Evaluates one condition function.
    pub(super) fn evaluate(&self, function: &str, argument: &Value, at: Location<'_>) -> Result<bool, TemplateError> {
        let items = || match argument {
            Value::Sequence(items) if !items.is_empty() => Ok(items),
            other => Err(self.property_error(at, Some(other), &format!("{function} takes a list"))),
        };
        let inner = |value: &Value| match as_function(value) {
            Some((function, argument)) => self.evaluate(&function, argument, at),
            None => Err(self.property_error(at, Some(value), "Equals, And, Or, Not, Condition")),
        };
        match function {
            "Condition" => self.condition(&self.text(argument, at, 0)?, at),
            "Equals" => match items()?.as_slice() {
                [left, right] => Ok(self.text(left, at, 0)? == self.text(right, at, 0)?),
                _ => Err(self.property_error(at, Some(argument), "Equals takes two values")),
            },
            "Not" => match items()?.as_slice() {
                [only] => Ok(!inner(only)?),
                _ => Err(self.property_error(at, Some(argument), "Not takes one condition")),
            },
            "And" => decided(items()?.iter().map(inner), false),
            "Or" => decided(items()?.iter().map(inner), true),
            _ => Err(self.property_error(at, Some(argument), "Equals, And, Or, Not, Condition")),
        }
    }
}

/// Whether one of the conditions is what decides all of them: true of `Or`, false of `And`. One that is not known matters only where none decides.
fn decided(
    conditions: impl Iterator<Item = Result<bool, TemplateError>>,
    deciding: bool,
) -> Result<bool, TemplateError> {
    let mut unresolved = None;
    let mut is_decided = false;
    for condition in conditions {
        match condition {
            Ok(holds) => is_decided |= holds == deciding,
            Err(error @ TemplateError::Unresolved { .. }) => unresolved = unresolved.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match unresolved {
        Some(error) if !is_decided => Err(error),
        _ => Ok(is_decided == deciding),
    }
}

/// The conditions that a condition refers to.
fn names_in(value: &Value) -> Vec<String> {
    match as_function(value) {
        Some((function, Value::String(name))) if function == "Condition" => vec![name.clone()],
        Some((_, Value::Sequence(items))) => items.iter().flat_map(names_in).collect(),
        _ => Vec::new(),
    }
}
