//! What `sam local` needs to run the stack's functions in containers: their bootstraps, and a template in which every address is one that a container
//! reaches.
//!
//! SAM CLI gives a container only the variables that the template itself declares, and knows no address of a queue that it did not make, so its options
//! `--parameter-overrides` and `--env-vars` alone are not enough: AWS's own endpoints would be asked.

mod library;

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use emulator::{Deployment, FunctionSpec, HttpRouteSpec, Template};
use serde_json::{Value, json};

use super::parameters::{function_env, parameters};
use super::{Endpoints, Places, STACK_NAME, StackError, State, files};

/// The glibc of Lambda's image for `provided.al2023`.
///
/// Source: "Introducing the Amazon Linux 2023 runtime for AWS Lambda", AWS Compute Blog; Amazon Linux 2023 user guide.
const GLIBC: u32 = 34;
/// How a program names a version of glibc that it needs, up to the minor number.
const GLIBC_PREFIX: &[u8] = b"GLIBC_2.";

/// Why `sam local` cannot be given the functions.
#[derive(Debug, thiserror::Error)]
pub enum SamError {
    /// A bootstrap is not there.
    #[error("the bootstrap of {function} is not at {place}; {advice}")]
    MissingBootstrap {
        /// The function.
        function: String,
        /// Where it was looked for.
        place: String,
        /// What makes it.
        advice: String,
    },
    /// The libraries that a bootstrap would have to bring cannot be listed.
    #[error(
        "the bootstrap of {function} was built for glibc 2.{needed}, Lambda's image has 2.{GLIBC}, and `ldd` does not say which libraries it needs: {reason}"
    )]
    Libraries {
        /// The function.
        function: String,
        /// The minor version of glibc that it needs.
        needed: u32,
        /// What `ldd` said.
        reason: String,
    },
}

/// The folder of one stack for `sam local`.
pub(crate) struct SamLocal {
    /// The template to give to `sam local` as `--template`.
    pub(crate) template: PathBuf,
    /// This machine's architecture, as SAM names it.
    pub(crate) architecture: &'static str,
    /// Functions whose bootstrap was built for a newer C library than the image has, and that therefore bring this machine's.
    pub(crate) with_libraries: Vec<String>,
}

impl SamLocal {
    /// Writes template and bootstraps for the stack of `state`, which containers reach at `bridge`. The bootstraps are those in `bin_dir`, named as the
    /// template's binaries, or those that `sam build` left in `build_dir`.
    ///
    /// # Errors
    /// [`StackError::Sam`] names a bootstrap that is missing or cannot run in the image.
    pub(crate) fn write(
        places: &Places,
        state: &State,
        bridge: Ipv4Addr,
        bin_dir: &Path,
        build_dir: Option<&Path>,
    ) -> Result<Self, StackError> {
        let architecture = match std::env::consts::ARCH {
            "aarch64" => "arm64",
            other => other,
        };
        let seen = seen_from(bridge, state);
        let template = resolved(places, state, &seen)?;
        let folder = places.stack().join("sam");
        let mut resources = serde_json::Map::new();
        let mut with_libraries = Vec::new();
        for function in &template.functions {
            let code = folder.join(&function.logical_id);
            let bootstrap = match build_dir {
                Some(built) => built.join(&function.logical_id).join("bootstrap"),
                None => bin_dir.join(&function.binary),
            };
            let needed = glibc_of(function, &bootstrap, build_dir.is_some(), architecture)?;
            match needed.filter(|needed| *needed > GLIBC) {
                None => put(&bootstrap, &code.join("bootstrap"))?,
                Some(needed) => {
                    library::bring(function, needed, &bootstrap, &code)?;
                    with_libraries.push(function.name.clone());
                }
            }
            let mut environment = function_env(&seen);
            environment.extend(function.environment.clone());
            // SAM CLI gives credentials and region by itself, and knows better than we which ones.
            environment.retain(|name, _| {
                !matches!(
                    name.as_str(),
                    "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY"
                )
            });
            let routes = template
                .http_routes
                .iter()
                .filter(|route| route.function == function.name);
            let body = function_resource(function, architecture, &code, &environment, &routes.collect::<Vec<_>>());
            resources.insert(function.logical_id.clone(), body);
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
            architecture,
            with_libraries,
        })
    }
}

