//! What a template leaves open and its deployment decides.

use std::collections::BTreeMap;

use crate::aws::{ACCOUNT, REGION};

/// What a template is deployed as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployment {
    /// `AWS::StackName`; what the template does not name is called after it.
    pub stack_name: String,
    /// Values for parameters, as for `sam deploy --parameter-overrides`; others have their defaults.
    pub parameters: BTreeMap<String, String>,
    /// The URL of each queue, by its logical id. A reference to one without it resolves to what AWS would give.
    pub queue_urls: BTreeMap<String, String>,
}

impl Deployment {
    /// A stack with these parameters and no queues yet.
    #[must_use]
    pub fn new(stack_name: &str, parameters: BTreeMap<String, String>) -> Self {
        Self {
            stack_name: stack_name.to_owned(),
            parameters,
            queue_urls: BTreeMap::new(),
        }
    }

    /// What something of the template is called that has no name of its own.
    pub(super) fn physical_name(&self, logical_id: &str) -> String {
        format!("{}-{logical_id}", self.stack_name)
    }

    /// The value of `AWS::StackId`.
    pub(super) fn stack_id(&self) -> String {
        let name = &self.stack_name;
        format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/00000000-0000-0000-0000-000000000000")
    }
}
