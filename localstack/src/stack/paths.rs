//! Where a checkout keeps its stack: what is read from the checkout, and what a running stack writes. Everybody may ask; nothing here touches the disk, but for
//! the path of this program.

use std::path::{Path, PathBuf};

use super::StackError;

/// The paths of one checkout's stack.
#[derive(Debug, Clone)]
pub struct StackPaths {
    root: PathBuf,
    stack: PathBuf,
}

impl StackPaths {
    /// The paths of the checkout at `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            stack: root.join(".stack"),
            root,
        }
    }

    /// The same checkout's, of a stack that keeps all it writes in `stack`: one checkout may run several.
    #[must_use]
    pub fn with_stack_dir(self, stack: impl Into<PathBuf>) -> Self {
        Self {
            stack: stack.into(),
            ..self
        }
    }

    /// The checkout.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The SAM template.
    #[must_use]
    pub fn template(&self) -> PathBuf {
        self.root.join("template.yaml")
    }

    /// The ECB's history that the feed serves.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.root.join("tests/fixtures/ecb-eurofxref-hist.zip")
    }

    /// The built console.
    #[must_use]
    pub fn console(&self) -> PathBuf {
        self.root.join("console/dist")
    }

    /// Everything that a running stack writes.
    #[must_use]
    pub fn stack(&self) -> PathBuf {
        self.stack.clone()
    }

    /// The servers' data, one folder each.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.stack().join("data")
    }

    /// The logs: one file for each server, function and the stack itself.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.stack().join("logs")
    }

    /// The log of the stack's own process.
    #[must_use]
    pub fn own_log(&self) -> PathBuf {
        self.logs().join("stack.log")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.stack().join("state.json")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.stack().join("lock")
    }

    pub(crate) fn messages(&self) -> PathBuf {
        self.data().join("sqs-messages.json")
    }
}

/// The folder of this program, where the build puts the functions' bootstraps as well.
///
/// # Errors
/// [`StackError::System`] when the system does not tell.
pub(crate) fn bin_dir() -> Result<PathBuf, StackError> {
    let own = std::env::current_exe().map_err(StackError::system("find this program"))?;
    Ok(own.parent().unwrap_or(Path::new(".")).to_path_buf())
}
