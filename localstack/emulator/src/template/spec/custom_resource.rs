//! A custom resource.

use std::time::Duration;

use serde_json::Value as Json;

/// A resource that a function of the template creates.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type, such as `Custom::KafkaTopics`.
    pub kind: String,
    /// The name of the function behind `ServiceToken`.
    pub function: String,
    /// How long its function may take to respond: `ServiceTimeout`, a minute when unset (on AWS it would be an hour).
    pub timeout: Duration,
    /// Its properties, with `ServiceToken`, every scalar as text, as CloudFormation passes them.
    pub properties: Json,
}
