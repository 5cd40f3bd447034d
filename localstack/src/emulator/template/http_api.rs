//! The HTTP API itself: `AWS::Serverless::HttpApi`, or the one that SAM adds for events without an `ApiId`.
//!
//! Sources: "AWS::Serverless::HttpApi" and "Globals section of the AWS SAM template", AWS SAM developer guide. Routes come from
//! the functions' events; what a template asks of its API and does not get here is refused or listed as unsupported.

mod cors;

use std::collections::BTreeMap;

use serde_yaml_ng::{Mapping, Value};

use super::error::TemplateError;
use super::intrinsic::Resolver;
use super::properties::Properties;
use super::{STACK_NAME, merge};

pub use cors::CorsSpec;

/// The logical id of the API that SAM adds.
const IMPLICIT: &str = "ServerlessHttpApi";
/// Properties without an effect here.
const IGNORED: [&str; 6] = [
    "AccessLogSettings",
    "DefaultRouteSettings",
    "DisableExecuteApiEndpoint",
    "Domain",
    "RouteSettings",
    "DefinitionUri",
];
/// The authorizers that are emulated.
pub(super) const AUTHORIZERS: &str = "AWS_IAM, NONE";

/// The HTTP API that the template's routes belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpApiSpec {
    /// Its name in the template.
    pub logical_id: String,
    /// `CorsConfiguration`.
    pub cors: Option<CorsSpec>,
    /// `StageVariables`.
    pub stage_variables: BTreeMap<String, String>,
    /// Whether routes may name the authorizer `AWS_IAM`: `Auth.EnableIamAuthorizer`.
    pub has_iam: bool,
    /// Whether routes that name no authorizer need a signature: `Auth.DefaultAuthorizer` is `AWS_IAM`.
    pub defaults_to_iam: bool,
    /// What the template asks of it and does not get, as `Api (Property)`.
    pub(super) ignored: Vec<String>,
}

/// The APIs that routes may name.
pub(super) struct Apis {
    /// Each with what `!Ref` gives for it.
    explicit: Vec<(String, HttpApiSpec)>,
    implicit: HttpApiSpec,
}

impl Apis {
    pub(super) fn read(resolver: &Resolver<'_>, globals: Option<&Value>) -> Result<Self, TemplateError> {
        let mut explicit = Vec::new();
        for (id, resource) in resolver.resources() {
            if resource.kind == "AWS::Serverless::HttpApi" {
                let raw = merge::with_globals(globals, &resource.properties);
                explicit.push((resolver.name_of(id, resource, 0)?, read(resolver, id, &raw)?));
            }
        }
        let raw = merge::with_globals(globals, &Mapping::new());
        let implicit = read(resolver, IMPLICIT, &raw)?;
        Ok(Self { explicit, implicit })
    }

    /// The API that an event names, or the implicit one.
    pub(super) fn of_event(&self, event: &Properties<'_>) -> Result<&HttpApiSpec, TemplateError> {
        let Some(wanted) = event.text("ApiId")? else {
            return Ok(&self.implicit);
        };
        if wanted == format!("{STACK_NAME}-{IMPLICIT}") {
            return Ok(&self.implicit);
        }
        let found = self.explicit.iter().find(|(reference, _)| *reference == wanted);
        found.map(|(_, api)| api).ok_or_else(|| {
            let known: Vec<String> = self
                .explicit
                .iter()
                .map(|(_, api)| format!("!Ref {}", api.logical_id))
                .collect();
            let known = if known.is_empty() {
                "absent, as this template has no AWS::Serverless::HttpApi".to_owned()
            } else {
                known.join(", ")
            };
            event.refuse("ApiId", Some(&wanted.into()), &known)
        })
    }
}

fn read(resolver: &Resolver<'_>, id: &str, raw: &Mapping) -> Result<HttpApiSpec, TemplateError> {
    let properties = Properties::new(resolver, id, "", raw);
    if let Some(stage) = properties.text("StageName")?
        && stage != "$default"
    {
        return Err(properties.refuse("StageName", Some(&stage.into()), "$default, or absent"));
    }
    if let Some(definition) = properties.mapping("DefinitionBody")? {
        let shown = definition.len();
        let allowed = "absent: routes are read from the functions' events";
        return Err(properties.refuse("DefinitionBody", Some(&format!("{shown} entries").into()), allowed));
    }
    let mut ignored = Vec::new();
    for property in IGNORED {
        if properties.value(property)?.is_some_and(|value| value != false) {
            ignored.push(format!("{id} ({property})"));
        }
    }
    let (mut has_iam, mut defaults_to_iam) = (false, false);
    if let Some(auth) = properties.nested("Auth")? {
        has_iam = auth.flag("EnableIamAuthorizer", false)?;
        if auth.value("Authorizers")?.is_some() {
            ignored.push(format!("{id} (Auth.Authorizers)"));
        }
        defaults_to_iam = match auth.text("DefaultAuthorizer")?.as_deref() {
            None => false,
            Some("AWS_IAM") if has_iam => true,
            Some("AWS_IAM") => return Err(auth.refuse("EnableIamAuthorizer", None, "true, for AWS_IAM")),
            Some(other) => return Err(auth.refuse("DefaultAuthorizer", Some(&other.into()), "AWS_IAM, or absent")),
        };
    }
    Ok(HttpApiSpec {
        logical_id: id.to_owned(),
        cors: cors::read(&properties)?,
        stage_variables: properties.text_map("StageVariables")?,
        has_iam,
        defaults_to_iam,
        ignored,
    })
}
