//! What a function's process is started with.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::EmulatorError;
use crate::options::EmulatorOptions;
use crate::template::FunctionSpec;

/// What a new instance needs to know.
pub(crate) struct LaunchConfig {
    pub(crate) bootstrap: PathBuf,
    pub(crate) task_root: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
}

impl LaunchConfig {
    /// Finds what the function needs; its bootstrap must be there.
    pub(crate) fn new(options: &EmulatorOptions, spec: &FunctionSpec) -> Result<Self, EmulatorError> {
        let system = |what: String| move |source| EmulatorError::System { what, source };
        let candidates = bootstrap_candidates(options, spec);
        let Some(bootstrap) = candidates.iter().find(|path| is_executable(path)) else {
            let candidates: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
            return Err(EmulatorError::MissingBootstrap {
                function: spec.name.clone(),
                path: candidates.join(" or "),
            });
        };
        let task_root = bootstrap.parent().unwrap_or(&options.bin_dir);
        // The process runs in another folder, so the paths must not depend on this one.
        let absolute = |path: &Path| {
            path.canonicalize()
                .map_err(system(format!("could not find {}", path.display())))
        };
        // What the template sets wins over what Lambda would set, except for Lambda's reserved names, which `instance` adds.
        let mut environment = options.function_env.clone();
        environment.extend(spec.environment.clone());
        Ok(Self {
            bootstrap: absolute(bootstrap)?,
            task_root: absolute(task_root)?,
            log: absolute(&options.log_dir)?.join(format!("{}.log", spec.name)),
            environment,
        })
    }
}

/// Where a function's bootstrap may be, the best first.
fn bootstrap_candidates(options: &EmulatorOptions, spec: &FunctionSpec) -> Vec<PathBuf> {
    let Some(code_uri) = &spec.code_uri else {
        return vec![options.bin_dir.join(&spec.binary)];
    };
    let template = options.template.parent().unwrap_or(Path::new(""));
    vec![
        // As `sam build` lays it out, there or where it puts it by itself.
        options.bin_dir.join(&spec.logical_id).join(&spec.binary),
        template.join(code_uri).join(&spec.binary),
        template
            .join(".aws-sam/build")
            .join(&spec.logical_id)
            .join(&spec.binary),
    ]
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Checks once that processes can be tied to this one.
pub(crate) fn check_setpriv() -> Result<(), std::io::Error> {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| Path::new(&folder).join("setpriv").is_file()));
    if found {
        Ok(())
    } else {
        Err(std::io::Error::new(
            std::io::ErrorKind::NotFound,
            "setpriv is not on PATH: apt-get install util-linux",
        ))
    }
}
