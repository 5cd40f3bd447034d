//! Files of certificates, read at the cold start, so that a missing one is told by name before the first event.

use std::fmt;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::{ConfigError, Get, optional};

/// The certificates of the authorities that a client trusts, in PEM.
#[derive(Clone)]
pub struct CaFile {
    path: String,
    pem: Arc<[u8]>,
}

impl CaFile {
    /// The file that the variable names; none when it is unset or empty.
    ///
    /// # Errors
    /// As [`CaFile::open`].
    pub fn read(get: Get<'_>, name: &'static str) -> Result<Option<Self>, ConfigError> {
        optional(get, name).map(|path| Self::open(name, &path)).transpose()
    }

    /// The file at `path`, which stands in the variable `name`.
    ///
    /// # Errors
    /// [`ConfigError::CaFile`] when it cannot be read or holds no certificate, or something that is none.
    pub fn open(name: &'static str, path: &str) -> Result<Self, ConfigError> {
        let fault = |fault: String| ConfigError::CaFile {
            name,
            path: path.to_owned(),
            fault,
        };
        let pem = std::fs::read(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
        let mut count = 0;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            certificate.map_err(|error| fault(format!("is not PEM: {error}")))?;
            count += 1;
        }
        if count == 0 {
            return Err(fault("holds no certificate: it needs at least one in PEM".to_owned()));
        }
        Ok(Self {
            path: path.to_owned(),
            pem: pem.into(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is in it.
    #[must_use]
    pub fn pem(&self) -> &[u8] {
        &self.pem
    }
}

impl fmt::Debug for CaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CaFile").field(&self.path).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::var;

    fn fault(path: &str) -> String {
        CaFile::open(var::KAFKA_CA_FILE, path).unwrap_err().to_string()
    }

    #[test]
    fn a_file_that_is_none_is_named_with_its_variable() {
        let missing = "environment variable KAFKA_CA_FILE names the file \"/no/such/ca.pem\", which cannot be read: No such file or directory (os error 2)";
        assert_eq!(fault("/no/such/ca.pem"), missing);
        assert!(fault("/").contains("\"/\", which cannot be read"), "a folder");
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert!(fault(here).contains("holds no certificate"), "{}", fault(here));
    }

    #[test]
    fn a_file_of_certificates_is_read_and_an_unset_variable_is_none() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/test-ca.pem");
        let file = CaFile::read(&|_| Some(path.to_owned()), var::REDIS_CA_FILE)
            .unwrap()
            .unwrap();
        assert_eq!(file.path(), path);
        assert!(file.pem().starts_with(b"-----BEGIN CERTIFICATE-----"));
        assert!(
            CaFile::read(&|_| Some(String::new()), var::REDIS_CA_FILE)
                .unwrap()
                .is_none()
        );
    }
}
