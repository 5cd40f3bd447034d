//! Why the emulator cannot do what it was asked.

use crate::invocation::InvokeError;
use crate::template::TemplateError;

/// Why the emulator cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The template cannot be run.
    #[error(transparent)]
    Template(Box<TemplateError>),
    /// A function's bootstrap is missing.
    #[error("function {function}: no executable bootstrap at {path}; build it first")]
    MissingBootstrap {
        /// The function.
        function: String,
        /// Where it may be.
        path: String,
    },
    /// Two functions of the template have one name.
    #[error("two functions are named {name}, names must be unique")]
    DuplicateFunction {
        /// The name.
        name: String,
    },
    /// A queue could not be created.
    #[error("queue {queue}: {reason}")]
    Queue {
        /// Its name.
        queue: String,
        /// What SQS said.
        reason: String,
    },
    /// A mapping's on-failure destination cannot be written to.
    #[error("mapping {mapping}: destination {destination} cannot be used: {reason}")]
    Destination {
        /// The mapping.
        mapping: String,
        /// Its destination.
        destination: String,
        /// Why.
        reason: &'static str,
    },
    /// A schedule is a rate in seconds.
    #[error("schedule {schedule} is {expression}, allowed: rates in minutes, hours or days, as on AWS")]
    ScheduleInSeconds {
        /// The schedule.
        schedule: String,
        /// Its expression.
        expression: String,
    },
    /// A folder or program that the emulator needs is missing.
    #[error("{what}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A function could not be invoked.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// A custom resource could not be created.
    #[error("custom resource {logical_id} (function {function}) failed: {reason}")]
    CustomResource {
        /// The resource.
        logical_id: String,
        /// The function behind it.
        function: String,
        /// What it said.
        reason: String,
    },
    /// The events were started before.
    #[error("the events are already started")]
    AlreadyStarted,
}

impl From<TemplateError> for EmulatorError {
    fn from(error: TemplateError) -> Self {
        Self::Template(Box::new(error))
    }
}
