//! How a server is secured: a user with a password, and a certificate of an authority of our own. All of it is made anew for each use; an authority's
//! key is never written down.

use std::fmt;
use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use super::{ServerError, install};

/// User, password and certificate of a server.
#[derive(Clone)]
pub struct Security {
    /// The one user, who may do everything; letters and digits.
    pub user: String,
    /// The user's password; letters and digits.
    pub password: String,
    /// What the server shows of itself.
    pub certificate: Certificate,
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Security")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// An authority that issues certificates, and that nobody trusts who does not have its file.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    ca_file: PathBuf,
}

/// From when to when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// 2020 to 2100.
    Current,
    /// The year 2020.
    Expired,
}

/// A certificate for `127.0.0.1` and `localhost`, and its key.
#[derive(Clone)]
pub struct Certificate {
    pem: String,
    key: String,
    validity: Validity,
    ca_file: PathBuf,
}

/// Where a certificate and its key are.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// User and group of a file that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Authority {
    /// A new authority, whose certificate is in `ca_file`.
    ///
    /// # Errors
    /// [`ServerError`] when it cannot be made or written.
    pub fn create(ca_file: &Path) -> Result<Self, ServerError> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.distinguished_name.push(
            DnType::CommonName,
            format!("Authority {}", uuid::Uuid::new_v4().simple()),
        );
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2100, 1, 1));
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        install::make_parent(ca_file)?;
        std::fs::write(ca_file, certificate.pem())
            .map_err(ServerError::system(format!("write {}", ca_file.display())))?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            ca_file: ca_file.to_path_buf(),
        })
    }

    /// The file that clients trust.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// A certificate for a server on this machine.
    ///
    /// # Errors
    /// [`ServerError::Certificate`].
    pub fn issue(&self, validity: Validity) -> Result<Certificate, ServerError> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = match validity {
            Validity::Current => date_time_ymd(2100, 1, 1),
            Validity::Expired => date_time_ymd(2021, 1, 1),
        };
        let key = KeyPair::generate()?;
        Ok(Certificate {
            pem: params.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem(),
            validity,
            ca_file: self.ca_file.clone(),
        })
    }
}

impl Certificate {
    /// The file of the authority that issued it.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// Whether no client accepts it any more.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.validity == Validity::Expired
    }

    /// The lines of the key, of which none may be in a log.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let lines = self.key.lines().filter(|line| !line.starts_with('-'));
        lines.map(str::to_owned).collect()
    }

    /// Writes both into `dir`, the key for its owner alone.
    pub(super) fn write(&self, dir: &Path, owner: Option<Owner>) -> Result<Pair, ServerError> {
        let pair = Pair {
            certificate: dir.join("server.pem"),
            key: dir.join("server.key"),
        };
        write_secret(&pair.certificate, &self.pem, owner)?;
        write_secret(&pair.key, &self.key, owner)?;
        Ok(pair)
    }

    /// Writes both into one file, for its owner alone.
    pub(super) fn write_together(&self, file: &Path) -> Result<(), ServerError> {
        write_secret(file, &format!("{}{}", self.key, self.pem), None)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("validity", &self.validity)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// Writes a file that only its owner can read; ours without one.
pub(super) fn write_secret(file: &Path, text: &str, owner: Option<Owner>) -> Result<(), ServerError> {
    let writing = || ServerError::system(format!("write {}", file.display()));
    let mut open = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .map_err(writing())?;
    // The mode above is for a new file; one that was there keeps its own.
    open.set_permissions(Permissions::from_mode(0o600)).map_err(writing())?;
    open.write_all(text.as_bytes()).map_err(writing())?;
    match owner {
        Some(Owner { uid, gid }) => std::os::unix::fs::chown(file, Some(uid), Some(gid)).map_err(writing()),
        None => Ok(()),
    }
}
