//! The desk for dead letters: lists them, shows one, sends them again and purges them. Whatever it is asked, a message that is not done with is visible
//! again afterwards.

mod entry;
mod on_failure;
mod queue;
mod replay;
mod report;
mod request;
mod shelf;
mod show;

use std::time::Duration;

use shared::config::{ConfigError, Get, KafkaConfig, required, var};
use shared::error_chain::error_chain;
use shared::kafka::reader::Records;
use tokio::sync::OnceCell;
use tokio::time::Instant;

pub use self::report::{DeskReport, Done, Line, Listing, Outcome, Purge, Replay, Row};
pub use self::request::{Action, DeskRequest, Target};
pub use self::show::{Show, ShownRecord};

use self::queue::{Held, Queue};
use self::shelf::Shelf;
use crate::lambda::Lambda;

/// The time kept for deleting what is done and giving back the rest.
const RESERVE: Duration = Duration::from_secs(5);
/// Rows of an answer, so that it stays below Lambda's 6 MB: a row has some 3 kB at most.
const ROWS: usize = 1_000;

/// Why the desk could not do it.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The request is none.
    #[error("not a request to the dead-letter desk: {0}")]
    Request(String),
    /// There is no such letter to be seen.
    #[error("there is no dead letter {id}; {hidden} messages of the queue are hidden now, so it may be among them")]
    Unknown {
        /// What was asked for.
        id: String,
        /// About how many messages somebody else holds.
        hidden: u64,
    },
    /// SQS could not be reached or refused the call.
    #[error("cannot {what} the dead-letter queue")]
    Queue {
        /// What was tried.
        what: &'static str,
        /// What SQS said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The desk. Connects when first needed.
pub struct DeadLetterDesk {
    queue_url: String,
    lambda_endpoint: Option<String>,
    records: Records,
    aws: OnceCell<(Queue, Lambda)>,
}

impl DeadLetterDesk {
    /// As `DEAD_LETTER_QUEUE_URL`, `KAFKA_*` and, away from AWS, `AWS_ENDPOINT_URL_LAMBDA` say.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            queue_url: required(get, var::DEAD_LETTER_QUEUE_URL)?,
            lambda_endpoint: shared::config::optional(get, var::LAMBDA_ENDPOINT),
            records: Records::new(KafkaConfig::read(get)?),
            aws: OnceCell::new(),
        })
    }

    /// Answers one request.
    ///
    /// # Errors
    /// [`DeskError`]; what was not done is as it was.
    pub async fn answer(&self, request: &DeskRequest, time_left: Duration) -> Result<DeskReport, DeskError> {
        let deadline = Instant::now() + time_left.saturating_sub(RESERVE);
        let (queue, _) = self.aws().await;
        let hidden = queue.hidden().await?;
        let mut held = Held::default();
        let done = self.work(request, hidden, time_left, deadline, &mut held).await;
        // After an error, too: else the queue would look empty until the messages' time is over.
        let not_given_back = queue.give_back(held.into_receipts()).await;
        match &done {
            Ok(_) => {
                tracing::info!(action = ?request.action, hidden, not_given_back, "Answered at the dead-letter desk")
            }
            Err(error) => {
                tracing::warn!(action = ?request.action, error = error_chain(error), "Could not answer at the dead-letter desk")
            }
        }
        let (done, is_complete) = done?;
        Ok(DeskReport {
            action: request.action,
            done,
            hidden,
            complete: is_complete,
            not_given_back,
        })
    }

    async fn work(
        &self,
        request: &DeskRequest,
        hidden: u64,
        time_left: Duration,
        deadline: Instant,
        held: &mut Held,
    ) -> Result<(Done, bool), DeskError> {
        let (queue, lambda) = self.aws().await;
        let keeps_records = matches!(request.action, Action::Show | Action::Replay);
        let mut shelf = Shelf::new(request, keeps_records);
        let is_complete = shelf.fill(queue, time_left, deadline, held).await?;
        let done = match request.action {
            Action::List => Done::Listed(report::list(shelf.into_newest_first(), request.limit)),
            Action::Show => match shelf.into_newest_first().pop() {
                Some(entry) => Done::Shown(Box::new(show::show(entry, &self.records, deadline).await)),
                None => {
                    let id = request.id.clone().unwrap_or_default();
                    return Err(DeskError::Unknown { id, hidden });
                }
            },
            Action::Replay => {
                let entries = shelf.into_order_of_replay(request.limit);
                let replayer = replay::Replayer::new(queue, lambda, &self.records, deadline, held);
                Done::Replayed(replayer.replay(entries, request).await)
            }
            Action::Purge => {
                let entries = shelf.into_order_of_replay(request.limit);
                Done::Purged(report::purge(entries, queue, held, request.dry_run).await)
            }
        };
        Ok((done, is_complete))
    }

    async fn aws(&self) -> &(Queue, Lambda) {
        let connect = || async {
            let config = aws_config::load_from_env().await;
            let queue = Queue::new(&config, &self.queue_url);
            (queue, Lambda::new(config, self.lambda_endpoint.clone()))
        };
        self.aws.get_or_init(connect).await
    }
}
