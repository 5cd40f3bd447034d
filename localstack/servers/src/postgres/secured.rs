//! What a secured PostgreSQL adds: TLS for every connection, and one user with a password (SCRAM-SHA-256).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::super::security::{Owner, write_secret};
use super::super::{Security, ServerError};

/// Who may connect: over TCP, encrypted, with a password.
const HOSTS: &str = "hostssl all all 127.0.0.1/32 scram-sha-256\n";

/// A password on its way to `initdb`; dropping it removes the file.
pub(super) struct PasswordFile {
    file: PathBuf,
    user: String,
}

impl PasswordFile {
    /// Beside the data folder, which has to be empty.
    pub(super) fn write(dir: &Path, security: &Security, owner: Option<Owner>) -> Result<Self, ServerError> {
        let file = dir.with_extension("password");
        write_secret(&file, &security.password, owner)?;
        Ok(Self {
            file,
            user: security.user.clone(),
        })
    }

    pub(super) fn arguments(&self) -> [OsString; 4] {
        let mut file = OsString::from("--pwfile=");
        file.push(&self.file);
        [
            "-U".into(),
            self.user.clone().into(),
            "--auth=scram-sha-256".into(),
            file,
        ]
    }
}

impl Drop for PasswordFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::warn!(error = %error, "Could not remove {}", self.file.display());
        }
    }
}

/// Certificate, key and rules, in the data folder.
pub(super) fn write_files(dir: &Path, security: &Security, owner: Option<Owner>) -> Result<(), ServerError> {
    security.certificate.write(dir, owner)?;
    write_secret(&dir.join("pg_hba.conf"), HOSTS, owner)
}

pub(super) fn settings(dir: &Path) -> [String; 3] {
    let path = |name: &str| dir.join(name).display().to_string();
    [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", path("server.pem")),
        format!("ssl_key_file={}", path("server.key")),
    ]
}

pub(super) fn url(security: &Security, port: u16, database: &str) -> String {
    let Security {
        user,
        password,
        certificate,
    } = security;
    let ca_file = certificate.ca_file().display();
    format!("postgres://{user}:{password}@127.0.0.1:{port}/{database}?sslmode=verify-full&sslrootcert={ca_file}")
}

/// Encrypted, whatever the certificate: a server with an expired one is ready, too.
pub(super) fn url_of_probe(security: &Security, port: u16) -> String {
    let Security { user, password, .. } = security;
    format!("postgres://{user}:{password}@127.0.0.1:{port}/postgres?sslmode=require")
}
