//! References: what `!Ref`, `!GetAtt` and `!Sub` give for parameters, pseudo parameters and resources.

use serde_json::Value as Json;
use serde_yaml_ng::Value;

use super::{Location, Resolver, Resource, json_text};
use crate::aws::{ACCOUNT, REGION, cluster_arn, function_arn, queue_arn};
use crate::template::error::TemplateError;
use crate::template::parameter::ParameterValue;
use crate::template::resource_type::{IMPLICIT_HTTP_API, is_custom};

/// Resources that are not run here and whose `!Ref` is the name that the template gives them, with that property.
const NAMED: [(&str, &str); 9] = [
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::Serverless::SimpleTable", "TableName"),
    ("AWS::Events::EventBus", "Name"),
    ("AWS::Kinesis::Stream", "Name"),
    ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::Athena::WorkGroup", "Name"),
];

impl Resolver<'_> {
    /// What `!Ref name` gives; `None` for `AWS::NoValue`.
    pub(super) fn reference(&self, name: &str, at: Location<'_>, depth: usize) -> Result<Option<Json>, TemplateError> {
        match self.parameters.get(name) {
            Some(ParameterValue::Known(value)) => return Ok(Some(value.clone())),
            Some(ParameterValue::SsmParameter(path)) => {
                let reason = format!("the value of Systems Manager's {path}, which --parameter {name}=VALUE can give");
                return Err(self.unresolved(at, format!("!Ref {name}"), &reason));
            }
            None => {}
        }
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::NotificationARNs" => return Ok(Some(Json::Array(Vec::new()))),
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => self.deployment.stack_name.clone(),
            "AWS::StackId" => self.deployment.stack_id(),
            _ => match self.resource(name) {
                Some(resource) => match self.physical_id(name, resource, depth)? {
                    Some(id) => id,
                    None => return Err(self.not_run(at, format!("!Ref {name}"), name, resource)),
                },
                None if name.ends_with(".Alias") => self.alias(name, at, depth)?,
                None if name == IMPLICIT_HTTP_API => self.deployment.physical_name(name),
                None => return Err(self.missing(name, &format!("!Ref {name}"), at)),
            },
        };
        Ok(Some(Json::String(text)))
    }

    /// What `!Ref Function.Alias` gives: the ARN of the alias that SAM makes for `AutoPublishAlias`.
    fn alias(&self, name: &str, at: Location<'_>, depth: usize) -> Result<String, TemplateError> {
        let id = name.trim_end_matches(".Alias");
        match self.resource(id) {
            Some(resource) if self.unsupported_functions.contains(id) => {
                Err(self.not_run(at, format!("!Ref {name}"), id, resource))
            }
            Some(resource) if resource.kind == "AWS::Serverless::Function" => {
                Ok(format!("{}:live", function_arn(&self.name_of(id, resource, depth)?)))
            }
            _ => Err(self.missing(id, &format!("!Ref {name}"), at)),
        }
    }

    /// What `!GetAtt name` gives, `name` being `Resource.Attribute`.
    pub(super) fn attribute(&self, name: &str, at: Location<'_>, depth: usize) -> Result<String, TemplateError> {
        let Some((id, attribute)) = name.split_once('.') else {
            return Err(self.reference_error(at, name, "which names no attribute: Resource.Attribute"));
        };
        let shown = || format!("!GetAtt {name}");
        let Some(resource) = self.resource(id) else {
            return Err(self.missing(id, &shown(), at));
        };
        let name_of = || self.name_of(id, resource, depth);
        let given = |property: &str| self.given_name(id, resource, property, depth);
        let known = match (resource.kind.as_str(), attribute) {
            _ if self.unsupported_functions.contains(id) => None,
            ("AWS::Serverless::Function", "Arn") => Some(function_arn(&name_of()?)),
            ("AWS::SQS::Queue", "Arn") => Some(queue_arn(&name_of()?)),
            ("AWS::SQS::Queue", "QueueName") => Some(name_of()?),
            ("AWS::SQS::Queue", "QueueUrl") => self.physical_id(id, resource, depth)?,
            ("AWS::S3::Bucket", "Arn") => Some(format!("arn:aws:s3:::{}", name_of()?)),
            ("AWS::MSK::Cluster" | "AWS::MSK::ServerlessCluster", "Arn") => self.physical_id(id, resource, depth)?,
            ("AWS::SNS::Topic", "TopicArn") => self.physical_id(id, resource, depth)?,
            ("AWS::SNS::Topic", "TopicName") => given("TopicName")?,
            ("AWS::SSM::Parameter", "Value") => given("Value")?,
            ("AWS::DynamoDB::Table", "Arn") => {
                given("TableName")?.map(|table| format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"))
            }
            ("AWS::IAM::Role", "Arn") => given("RoleName")?.map(|role| format!("arn:aws:iam::{ACCOUNT}:role/{role}")),
            (kind, _) if is_custom(kind) => {
                let reason = "an answer of a custom resource, which is not known before it has run";
                return Err(self.unresolved(at, shown(), reason));
            }
            _ => None,
        };
        known.ok_or_else(|| self.not_run(at, shown(), id, resource))
    }

    /// The name that a resource of the emulator goes by: its own property for it, else one made of its logical id.
    pub(in crate::template) fn name_of(
        &self,
        id: &str,
        resource: &Resource,
        depth: usize,
    ) -> Result<String, TemplateError> {
        let own = self.deployment.physical_name(id);
        let (property, default) = match resource.kind.as_str() {
            "AWS::Serverless::Function" => ("FunctionName", id.to_owned()),
            "AWS::SQS::Queue" => {
                let fifo = resource.properties.get("FifoQueue").and_then(Value::as_bool) == Some(true);
                ("QueueName", if fifo { format!("{own}.fifo") } else { own })
            }
            // Names of buckets have no capitals.
            "AWS::S3::Bucket" => ("BucketName", own.to_lowercase()),
            "AWS::MSK::Cluster" | "AWS::MSK::ServerlessCluster" => ("ClusterName", own),
            _ => return Ok(own),
        };
        let name = self.given_name(id, resource, property, depth);
        let name = self.known_or_listed(name, &format!("it is called {default}"))?;
        Ok(name.unwrap_or(default))
    }

    /// The name that the template gives a resource.
    fn given_name(
        &self,
        id: &str,
        resource: &Resource,
        property: &str,
        depth: usize,
    ) -> Result<Option<String>, TemplateError> {
        let Some(value) = resource.properties.get(property) else {
            return Ok(None);
        };
        let at = Location {
            logical_id: id,
            property,
        };
        let resolved = self.resolve_at_depth(value, at, depth + 1)?;
        Ok(resolved.as_ref().and_then(json_text))
    }

    pub(in crate::template) fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|(other, _)| other == id)
            .map(|(_, resource)| resource)
    }

    /// What `!Ref` of a resource gives: of what the emulator has or stands in for, and of what the template names; `None` of all else.
    fn physical_id(&self, id: &str, resource: &Resource, depth: usize) -> Result<Option<String>, TemplateError> {
        if self.unsupported_functions.contains(id) {
            return Ok(None);
        }
        let kind = resource.kind.as_str();
        if let Some((_, property)) = NAMED.iter().find(|(named, _)| *named == kind) {
            return self.given_name(id, resource, property, depth);
        }
        Ok(match kind {
            "AWS::SQS::Queue" => Some(match self.deployment.queue_urls.get(id) {
                Some(url) => url.clone(),
                None => {
                    let name = self.name_of(id, resource, depth)?;
                    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}")
                }
            }),
            "AWS::MSK::Cluster" | "AWS::MSK::ServerlessCluster" => {
                Some(cluster_arn(&self.name_of(id, resource, depth)?))
            }
            "AWS::SNS::Topic" => {
                let name = self.given_name(id, resource, "TopicName", depth)?;
                name.map(|name| format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}"))
            }
            "AWS::Serverless::Function" | "AWS::S3::Bucket" | "AWS::Serverless::HttpApi" => {
                Some(self.name_of(id, resource, depth)?)
            }
            _ => None,
        })
    }

    fn not_run(&self, at: Location<'_>, value: String, id: &str, resource: &Resource) -> TemplateError {
        let reason = if is_custom(&resource.kind) {
            "an answer of a custom resource, which is not known before it has run".to_owned()
        } else if self.unsupported_functions.contains(id) {
            format!("function {id} is not run here")
        } else {
            format!(
                "{} {id} is not run here, and the template does not say it",
                resource.kind
            )
        };
        self.unresolved(at, value, &reason)
    }

    /// SAM adds resources of its own, whose names begin with that of the one they are for, or with Serverless: roles, APIs, aliases, permissions.
    fn is_generated_by_sam(&self, name: &str) -> bool {
        let is_for =
            |(id, resource): (&str, &Resource)| resource.kind.starts_with("AWS::Serverless::") && name.starts_with(id);
        name.starts_with("ServerlessRestApi") || name.starts_with(IMPLICIT_HTTP_API) || self.resources().any(is_for)
    }

    fn missing(&self, name: &str, value: &str, at: Location<'_>) -> TemplateError {
        if self.excluded.iter().any(|id| id == name) {
            self.reference_error(at, name, "whose condition is false")
        } else if self.undecided.iter().any(|id| id == name) {
            self.unresolved(at, value.to_owned(), "whose condition is not known")
        } else if self.is_generated_by_sam(name) {
            self.unresolved(
                at,
                value.to_owned(),
                "which SAM adds to the template and is not run here",
            )
        } else {
            self.reference_error(
                at,
                name,
                "which is no parameter, resource or pseudo parameter of this template",
            )
        }
    }
}
