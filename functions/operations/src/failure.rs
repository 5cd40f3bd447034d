//! How a function of this package fails: a fixed name, for alarms and for who looks it up in docs/OPERATIONS.md, and a sentence with its causes. Each module
//! says here what its errors are ([`Classified`]); this one knows no other.

use std::fmt;

use lambda_runtime::Diagnostic;
use shared::config::ConfigError;
use shared::error_chain::error_chain;

/// The names of all failures: what Lambda has as `errorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A setting or a secret.
    Config,
    /// The answer could not be written.
    Answer,
    /// CloudFormation asks for something that there is not.
    RequestType,
    /// How it ended could not be reported to CloudFormation.
    NotReported,
    /// Kafka could not be reached, or refused us.
    TopicsKafka,
    /// Kafka refused one topic.
    TopicsRefused,
    /// PostgreSQL could not be reached, or refused us.
    MigrationsDatabase,
    /// The SQL of a migration failed.
    MigrationsFailed,
    /// The tables are not those that this build's migrations made.
    MigrationsChanged,
    /// A pooler lends a session's connection to others.
    MigrationsPooler,
    /// The input is no span of days.
    BackfillInput,
    /// The span ends before it begins.
    BackfillSpan,
    /// The history could not be fetched.
    BackfillFetch,
    /// The history is of a time to come.
    BackfillFuture,
    /// What was fetched is no history.
    BackfillHistory,
    /// Neither Kafka nor the backup queue acknowledged.
    BackfillPublish,
    /// A day before 1970.
    BackfillTime,
    /// A payload could not be written.
    BackfillPayload,
    /// The event is neither a queue's nor a request.
    RedriveEvent,
    /// The request about dead letters is none.
    RedriveRequest,
    /// There is no such dead letter.
    RedriveUnknown,
    /// SQS could not be reached, or refused us.
    RedriveQueue,
    /// The input is neither a deployment's nor a request.
    CheckInput,
    /// CodeDeploy could not be reached, or refused us.
    CheckCodeDeploy,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::Config,
        Self::Answer,
        Self::RequestType,
        Self::NotReported,
        Self::TopicsKafka,
        Self::TopicsRefused,
        Self::MigrationsDatabase,
        Self::MigrationsFailed,
        Self::MigrationsChanged,
        Self::MigrationsPooler,
        Self::BackfillInput,
        Self::BackfillSpan,
        Self::BackfillFetch,
        Self::BackfillFuture,
        Self::BackfillHistory,
        Self::BackfillPublish,
        Self::BackfillTime,
        Self::BackfillPayload,
        Self::RedriveEvent,
        Self::RedriveRequest,
        Self::RedriveUnknown,
        Self::RedriveQueue,
        Self::CheckInput,
        Self::CheckCodeDeploy,
    ];

    /// The name, which never changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "Operations.Config",
            Self::Answer => "Operations.Answer",
            Self::RequestType => "CustomResource.RequestType",
            Self::NotReported => "CustomResource.NotTold",
            Self::TopicsKafka => "Topics.Kafka",
            Self::TopicsRefused => "Topics.Refused",
            Self::MigrationsDatabase => "Migrations.Database",
            Self::MigrationsFailed => "Migrations.Failed",
            Self::MigrationsChanged => "Migrations.Changed",
            Self::MigrationsPooler => "Migrations.Pooler",
            Self::BackfillInput => "Backfill.Input",
            Self::BackfillSpan => "Backfill.Span",
            Self::BackfillFetch => "Backfill.Fetch",
            Self::BackfillFuture => "Backfill.Future",
            Self::BackfillHistory => "Backfill.History",
            Self::BackfillPublish => "Backfill.Publish",
            Self::BackfillTime => "Backfill.Time",
            Self::BackfillPayload => "Backfill.Payload",
            Self::RedriveEvent => "Redrive.Event",
            Self::RedriveRequest => "Redrive.Request",
            Self::RedriveUnknown => "Redrive.Unknown",
            Self::RedriveQueue => "Redrive.Queue",
            Self::CheckInput => "Check.Input",
            Self::CheckCodeDeploy => "Check.CodeDeploy",
        }
    }
}

/// An error of a module of this package, which knows what kind of failure it is for the function.
pub trait Classified: std::error::Error + 'static {
    /// Its name.
    fn kind(&self) -> Kind;
}

/// Why a function of this package failed. The sentence is made at once, because that is when a refused password is noticed ([`error_chain`]).
#[derive(PartialEq, Eq)]
pub struct Failure {
    /// Its name.
    pub kind: Kind,
    /// What happened, and why.
    pub message: String,
}

impl Failure {
    /// With an error's sentence and its causes.
    #[must_use]
    pub fn new(kind: Kind, error: &(dyn std::error::Error + 'static)) -> Self {
        Self {
            kind,
            message: error_chain(error),
        }
    }

    /// An answer that is no JSON.
    #[must_use]
    pub fn answer(error: &serde_json::Error) -> Self {
        Self::new(Kind::Answer, error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.kind.name().to_owned(),
            error_message: failure.message,
        }
    }
}

impl Classified for ConfigError {
    fn kind(&self) -> Kind {
        Kind::Config
    }
}

impl<E: Classified> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.kind(), &error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_there_once_and_stands_in_the_documentation() {
        let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len(), "two failures of one name");
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");
        let document = std::fs::read_to_string(document).unwrap();
        for name in names {
            assert!(
                document.contains(&format!("`{name}`")),
                "docs/OPERATIONS.md says nothing of {name}"
            );
        }
    }

    #[test]
    fn lambda_is_told_the_name_and_the_causes() {
        let failure = Failure::from(ConfigError::Missing("DATABASE_URL"));
        let told = Diagnostic::from(failure);
        assert_eq!(told.error_type, "Operations.Config");
        assert_eq!(told.error_message, "environment variable DATABASE_URL is not set");
    }
}
