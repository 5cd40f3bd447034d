//! The libraries of this machine, beside a bootstrap that was built for a newer C library than the image has.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use emulator::FunctionSpec;

use super::SamError;
use crate::stack::{StackError, files};

/// Starts the program by this machine's loader, which finds this machine's libraries beside it.
const SCRIPT: &str = "#!/bin/sh
exec /var/task/lib/LOADER --library-path /var/task/lib /var/task/program
";

/// Lays the program, its libraries and a script that starts them into `folder`.
pub(super) fn bundle(function: &FunctionSpec, needed: u32, program: &Path, folder: &Path) -> Result<(), StackError> {
    let refused = |reason: String| SamError::Libraries {
        function: function.name.clone(),
        needed,
        reason,
    };
    let listed = Command::new("ldd").arg(program).output();
    let listed = listed.map_err(|error| refused(error.to_string()))?;
    let listing = String::from_utf8_lossy(&listed.stdout).into_owned();
    let libraries = libraries(&listing);
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let loader = libraries
        .iter()
        .filter_map(|path| name(path))
        .find(|name| name.starts_with("ld-linux"));
    let Some(loader) = loader else {
        return Err(refused(format!("{listing}{}", String::from_utf8_lossy(&listed.stderr))).into());
    };
    for library in &libraries {
        if let Some(name) = name(library) {
            put(library, &folder.join("lib").join(name))?;
        }
    }
    put(program, &folder.join("program"))?;
    let script = folder.join("bootstrap");
    let writing = || StackError::system(format!("write {}", script.display()));
    // Never through the link that an earlier run may have left.
    files::remove(&script).map_err(writing())?;
    fs::write(&script, SCRIPT.replace("LOADER", &loader)).map_err(writing())?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).map_err(writing())
}

/// Puts a program at `target`.
pub(super) fn put(program: &Path, target: &Path) -> Result<(), StackError> {
    let putting = StackError::system(format!("put {} at {}", program.display(), target.display()));
    files::link_or_copy(program, target).map_err(putting)
}

/// The files that `ldd` names: `libm.so.6 => /lib/libm.so.6 (0x...)`, and the loader by its path alone.
fn libraries(listing: &str) -> Vec<PathBuf> {
    let path = |line: &str| {
        let line = line.trim();
        let named = line.split_once(" => ").map_or(line, |(_, path)| path);
        let path = named.split(" (").next()?.trim();
        path.starts_with('/').then(|| PathBuf::from(path))
    };
    listing.lines().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ldd_names_is_found_and_the_kernels_own_is_left_out() {
        let listing = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f1)\n\tlibx.so => not found\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f2)\n";
        let found: Vec<String> = libraries(listing)
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        assert_eq!(
            found,
            ["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"]
        );
    }
}
