//! `AWS::Serverless::Function`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;
use serde_yaml_ng::{Mapping, Value};

use super::error::TemplateError;
use super::intrinsic::{Resolver, json_text};
use super::properties::Properties;
use super::spec::FunctionSpec;

const CARGO_LAMBDA: &str = "rust-cargolambda";
const RUNTIME: &str = "Runtime";

pub(super) fn read(
    resolver: &Resolver<'_>,
    id: &str,
    raw: &Mapping,
    body: &Value,
) -> Result<FunctionSpec, TemplateError> {
    let properties = Properties::new(resolver, id, "", raw);
    let nothing = Mapping::new();
    let metadata = body.get("Metadata").and_then(Value::as_mapping).unwrap_or(&nothing);
    let metadata = Properties::new(resolver, id, "Metadata.", metadata);
    let is_cargo_lambda = metadata.text("BuildMethod")?.as_deref() == Some(CARGO_LAMBDA);
    let (binary, code_uri) = if is_cargo_lambda {
        let named = "the file name of the function's bootstrap binary";
        let binary = match metadata.nested("BuildProperties")? {
            Some(build) => build.required_text("Binary", named)?,
            None => return Err(metadata.property_error("BuildProperties.Binary", None, named)),
        };
        (binary, None)
    } else {
        let folder = properties.text("CodeUri")?;
        ("bootstrap".to_owned(), Some(folder.unwrap_or_else(|| ".".to_owned())))
    };
    let environment = match properties.nested("Environment")? {
        Some(environment) => environment.text_map("Variables", |name| {
            format!("the variable is left out; --env {name}=VALUE can give it")
        })?,
        None => BTreeMap::new(),
    };
    let seconds = properties.whole("Timeout", 1..=900)?.unwrap_or(3);
    let memory = properties.whole("MemorySize", 128..=10_240)?.unwrap_or(128);
    let reserved = properties.whole("ReservedConcurrentExecutions", 0..=1_000)?;
    Ok(FunctionSpec {
        logical_id: id.to_owned(),
        name: properties.text("FunctionName")?.unwrap_or_else(|| id.to_owned()),
        handler: properties.text("Handler")?.unwrap_or_else(|| "bootstrap".to_owned()),
        timeout: Duration::from_secs(seconds.unsigned_abs()),
        memory_mb: u32::try_from(memory).unwrap_or(u32::MAX),
        environment,
        reserved_concurrency: reserved.and_then(|reserved| u32::try_from(reserved).ok()),
        binary,
        code_uri,
    })
}

/// Why a function cannot be run here, if it cannot: only those can that bring their own runtime as a `bootstrap`.
pub(super) fn unsupported_reason(
    resolver: &Resolver<'_>,
    id: &str,
    raw: &Mapping,
    body: &Value,
) -> Result<Option<String>, TemplateError> {
    let method = body.get("Metadata").and_then(|metadata| metadata.get("BuildMethod"));
    if method.and_then(Value::as_str) == Some(CARGO_LAMBDA) {
        return Ok(None);
    }
    let properties = Properties::new(resolver, id, "", raw);
    // What is not known is listed there, and counts as another runtime.
    let known = |name: &str| resolver.known_or_listed(properties.resolved(name), "the function is not run");
    if let Some(package) = known("PackageType")?
        && package != "Zip"
    {
        return Ok(Some(format!("PackageType {}", shown(&package))));
    }
    if known("InlineCode")?.is_some() {
        return Ok(Some("InlineCode".to_owned()));
    }
    if let Some(code @ Json::Object(_)) = known("CodeUri")? {
        return Ok(Some(format!("CodeUri {code}")));
    }
    if let Some(Json::String(uri)) = known("CodeUri")?
        && uri.starts_with("s3://")
    {
        return Ok(Some(format!("CodeUri {uri}")));
    }
    match known(RUNTIME)? {
        Some(Json::String(runtime)) if runtime.starts_with("provided") => Ok(None),
        Some(runtime) => Ok(Some(format!("Runtime {}", shown(&runtime)))),
        None if raw.get(RUNTIME).is_some() => Ok(Some("Runtime not known".to_owned())),
        None => {
            let allowed = "provided.al2023 or provided.al2, with an executable file bootstrap in CodeUri; or Metadata.BuildMethod rust-cargolambda";
            Err(properties.property_error(RUNTIME, None, allowed))
        }
    }
}

fn shown(value: &Json) -> String {
    json_text(value).unwrap_or_else(|| value.to_string())
}
