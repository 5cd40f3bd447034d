//! `sam-env`: makes the stack's functions runnable by `sam local`.

use std::path::Path;

use super::{CommandError, say};
use crate::stack::paths::bin_dir;
use crate::stack::{Bootstraps, SamLocal, StackPaths, State};

/// Writes a template for `sam local` with the running stack's addresses, and prints the commands to go on with.
///
/// # Errors
/// [`CommandError::NoDocker`] when the stack does not listen for containers; [`CommandError::Stack`] when a bootstrap is missing.
pub fn sam_env(paths: &StackPaths, build_dir: Option<&Path>) -> Result<(), CommandError> {
    let state = State::running(paths)?.ok_or(CommandError::NotRunning)?;
    if !state.is_ready {
        return Err(CommandError::Starting);
    }
    let bridge = state.endpoints.docker.ok_or(CommandError::NoDocker)?;
    let bootstraps = match build_dir {
        // Containers are given the folder by its whole name.
        Some(dir) => std::path::absolute(dir)
            .map(Bootstraps::OfSamBuild)
            .map_err(CommandError::system(format!("find {}", dir.display())))?,
        None => Bootstraps::OfUp(bin_dir()?),
    };
    let SamLocal {
        template,
        architecture,
        with_libraries,
    } = SamLocal::write(paths, &state, bridge, &bootstraps)?;
    let template = shortened(&template);
    say(format_args!(
        "{template} has the functions for {architecture}, with the stack's addresses at {bridge}; it is for this start of the stack\n"
    ));
    if !with_libraries.is_empty() {
        say(format_args!(
            "built for a newer C library than Lambda's image has, and so with this machine's beside it: {}\n",
            with_libraries.join(", ")
        ));
    }
    say(format_args!(
        "  sam local invoke CurrencyApi --template {template} --event tests/events/currency-api.json"
    ));
    say(format_args!("  sam local start-api --template {template}"));
    Ok(())
}

/// Relative to the current folder where it is below it, for people to read and to copy.
fn shortened(path: &Path) -> String {
    let below = std::env::current_dir()
        .ok()
        .and_then(|dir| Some(path.strip_prefix(dir).ok()?.to_path_buf()));
    below.unwrap_or_else(|| path.to_path_buf()).display().to_string()
}
