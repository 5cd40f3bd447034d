//! The HTTP API itself: `AWS::Serverless::HttpApi`, or the one that SAM adds for events without an `ApiId`.
//!
//! Sources: "AWS::Serverless::HttpApi" and "Globals section of the AWS SAM template", AWS SAM developer guide. Routes come from
//! the functions' events; what a template asks of its API and does not get here is refused or listed as unsupported.

mod cors;

use serde_yaml_ng::{Mapping, Value};

use super::error::TemplateError;
use super::intrinsic::{Resolver, json_text};
use super::merge;
use super::properties::Properties;
use super::resource_type::IMPLICIT_HTTP_API;
use super::spec::HttpApiSpec;

/// What stands for an authorizer that the template does not decide.
pub(super) const NOT_KNOWN: &str = "not known";
/// Properties without an effect here.
const IGNORED: [&str; 6] = [
    "AccessLogSettings",
    "DefaultRouteSettings",
    "DisableExecuteApiEndpoint",
    "Domain",
    "RouteSettings",
    "DefinitionUri",
];

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
        let implicit = read(resolver, IMPLICIT_HTTP_API, &raw)?;
        Ok(Self { explicit, implicit })
    }

    /// The API that an event names, or the implicit one.
    pub(super) fn of_event(&self, event: &Properties<'_>) -> Result<&HttpApiSpec, TemplateError> {
        let Some(wanted) = event.resolved("ApiId")?.as_ref().and_then(json_text) else {
            return Ok(&self.implicit);
        };
        if wanted == event.deployment().physical_name(IMPLICIT_HTTP_API) {
            return Ok(&self.implicit);
        }
        let found = self.explicit.iter().find(|(reference, _)| *reference == wanted);
        found.map(|(_, api)| api).ok_or_else(|| {
            event.unresolved(
                "ApiId",
                wanted.clone(),
                "which is no AWS::Serverless::HttpApi of this template",
            )
        })
    }
}

fn read(resolver: &Resolver<'_>, id: &str, raw: &Mapping) -> Result<HttpApiSpec, TemplateError> {
    let properties = Properties::new(resolver, id, "", raw);
    let mut ignored = Vec::new();
    if let Some(stage) = properties.text("StageName")?
        && stage != "$default"
    {
        ignored.push(format!("{id} (StageName {stage}: routes are served without it)"));
    }
    if properties.has("DefinitionBody")? {
        ignored.push(format!(
            "{id} (DefinitionBody: routes are those of the functions' events)"
        ));
    }
    for property in IGNORED {
        if properties.has(property)? {
            ignored.push(format!("{id} ({property})"));
        }
    }
    let (mut has_iam, mut defaults_to_iam, mut unsupported_default_authorizer) = (false, false, None);
    match properties.nested("Auth")? {
        // A route that is closed on AWS must not be open here.
        None if properties.has("Auth")? => unsupported_default_authorizer = Some(NOT_KNOWN.to_owned()),
        None => {}
        Some(auth) => {
            has_iam = auth.flag("EnableIamAuthorizer", !auth.is_resolved("EnableIamAuthorizer"))?;
            if auth.has("Authorizers")? {
                ignored.push(format!("{id} (Auth.Authorizers)"));
            }
            match auth.text("DefaultAuthorizer")?.as_deref() {
                None if !auth.is_resolved("DefaultAuthorizer") => {
                    unsupported_default_authorizer = Some(NOT_KNOWN.to_owned())
                }
                None => {}
                Some("AWS_IAM") if has_iam => defaults_to_iam = true,
                Some("AWS_IAM") => return Err(auth.property_error("EnableIamAuthorizer", None, "true, for AWS_IAM")),
                Some(other) => unsupported_default_authorizer = Some(other.to_owned()),
            }
        }
    }
    Ok(HttpApiSpec {
        logical_id: id.to_owned(),
        cors: cors::read(&properties)?,
        stage_variables: properties.text_map("StageVariables", |_| "it is left out".to_owned())?,
        has_iam,
        defaults_to_iam,
        unsupported_default_authorizer,
        ignored,
    })
}
