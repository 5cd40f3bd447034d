//! References: what `!Ref`, `!GetAtt` and `!Sub` give for parameters, pseudo parameters and resources.

use serde_json::Value as Json;
use serde_yaml_ng::Value;

use super::{At, Resolver, Resource, json_text};
use crate::emulator::template::{ACCOUNT, REGION, STACK_NAME, TemplateError, custom, function_arn, stack_id};

impl Resolver<'_> {
    /// What `!Ref name` gives; `None` for `AWS::NoValue`.
    pub(super) fn reference(&self, name: &str, at: At<'_>, depth: usize) -> Result<Option<Json>, TemplateError> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        let text = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::NotificationARNs" => return Ok(Some(Json::Array(Vec::new()))),
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => STACK_NAME.to_owned(),
            "AWS::StackId" => stack_id(),
            _ => match self.resource(name) {
                Some(resource) => self.physical_id(name, resource, depth)?,
                None if name.ends_with(".Alias") => self.alias(name, at, depth)?,
                None if self.is_generated_by_sam(name) => format!("{STACK_NAME}-{name}"),
                None => return Err(self.missing(name, at)),
            },
        };
        Ok(Some(Json::String(text)))
    }

    /// What `!Ref Function.Alias` gives: the ARN of the alias that SAM makes for `AutoPublishAlias`.
    fn alias(&self, name: &str, at: At<'_>, depth: usize) -> Result<String, TemplateError> {
        let id = name.trim_end_matches(".Alias");
        match self.resource(id) {
            Some(resource) if resource.kind == "AWS::Serverless::Function" => {
                Ok(format!("{}:live", function_arn(&self.name_of(id, resource, depth)?)))
            }
            _ => Err(self.missing(id, at)),
        }
    }

    /// What `!GetAtt name` gives, `name` being `Resource.Attribute`.
    pub(super) fn attribute(&self, name: &str, at: At<'_>, depth: usize) -> Result<String, TemplateError> {
        let Some((id, attribute)) = name.split_once('.') else {
            return Err(self.reference_error(at, name, "which names no attribute: Resource.Attribute"));
        };
        let Some(resource) = self.resource(id) else {
            return if self.is_generated_by_sam(id) {
                Ok(plausible("iam", id, attribute))
            } else {
                Err(self.missing(id, at))
            };
        };
        match (resource.kind.as_str(), attribute) {
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "Arn") => {
                Ok(function_arn(&self.name_of(id, resource, depth)?))
            }
            ("AWS::SQS::Queue", "Arn") => Ok(format!(
                "arn:aws:sqs:{REGION}:{ACCOUNT}:{}",
                self.name_of(id, resource, depth)?
            )),
            ("AWS::SQS::Queue", "QueueName") => self.name_of(id, resource, depth),
            ("AWS::SQS::Queue", "QueueUrl") => self.physical_id(id, resource, depth),
            ("AWS::S3::Bucket", "Arn") => Ok(format!("arn:aws:s3:::{}", self.name_of(id, resource, depth)?)),
            (kind, _) if custom::is_custom(kind) => Err(self.reference_error(
                at,
                name,
                "an answer of a custom resource, which is not known before it has run",
            )),
            (kind, _) => {
                let service = kind.split("::").nth(1).unwrap_or("service").to_lowercase();
                Ok(plausible(&service, &self.name_of(id, resource, depth)?, attribute))
            }
        }
    }

    /// `!Sub`: text with `${Name}`, `${Resource.Attribute}` and `${!Literal}`.
    pub(super) fn substitute(&self, argument: &Value, at: At<'_>, depth: usize) -> Result<String, TemplateError> {
        let (pattern, variables) = match argument {
            Value::String(pattern) => (pattern, None),
            Value::Sequence(items) => match items.as_slice() {
                [Value::String(pattern), variables @ Value::Mapping(_)] => (pattern, Some(variables)),
                _ => return Err(self.refuse(at, Some(argument), "Sub takes text, or [text, {variables}]")),
            },
            _ => return Err(self.refuse(at, Some(argument), "Sub takes text, or [text, {variables}]")),
        };
        let mut result = String::with_capacity(pattern.len());
        let mut rest = pattern.as_str();
        while let Some(start) = rest.find("${") {
            let (before, inside) = (&rest[..start], &rest[start + 2..]);
            let Some(end) = inside.find('}') else {
                return Err(self.refuse(at, Some(argument), "text in which every ${ is closed by }"));
            };
            result.push_str(before);
            let name = inside[..end].trim();
            match (
                name.strip_prefix('!'),
                variables.and_then(|variables| variables.get(name)),
            ) {
                (Some(literal), _) => result.push_str(&format!("${{{literal}}}")),
                (None, Some(variable)) => result.push_str(&self.text(variable, at, depth)?),
                (None, None) if name.contains('.') => result.push_str(&self.attribute(name, at, depth)?),
                (None, None) => {
                    let value = self.reference(name, at, depth)?;
                    let text = value.as_ref().and_then(json_text);
                    result.push_str(&text.ok_or_else(|| self.refuse(at, Some(argument), "names of texts"))?);
                }
            }
            rest = &inside[end + 1..];
        }
        result.push_str(rest);
        Ok(result)
    }

    /// The name a resource goes by: its own property for it, else one made of its logical id.
    pub(in crate::emulator::template) fn name_of(
        &self,
        id: &str,
        resource: &Resource,
        depth: usize,
    ) -> Result<String, TemplateError> {
        let (property, default) = match resource.kind.as_str() {
            "AWS::Serverless::Function" | "AWS::Lambda::Function" => ("FunctionName", id.to_owned()),
            "AWS::SQS::Queue" => {
                let fifo = resource.properties.get("FifoQueue").and_then(Value::as_bool) == Some(true);
                (
                    "QueueName",
                    format!("{STACK_NAME}-{id}{}", if fifo { ".fifo" } else { "" }),
                )
            }
            // Names of buckets have no capitals.
            "AWS::S3::Bucket" => ("BucketName", format!("{STACK_NAME}-{id}").to_lowercase()),
            "AWS::SNS::Topic" => ("TopicName", format!("{STACK_NAME}-{id}")),
            "AWS::MSK::Cluster" | "AWS::MSK::ServerlessCluster" => ("ClusterName", format!("{STACK_NAME}-{id}")),
            _ => return Ok(format!("{STACK_NAME}-{id}")),
        };
        match resource.properties.get(property) {
            None => Ok(default),
            Some(value) => {
                let at = At {
                    logical_id: id,
                    property,
                };
                let resolved = self.resolve_at_depth(value, at, depth + 1)?;
                Ok(resolved.as_ref().and_then(json_text).unwrap_or(default))
            }
        }
    }

    pub(in crate::emulator::template) fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|(other, _)| other == id)
            .map(|(_, resource)| resource)
    }

    fn physical_id(&self, id: &str, resource: &Resource, depth: usize) -> Result<String, TemplateError> {
        let name = self.name_of(id, resource, depth)?;
        Ok(match resource.kind.as_str() {
            "AWS::SQS::Queue" => self
                .queue_urls
                .get(id)
                .cloned()
                .unwrap_or_else(|| format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}")),
            "AWS::MSK::Cluster" | "AWS::MSK::ServerlessCluster" => {
                format!("arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/{name}/00000000-0000-0000-0000-000000000000-1")
            }
            "AWS::SNS::Topic" => format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}"),
            "AWS::SecretsManager::Secret" => format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"),
            _ => name,
        })
    }

    /// SAM adds resources of its own: each function's role, and the APIs of its HTTP events.
    fn is_generated_by_sam(&self, name: &str) -> bool {
        name.strip_suffix("Role").is_some_and(|id| self.resource(id).is_some())
            || matches!(name, "ServerlessRestApi" | "ServerlessHttpApi")
    }

    fn missing(&self, name: &str, at: At<'_>) -> TemplateError {
        if self.absent.iter().any(|id| id == name) {
            self.reference_error(at, name, "whose condition is false")
        } else {
            self.reference_error(
                at,
                name,
                "which is no parameter, resource or pseudo parameter of this template",
            )
        }
    }
}

fn plausible(service: &str, name: &str, attribute: &str) -> String {
    if attribute.ends_with("Arn") {
        format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}")
    } else {
        format!("{name}.{attribute}")
    }
}
