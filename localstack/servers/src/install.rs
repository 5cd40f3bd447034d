//! Where `./localstack/install` put things.

use std::path::{Path, PathBuf};

use super::ServerError;

/// The cache that all checkouts share: `HWANYUL_CACHE`, else `XDG_CACHE_HOME/hwanyul`, else `~/.cache/hwanyul`.
pub(super) fn cache() -> Result<PathBuf, ServerError> {
    let var = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    var("HWANYUL_CACHE")
        .or_else(|| var("XDG_CACHE_HOME").map(|dir| dir.join("hwanyul")))
        .or_else(|| var("HOME").map(|dir| dir.join(".cache/hwanyul")))
        .ok_or_else(|| ServerError::Missing {
            what: "the cache folder (HWANYUL_CACHE or HOME must be set)".to_owned(),
        })
}

/// The full path of a program on PATH.
pub(super) fn program(name: &str) -> Result<PathBuf, ServerError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
        .ok_or_else(|| ServerError::Missing {
            what: format!("the program {name}"),
        })
}

/// `path`, when it is there.
pub(super) fn existing(path: PathBuf, what: &str) -> Result<PathBuf, ServerError> {
    if path.exists() {
        return Ok(path);
    }
    Err(ServerError::Missing {
        what: format!("{what} ({})", path.display()),
    })
}

/// Makes a folder with all above it, and gives its absolute path.
pub(super) fn make_dir(dir: &Path) -> Result<PathBuf, ServerError> {
    let making = || ServerError::system(format!("make the folder {}", dir.display()));
    std::fs::create_dir_all(dir).map_err(making())?;
    dir.canonicalize().map_err(making())
}

/// Makes the folder that a log file is in.
pub(super) fn make_parent(file: &Path) -> Result<(), ServerError> {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => make_dir(parent).map(|_| ()),
        _ => Ok(()),
    }
}
