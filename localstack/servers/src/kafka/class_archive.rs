//! The JVM's archive of loaded classes, which makes every start after the first three times as fast.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::ServerError;

/// An archive that the JVM writes when this broker ends.
#[derive(Debug)]
pub(super) struct NewClasses {
    written: PathBuf,
    wanted: PathBuf,
}

impl NewClasses {
    /// The JVM's option for the archive of `java` in the folder `kafka`, and what is to be kept when the broker ends, if there is none yet.
    pub(super) fn choose(kafka: &Path, dir: &Path, java: &Path) -> (OsString, Option<Self>) {
        let wanted = kafka.join(format!("classes-{:016x}.jsa", version_of(java)));
        if wanted.exists() {
            return (flag("-XX:SharedArchiveFile=", &wanted), None);
        }
        let written = dir.join(format!("classes-{}.jsa", std::process::id()));
        let option = flag("-XX:ArchiveClassesAtExit=", &written);
        (option, Some(Self { written, wanted }))
    }

    /// Moves the archive to where the next broker finds it.
    pub(super) fn keep(self) -> Result<(), ServerError> {
        if !self.written.exists() {
            return Ok(());
        }
        let keeping = || ServerError::system(format!("keep the class archive {}", self.wanted.display()));
        // Copied beside its place and renamed, so that another broker never maps half a file.
        let beside = self.wanted.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::copy(&self.written, &beside).map_err(keeping())?;
        std::fs::rename(&beside, &self.wanted).map_err(keeping())?;
        std::fs::remove_file(&self.written).map_err(keeping())
    }
}

/// An option with a path.
pub(super) fn flag(name: &str, path: &Path) -> OsString {
    let mut flag = OsString::from(name);
    flag.push(path);
    flag
}

/// Tells one Java from another, because a class archive is for one alone.
fn version_of(java: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let program = java.canonicalize().unwrap_or_else(|_| java.to_path_buf());
    std::fs::metadata(&program)
        .and_then(|file| file.modified())
        .ok()
        .hash(&mut hasher);
    program.hash(&mut hasher);
    hasher.finish()
}
