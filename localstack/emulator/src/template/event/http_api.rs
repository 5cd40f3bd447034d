//! `HttpApi` events: one route of the HTTP API each.
//!
//! Source: "HttpApi", AWS SAM developer guide.

use std::time::Duration;

use crate::route_key::RouteKey;
use crate::template::error::TemplateError;
use crate::template::http_api::{Apis, NOT_KNOWN};
use crate::template::intrinsic::json_text;
use crate::template::properties::Properties;
use crate::template::spec::{HttpRouteSpec, Template};

/// Milliseconds that an integration may take unless the event says less: "HTTP API quotas", Amazon API Gateway developer guide.
const LONGEST_MILLIS: i64 = 30_000;

/// Of an authorizer.
const NOT_EMULATED: &str = "and only AWS_IAM and NONE are emulated";

pub(super) fn read(
    event: &Properties<'_>,
    function: &str,
    name: &str,
    apis: &Apis,
    template: &mut Template,
) -> Result<(), TemplateError> {
    let format = event.text("PayloadFormatVersion")?;
    if let Some(format) = format.filter(|format| format != "2.0") {
        return Err(event.unresolved("PayloadFormatVersion", format, "and only 2.0 is emulated"));
    }
    let api = apis.of_event(event)?;
    if let Some(first) = template.http_routes.first()
        && first.api != api.logical_id
    {
        let reason = format!("and one API is served, {}, of which {} is", first.api, first.key);
        return Err(event.unresolved("ApiId", api.logical_id.clone(), &reason));
    }
    let key = key(event)?;
    if let Some(other) = template.http_routes.iter().find(|other| other.key == key) {
        let allowed = format!("a route that no other event has; {} has this one", other.function);
        return Err(event.property_error("Path", Some(&key.into()), &allowed));
    }
    let auth = event.nested("Auth")?;
    if auth.is_none() && event.has("Auth")? {
        return Err(event.unresolved("Auth", NOT_KNOWN.to_owned(), "so the route may be closed"));
    }
    let authorizer = match &auth {
        Some(auth) => auth.resolved("Authorizer")?.as_ref().and_then(json_text),
        None => None,
    };
    let needs_signature = match authorizer.as_deref() {
        None => match &api.unsupported_default_authorizer {
            // A route that is closed on AWS must not be open here.
            Some(other) => {
                return Err(event.unresolved("Auth.DefaultAuthorizer", other.clone(), NOT_EMULATED));
            }
            None => api.defaults_to_iam,
        },
        Some("NONE") => false,
        Some("AWS_IAM") if api.has_iam => true,
        Some("AWS_IAM") => {
            let allowed = format!("AWS_IAM only with Auth.EnableIamAuthorizer: true of {}", api.logical_id);
            return Err(event.property_error("Auth.Authorizer", Some(&"AWS_IAM".into()), &allowed));
        }
        Some(other) => return Err(event.unresolved("Auth.Authorizer", other.to_owned(), NOT_EMULATED)),
    };
    let millis = event.whole("TimeoutInMillis", 50..=LONGEST_MILLIS)?;
    let has_scopes = match &auth {
        Some(auth) => auth.has("AuthorizationScopes")?,
        None => false,
    };
    for (property, is_there) in [
        ("RouteSettings", event.has("RouteSettings")?),
        ("AuthorizationScopes", has_scopes),
    ] {
        if is_there {
            template.unsupported_events.push(format!("{name} ({property})"));
        }
    }
    if template.http_routes.is_empty() {
        template.unsupported_events.extend(api.ignored.iter().cloned());
        template.http_api = api.clone();
    }
    template.http_routes.push(HttpRouteSpec {
        function: function.to_owned(),
        key,
        api: api.logical_id.clone(),
        needs_signature,
        timeout: Duration::from_millis(millis.unwrap_or(LONGEST_MILLIS).unsigned_abs()),
    });
    Ok(())
}

fn key(event: &Properties<'_>) -> Result<String, TemplateError> {
    let text = |name: &str| Ok::<_, TemplateError>(event.resolved(name)?.as_ref().and_then(json_text));
    let (path, method) = match (text("Path")?, text("Method")?) {
        (None, None) => return Ok(RouteKey::DEFAULT.to_owned()),
        (Some(path), Some(method)) => (path, method.to_uppercase()),
        (path, method) => {
            let missing = if path.is_none() { "Path" } else { "Method" };
            let present = path.or(method).unwrap_or_default();
            let allowed = format!("both Path and Method, or neither for $default; here is {present:?} alone");
            return Err(event.property_error(missing, None, &allowed));
        }
    };
    if !RouteKey::METHODS.contains(&method.as_str()) {
        return Err(event.property_error("Method", Some(&method.into()), &RouteKey::METHODS.join(", ")));
    }
    let key = format!("{method} {path}");
    match RouteKey::parse(&key) {
        Some(_) => Ok(key),
        None => Err(event.property_error("Path", Some(&path.into()), RouteKey::ALLOWED_PATH)),
    }
}
