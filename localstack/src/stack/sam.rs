//! What `sam local` needs to run the stack's functions in containers: their bootstraps, and a template in which every address is one that a container
//! reaches.
//!
//! SAM CLI gives a container only the variables that the template itself declares, and knows no address of a queue that it did not make, so its options
//! `--parameter-overrides` and `--env-vars` alone are not enough: AWS's own endpoints would be asked.

mod container_view;
mod error;
mod glibc;
mod libraries;

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use emulator::{FunctionSpec, HttpRouteSpec, Template};
use serde_json::{Map, Value, json};

use self::glibc::{IMAGE_GLIBC, newest_glibc};
use super::parameters::function_env;
use super::{StackError, StackPaths, State, files};

pub use self::error::SamError;
use self::libraries::put;

/// This machine's architecture, as SAM names it.
const ARCHITECTURE: &str = match std::env::consts::ARCH.as_bytes() {
    b"aarch64" => "arm64",
    _ => std::env::consts::ARCH,
};

/// The folder of one stack for `sam local`.
pub(crate) struct SamLocal {
    /// The template to give to `sam local` as `--template`.
    pub(crate) template: PathBuf,
    /// This machine's architecture, as SAM names it.
    pub(crate) architecture: &'static str,
    /// Functions whose bootstrap was built for a newer C library than the image has, and that therefore bring this machine's.
    pub(crate) with_libraries: Vec<String>,
}

/// The functions' bootstraps.
#[derive(Debug)]
pub(crate) enum Bootstraps {
    /// Those that `up` built, in one folder, named as the template's binaries.
    OfUp(PathBuf),
    /// Those that `sam build` left in a folder each.
    OfSamBuild(PathBuf),
}

impl Bootstraps {
    /// The bootstrap of `function`, and the newest minor version of glibc 2 that it names.
    fn find(&self, function: &FunctionSpec) -> Result<(PathBuf, Option<u32>), SamError> {
        let (bootstrap, advice) = match self {
            Self::OfUp(folder) => (
                folder.join(&function.binary),
                "build it with: ./localstack/up --docker".to_owned(),
            ),
            Self::OfSamBuild(folder) => (
                folder.join(&function.logical_id).join("bootstrap"),
                format!("build it with: sam build --parameter-overrides Architecture={ARCHITECTURE}"),
            ),
        };
        match fs::read(&bootstrap) {
            Ok(program) => Ok((bootstrap, newest_glibc(&program))),
            Err(_) => Err(SamError::MissingBootstrap {
                function: function.name.clone(),
                place: bootstrap.display().to_string(),
                advice,
            }),
        }
    }
}

impl SamLocal {
    /// Writes template and bootstraps for the stack of `state`, which containers reach at `bridge`.
    ///
    /// # Errors
    /// [`StackError::Sam`] names a bootstrap that is missing or cannot run in the image.
    pub(crate) fn write(
        paths: &StackPaths,
        state: &State,
        bridge: Ipv4Addr,
        bootstraps: &Bootstraps,
    ) -> Result<Self, StackError> {
        let endpoints = container_view::endpoints(bridge, state);
        let template = container_view::template(paths, state, &endpoints)?;
        let folder = paths.stack().join("sam");
        let mut resources = Map::new();
        let mut with_libraries = Vec::new();
        for function in &template.functions {
            let code = folder.join(&function.logical_id);
            if bring_bootstrap(function, bootstraps, &code)? {
                with_libraries.push(function.name.clone());
            }
            let mut environment = function_env(&endpoints);
            environment.extend(function.environment.clone());
            // SAM CLI gives credentials and region by itself, and knows better than we which ones.
            environment.retain(|name, _| {
                !matches!(
                    name.as_str(),
                    "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY"
                )
            });
            let resource = function_resource(function, &code, &environment, &template);
            resources.insert(function.logical_id.clone(), resource);
        }
        for route in &template.http_routes {
            resources
                .entry(route.api.clone())
                .or_insert_with(|| json!({"Type": "AWS::Serverless::HttpApi"}));
        }
        let document = json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Transform": "AWS::Serverless-2016-10-31",
            "Description": "The functions of template.yaml with the addresses of the running local stack, for `sam local`. Made by ./localstack/sam-env.",
            "Resources": resources,
        });
        let file = folder.join("template.json");
        // A variable may be a provider's key.
        files::write_private(&file, &document).map_err(StackError::system(format!("write {}", file.display())))?;
        Ok(Self {
            template: file,
            architecture: ARCHITECTURE,
            with_libraries,
        })
    }
}

/// Puts the bootstrap into `code`, and says whether it needed this machine's libraries beside it.
fn bring_bootstrap(function: &FunctionSpec, bootstraps: &Bootstraps, code: &Path) -> Result<bool, StackError> {
    let (bootstrap, needed) = bootstraps.find(function)?;
    match needed.filter(|needed| *needed > IMAGE_GLIBC) {
        None => {
            put(&bootstrap, &code.join("bootstrap"))?;
            Ok(false)
        }
        Some(needed) => {
            libraries::bundle(function, needed, &bootstrap, code)?;
            Ok(true)
        }
    }
}

fn function_resource(
    function: &FunctionSpec,
    code: &Path,
    environment: &BTreeMap<String, String>,
    template: &Template,
) -> Value {
    let own = |route: &&HttpRouteSpec| route.function == function.name;
    let events = template
        .http_routes
        .iter()
        .filter(own)
        .enumerate()
        .map(|(number, route)| {
            let properties = match route.key.split_once(' ') {
                Some((method, path)) => json!({"ApiId": {"Ref": route.api}, "Method": method, "Path": path}),
                // `$default` has neither.
                None => json!({"ApiId": {"Ref": route.api}}),
            };
            (
                format!("Route{number}"),
                json!({"Type": "HttpApi", "Properties": properties}),
            )
        });
    json!({
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "FunctionName": function.name,
            "Runtime": "provided.al2023",
            "Handler": function.handler,
            "Architectures": [ARCHITECTURE],
            "CodeUri": code,
            "MemorySize": function.memory_mb,
            "Timeout": function.timeout.as_secs(),
            "Environment": {"Variables": environment},
            "Events": events.collect::<Map<_, _>>(),
        },
    })
}
