//! Values that the template does not decide: what only AWS knows, or what another stack or resource would say.

use std::fmt;

/// A value that cannot be known here, and what is done without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedValue {
    /// The resource where it stands, or the section.
    pub logical_id: String,
    /// The property where it stands, with its parents.
    pub property: String,
    /// What stands there, such as `!ImportValue orders`.
    pub value: String,
    /// Why it cannot be known.
    pub reason: String,
    /// What is done without it.
    pub consequence: String,
}

impl UnresolvedValue {
    /// The name of the environment variable that it would be, if it would be one. `--env` can give it.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.property.strip_prefix(VARIABLES)
    }
}

/// Where environment variables stand.
pub(super) const VARIABLES: &str = "Environment.Variables.";

impl fmt::Display for UnresolvedValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            logical_id,
            property,
            value,
            reason,
            consequence,
        } = self;
        write!(formatter, "{logical_id}: {property}: {value}, {reason}")?;
        if consequence.is_empty() {
            return Ok(());
        }
        write!(formatter, ": {consequence}")
    }
}