/// The template as containers are to see it.
fn resolved(places: &Places, state: &State, seen: &Endpoints) -> Result<Template, StackError> {
    let nothing = BTreeMap::new();
    let (here, there) = (parameters(&state.endpoints, &nothing), parameters(seen, &nothing));
    let given = state.parameters.iter().map(|(name, value)| {
        // What somebody gave by hand stays as it is.
        let value = match (here.get(name), there.get(name)) {
            (Some(own), Some(seen)) if own == value => seen,
            _ => value,
        };
        (name.clone(), value.clone())
    });
    let mut deployment = Deployment::new(STACK_NAME, given.collect());
    let template = Template::load(places.template(), &deployment)?;
    let urls = template.queues.iter().filter_map(|queue| {
        let url = state.endpoints.queues.get(&queue.name)?;
        Some((queue.logical_id.clone(), url.clone()))
    });
    deployment.queue_urls = urls.collect();
    Ok(Template::load(places.template(), &deployment)?)
}

/// Where a container finds what the stack has at 127.0.0.1. A MongoDB that somebody brought is where they said.
fn seen_from(bridge: Ipv4Addr, state: &State) -> Endpoints {
    let bridge = bridge.to_string();
    let there = |address: &str| address.replacen("127.0.0.1", &bridge, 1);
    let own = &state.endpoints;
    Endpoints {
        kafka: there(&own.kafka),
        redis: there(&own.redis),
        database: there(&own.database),
        mongo: match state.servers.contains_key("mongo") {
            true => there(&own.mongo),
            false => own.mongo.clone(),
        },
        sqs: there(&own.sqs),
        lambda: there(&own.lambda),
        feed: own.feed.as_deref().map(there),
        ..own.clone()
    }
}

fn function_resource(
    function: &FunctionSpec,
    architecture: &str,
    code: &Path,
    environment: &BTreeMap<String, String>,
    routes: &[&HttpRouteSpec],
) -> Value {
    let events = routes.iter().enumerate().map(|(place, route)| {
        let properties = match route.key.split_once(' ') {
            Some((method, path)) => json!({"ApiId": {"Ref": route.api}, "Method": method, "Path": path}),
            // `$default` has neither.
            None => json!({"ApiId": {"Ref": route.api}}),
        };
        (
            format!("Route{place}"),
            json!({"Type": "HttpApi", "Properties": properties}),
        )
    });
    json!({
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "FunctionName": function.name,
            "Runtime": "provided.al2023",
            "Handler": function.handler,
            "Architectures": [architecture],
            "CodeUri": code,
            "MemorySize": function.memory_mb,
            "Timeout": function.timeout.as_secs(),
            "Environment": {"Variables": environment},
            "Events": events.collect::<serde_json::Map<_, _>>(),
        },
    })
}

/// The minor version of glibc that a bootstrap was built for.
fn glibc_of(
    function: &FunctionSpec,
    bootstrap: &Path,
    is_sam_built: bool,
    architecture: &str,
) -> Result<Option<u32>, StackError> {
    let program = fs::read(bootstrap).map_err(|_| SamError::MissingBootstrap {
        function: function.name.clone(),
        place: bootstrap.display().to_string(),
        advice: match is_sam_built {
            true => format!("build it with: sam build --parameter-overrides Architecture={architecture}"),
            false => "build it with: ./localstack/up --docker".to_owned(),
        },
    })?;
    Ok(newest_glibc(&program))
}

/// The newest minor version of glibc 2 that a program names.
fn newest_glibc(program: &[u8]) -> Option<u32> {
    let named = program.windows(GLIBC_PREFIX.len()).enumerate();
    let named = named.filter(|(_, window)| *window == GLIBC_PREFIX);
    let minors = named.filter_map(|(at, _)| {
        let rest = &program[at + GLIBC_PREFIX.len()..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
    });
    minors.max()
}

/// Puts a program at `target`. Linked where that is possible: sixteen of them are large.
fn put(program: &Path, target: &Path) -> Result<(), StackError> {
    let putting = || StackError::system(format!("put {} at {}", program.display(), target.display()));
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(putting())?;
    }
    files::remove(target).map_err(putting())?;
    // A link to a link would lead to nothing inside of the container.
    let program = program.canonicalize().map_err(putting())?;
    if fs::hard_link(&program, target).is_err() {
        fs::copy(&program, target).map_err(putting())?;
        fs::set_permissions(target, fs::Permissions::from_mode(0o755)).map_err(putting())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_that_a_program_names_is_found() {
        for (program, expected) in [
            (&b"\0GLIBC_2.17\0GLIBC_2.34\0GLIBC_2.4\0"[..], Some(34)),
            (b"GLIBC_2.38", Some(38)),
            (b"statically linked", None),
            (b"GLIBC_2.x GLIBC_PRIVATE", None),
        ] {
            assert_eq!(newest_glibc(program), expected);
        }
    }
}
