//! Why a command failed.

use crate::stack::StackError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no stack to ask.
    #[error("the stack is not running; start it with ./localstack/up")]
    NotRunning,
    /// There is a stack, but it is not ready.
    #[error("the stack is still starting; see ./localstack/logs stack")]
    Starting,
    /// There is a stack, but not for containers.
    #[error(
        "the stack runs without --docker, so no container reaches it: ./localstack/down && ./localstack/up --docker"
    )]
    NoDocker,
    /// The stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The start failed.
    #[error("the stack did not start: {reason}\nits log is {log}")]
    NotStarted {
        /// What it said last.
        reason: String,
        /// Where it says more.
        log: String,
    },
    /// The stack does not answer.
    #[error("the stack does not answer")]
    Http(#[from] reqwest::Error),
    /// The stack answered with an error.
    #[error("the stack answered {status}: {text}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What it said.
        text: String,
    },
    /// There is no such function.
    #[error("there is no function {name}; the functions are: {known}")]
    UnknownFunction {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// The function failed.
    #[error("function {name} failed: {answer}")]
    Function {
        /// The function.
        name: String,
        /// What it answered.
        answer: String,
    },
    /// There is no such log.
    #[error("there is no log of {name}; there are logs of: {known}")]
    UnknownLog {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// The stack's processes did not end.
    #[error("still running after {seconds} s: {processes}")]
    NotStopped {
        /// How long they had.
        seconds: u64,
        /// Which.
        processes: String,
    },
    /// The backfill's answer makes no sense.
    #[error("{function} answered without progress: {answer}")]
    NoProgress {
        /// The function.
        function: &'static str,
        /// What it answered.
        answer: String,
    },
    /// The backfill stopped because Kafka did not acknowledge.
    #[error("Kafka is away: {backed_up} events wait in the backup queue; go on with --from {next} when it is back")]
    KafkaAway {
        /// Events that wait.
        backed_up: u64,
        /// The first day that is not published.
        next: chrono::NaiveDate,
    },
    /// Dead letters are still in the queue.
    #[error("{failed} dead letters could not be sent again, and {left} are left; each row says why")]
    NotReplayed {
        /// How many failed or were refused again.
        failed: u64,
        /// For how many there was no time, or no function to try.
        left: u64,
    },
    /// Dead letters are still in the queue.
    #[error("{left} dead letters could not be deleted; each row says why")]
    NotPurged {
        /// How many.
        left: u64,
    },
    /// The stores do not catch up.
    #[error("{lag} events are still not in the stores {seconds} s after the last progress; see ./localstack/status")]
    Stuck {
        /// Events not yet handled.
        lag: i64,
        /// How long nothing moved.
        seconds: u64,
    },
    /// A file or stream.
    #[error("could not {what}")]
    System {
        /// What was tried.
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An answer is not what it should be.
    #[error("could not read {what}")]
    Json {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl CommandError {
    pub(super) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}
