//! Why the stack does not run.

use emulator::{EmulatorError, InvokeError, TemplateError};
use servers::ServerError;

use super::{BridgeError, SamError};
use crate::feed::FeedError;

/// Why the stack does not run, or cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A server does not run.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The template cannot be read.
    #[error(transparent)]
    Template(Box<TemplateError>),
    /// The functions do not run.
    #[error(transparent)]
    Emulator(Box<EmulatorError>),
    /// The feed does not run.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database could not be made.
    #[error("could not create the database {name}")]
    Database {
        /// Its name.
        name: &'static str,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A queue could not be made, saved or filled.
    #[error("queue {queue}: {reason}")]
    Queue {
        /// Its name.
        queue: String,
        /// What SQS said.
        reason: String,
    },
    /// Containers cannot reach this machine.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// `sam local` cannot run the functions.
    #[error(transparent)]
    Sam(#[from] SamError),
    /// The feed has no past.
    #[error("could not publish the past year")]
    PastYear(#[from] PastYearError),
    /// A file, folder, port or process could not be had.
    #[error("could not {what}")]
    System {
        /// What was tried.
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file of the stack does not say what it should.
    #[error("{file} cannot be read; ./localstack/reset removes it")]
    File {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Another process runs this checkout's stack.
    #[error("the stack of this checkout is already running or starting")]
    Running,
    /// It was told to stop before it was ready.
    #[error("stopped before it was ready")]
    Stopped,
}

/// Why the year before the feed's first day is not published.
#[derive(Debug, thiserror::Error)]
pub enum PastYearError {
    /// The function could not be invoked.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// It failed; this is what it answered.
    #[error("{0}")]
    Function(String),
    /// It answered something else than its report.
    #[error("{response}")]
    Response {
        /// What it answered.
        response: String,
        /// Why that is no report.
        #[source]
        source: serde_json::Error,
    },
}

// Boxed, because a template's errors carry much, and everything here returns this type.
impl From<TemplateError> for StackError {
    fn from(error: TemplateError) -> Self {
        Self::Template(Box::new(error))
    }
}

impl From<EmulatorError> for StackError {
    fn from(error: EmulatorError) -> Self {
        Self::Emulator(Box::new(error))
    }
}

impl StackError {
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}
