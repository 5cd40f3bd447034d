//! What goes wrong with MongoDB, and what its codes mean.

use mongodb::error::{Error, ErrorKind, WriteFailure};
use shared::refused_login;

/// MongoDB's code for a second document under a unique key.
const DUPLICATE_KEY: i32 = 11000;

/// Why MongoDB did not do what it was asked to. Whether it was done all the same is unknown.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// MongoDB could not be reached, did not answer in time or refused the operation.
    #[error("mongodb failed")]
    Mongo(#[source] Error),
    /// A document is not what this version of the service writes.
    #[error("{collection} has {field} {value:?}, which is no {allowed}")]
    Document {
        /// The collection.
        collection: &'static str,
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        allowed: &'static str,
    },
    /// The same document appeared and disappeared again and again.
    #[error("{id} of {collection} was neither there nor absent {attempts} times in a row")]
    Unstable {
        /// The collection.
        collection: &'static str,
        /// The document.
        id: String,
        /// How often it was tried.
        attempts: u32,
    },
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if is_refused_login(&error) {
            refused_login::note();
        }
        Self::Mongo(error)
    }
}

/// Whether a document with the same `_id` is there already. Inserts report it as a write's failure, findAndModify as its own.
pub(super) fn is_duplicate_key(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.code == DUPLICATE_KEY,
        ErrorKind::Command(error) => error.code == DUPLICATE_KEY,
        _ => false,
    }
}

/// Whether MongoDB refused our user or password: its code 18 (`AuthenticationFailed`), as the driver says it of a new connection, or DocumentDB and servers
/// behind a failed selection with the same name. Source: MongoDB's src/mongo/base/error_codes.yml.
fn is_refused_login(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Authentication { .. } => true,
        ErrorKind::Command(error) => error.code == 18,
        ErrorKind::ServerSelection { message, .. } => message.contains("uthentication"),
        _ => false,
    }
}
