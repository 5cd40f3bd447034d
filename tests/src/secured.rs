//! Secured servers for the flow tests, and the proof that nothing secret was written anywhere.

mod functions;
mod proxy;

use std::fs;
use std::path::{Path, PathBuf};

use servers::{Authority, Security, Validity};
use uuid::Uuid;

pub use self::functions::{Functions, Seen};
pub use self::proxy::CountingProxy;

/// Two authorities, of which the functions trust the first. The folder is removed in the end.
pub struct Secured {
    /// Who issues the servers' certificates.
    pub trusted: Authority,
    /// Who issues none of them.
    pub stranger: Authority,
    directory: PathBuf,
}

impl Secured {
    /// Two new authorities.
    ///
    /// # Panics
    /// When they cannot be made.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default that writes files would surprise")]
    pub fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("hwanyul-test-{}", Uuid::new_v4().simple()));
        Self {
            trusted: Authority::create(&directory.join("ca.pem")).unwrap(),
            stranger: Authority::create(&directory.join("stranger.pem")).unwrap(),
            directory,
        }
    }

    /// A new user and password, and a certificate that the functions accept.
    #[must_use]
    pub fn current(&self) -> Security {
        security(&self.trusted, Validity::Current)
    }

    /// The same with a certificate whose time is over.
    #[must_use]
    pub fn expired(&self) -> Security {
        security(&self.trusted, Validity::Expired)
    }

    /// A folder for one server.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        // A test that failed may have left the folder to a server that still writes to it.
        if let Err(error) = fs::remove_dir_all(&self.directory) {
            eprintln!("could not remove {}: {error}", self.directory.display());
        }
    }
}

fn security(authority: &Authority, validity: Validity) -> Security {
    let random = || Uuid::new_v4().simple().to_string();
    Security {
        user: format!("app{}", &random()[..8]),
        password: random(),
        certificate: authority.issue(validity).unwrap(),
    }
}

/// Looks for every secret in every log below `directory` (those of servers directly in it, those of functions in `logs`) and in every answer.
///
/// # Panics
/// When one is there, or when there is no log to look through. The secret itself is not shown.
pub fn assert_no_secret(directory: &Path, answers: &[String], secrets: &[String]) {
    let mut texts: Vec<(String, String)> = answers
        .iter()
        .map(|answer| ("an answer".to_owned(), answer.clone()))
        .collect();
    for folder in [directory.to_owned(), directory.join("logs")] {
        let Ok(files) = fs::read_dir(folder) else { continue };
        for file in files.map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "log") && file.is_file() {
                let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
                texts.push((file.display().to_string(), text));
            }
        }
    }
    assert!(texts.len() > answers.len(), "no log in {}", directory.display());
    for (place, text) in &texts {
        for line in text.lines() {
            for (number, secret) in secrets.iter().enumerate() {
                assert!(
                    secret.len() >= 8,
                    "secret {number} is too short to be looked for: {} characters",
                    secret.len()
                );
                assert!(
                    !line.contains(secret.as_str()),
                    "secret {number} stands in {place}: {}",
                    line.replace(secret.as_str(), "(the secret)")
                );
            }
        }
    }
}
