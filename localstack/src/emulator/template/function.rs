//! `AWS::Serverless::Function`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_yaml_ng::{Mapping, Value};

use super::error::TemplateError;
use super::intrinsic::Resolver;
use super::properties::Properties;

/// A function that has a bootstrap binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSpec {
    /// Its name in the template.
    pub logical_id: String,
    /// `FunctionName`, else the logical id.
    pub name: String,
    /// `Handler`; custom runtimes only pass it on.
    pub handler: String,
    /// `Timeout`: 1 to 900 seconds, 3 when unset.
    pub timeout: Duration,
    /// `MemorySize` in MB, 128 when unset. It is passed on, not enforced.
    pub memory_mb: u32,
    /// `Environment.Variables`.
    pub environment: BTreeMap<String, String>,
    /// `ReservedConcurrentExecutions`.
    pub reserved_concurrency: Option<u32>,
    /// The file name of its bootstrap: `Metadata.BuildProperties.Binary` for `rust-cargolambda`, else `bootstrap`.
    pub binary: String,
    /// `CodeUri`, the folder with an executable `bootstrap`, of a function that is not built by `rust-cargolambda`.
    pub code_uri: Option<String>,
}

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
    let is_cargo_lambda = metadata.text("BuildMethod")?.as_deref() == Some("rust-cargolambda");
    let (binary, code_uri) = if is_cargo_lambda {
        let named = "the file name of the function's bootstrap binary";
        let binary = match metadata.nested("BuildProperties")? {
            Some(build) => build.required_text("Binary", named)?,
            None => return Err(metadata.refuse("BuildProperties.Binary", None, named)),
        };
        (binary, None)
    } else {
        ("bootstrap".to_owned(), Some(code_uri(&properties)?))
    };
    let environment = match properties.nested("Environment")? {
        Some(environment) => environment.text_map("Variables")?,
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

/// The folder of a function in any language: its runtime is its `bootstrap`.
fn code_uri(properties: &Properties<'_>) -> Result<String, TemplateError> {
    const RUNTIME: &str = "Runtime";
    let package = properties.text("PackageType")?;
    if let Some(package) = package.filter(|package| package != "Zip") {
        return Err(properties.refuse("PackageType", Some(&package.into()), "Zip"));
    }
    let runtime = properties.text(RUNTIME)?;
    if !runtime.as_ref().is_some_and(|runtime| runtime.starts_with("provided")) {
        let allowed = "provided.al2023 or provided.al2, with an executable file bootstrap in CodeUri; or Metadata.BuildMethod rust-cargolambda";
        return Err(properties.refuse(RUNTIME, runtime.map(Into::into).as_ref(), allowed));
    }
    Ok(properties.text("CodeUri")?.unwrap_or_else(|| ".".to_owned()))
}
