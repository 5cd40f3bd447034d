//! The functions' clock, which a test can move: Debian's libfaketime reads the offset from a file. Deadlines and timers (the monotonic clock) stay true.

use std::path::{Path, PathBuf};

/// Where Debian puts the library of package `libfaketime`, by machine.
const FOLDERS: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime",
    "/usr/lib/aarch64-linux-gnu/faketime",
];

/// A clock that functions follow.
pub struct Clock {
    file: PathBuf,
}

impl Clock {
    /// A clock that is right.
    ///
    /// # Panics
    /// When `folder` cannot be written to.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let clock = Self {
            file: folder.join("clock"),
        };
        clock.jump(0);
        clock
    }

    /// Sets the clock so many seconds ahead of the right time, or behind it.
    ///
    /// # Panics
    /// When its file cannot be replaced.
    pub fn jump(&self, seconds: i64) {
        // Renamed into place: nobody reads half an offset.
        let beside = self.file.with_extension("new");
        std::fs::write(&beside, format!("{seconds:+}\n")).unwrap();
        std::fs::rename(&beside, &self.file).unwrap();
    }

    /// What a process needs in its environment to follow this clock.
    ///
    /// # Panics
    /// When libfaketime is not installed.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut libraries = FOLDERS
            .iter()
            .map(|folder| Path::new(folder).join("libfaketimeMT.so.1"));
        let library = libraries.find(|path| path.exists());
        let library = library.expect("libfaketime is missing: run ./localstack/install servers");
        [
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
