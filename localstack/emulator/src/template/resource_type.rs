//! Types of resources, as far as more than one reader has to know them.

/// The logical id of the HTTP API that SAM adds.
pub(super) const IMPLICIT_HTTP_API: &str = "ServerlessHttpApi";

/// Whether a resource type is a custom resource.
pub(super) fn is_custom(kind: &str) -> bool {
    kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource"
}
