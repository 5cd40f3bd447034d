//! Files as a stack needs them: those that only their owner may read, and programs that stand in two folders.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use serde::Serialize;

/// Writes `value` as JSON, for the owner alone. Renamed into place, so that nobody reads half of it.
pub(super) fn write_private(file: &Path, value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(value)?;
    let beside = file.with_extension("tmp");
    let mut options = fs::OpenOptions::new();
    let mut open = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    open.write_all(&text)?;
    fs::rename(&beside, file)
}

/// Removes a file that may not be there.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Puts a program at `target`. Linked where that is possible: sixteen of them are large.
pub(super) fn link_or_copy(program: &Path, target: &Path) -> io::Result<()> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    remove(target)?;
    // A link to a link would lead to nothing inside of a container.
    let program = program.canonicalize()?;
    if fs::hard_link(&program, target).is_err() {
        fs::copy(&program, target)?;
        fs::set_permissions(target, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
