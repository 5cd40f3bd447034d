//! Administering dead letters: lists them, shows one, sends them again and purges them. Whatever is requested, a message that is not done with is visible
//! again afterwards. The function `operations-redrive` enters by [`DeadLetterAdmin`]; requests and reports are `shared::dead_letter`'s.

mod buffer;
mod clients;
mod entry;
mod error;
mod facts;
mod list;
mod on_failure;
mod outcomes;
mod purge;
mod queue;
mod replay;
mod retained;
mod show;

use std::sync::Arc;
use std::time::Duration;

use shared::config::{ConfigError, Get, KafkaConfig, optional, required, var};
use shared::dead_letter::{Action, DeadLetterReport, DeadLetterRequest, DeadLetterResult};
use shared::error_chain::error_chain;
use shared::kafka::reader::OffsetReader;
use shared::kafka::{KafkaClient, Republisher};
use tokio::sync::OnceCell;
use tokio::time::Instant;

pub use self::error::DeadLetterAdminError;

use self::buffer::MessageBuffer;
use self::clients::Clients;
use self::queue::InFlight;

/// The time kept for deleting what is done and releasing the rest.
const RESERVE: Duration = Duration::from_secs(5);

/// Answers requests. Connects when first needed.
pub struct DeadLetterAdmin {
    queue_url: String,
    lambda_endpoint: Option<String>,
    reader: OffsetReader,
    republisher: Republisher,
    clients: OnceCell<Clients>,
}

impl DeadLetterAdmin {
    /// As `DEAD_LETTER_QUEUE_URL`, `KAFKA_*` and, away from AWS, `AWS_ENDPOINT_URL_LAMBDA` say.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        let queue_url = required(get, var::DEAD_LETTER_QUEUE_URL)?;
        let kafka = Arc::new(KafkaClient::new(KafkaConfig::read(get)?));
        Ok(Self {
            queue_url,
            lambda_endpoint: optional(get, var::LAMBDA_ENDPOINT),
            reader: OffsetReader::new(Arc::clone(&kafka)),
            republisher: Republisher::new(kafka),
            clients: OnceCell::new(),
        })
    }

    /// Answers one request.
    ///
    /// # Errors
    /// [`DeadLetterAdminError`]; what was not done is as it was.
    pub async fn answer(
        &self,
        request: &DeadLetterRequest,
        time_left: Duration,
    ) -> Result<DeadLetterReport, DeadLetterAdminError> {
        let deadline = Instant::now() + time_left.saturating_sub(RESERVE);
        let queue = &self.clients().await.queue;
        let hidden = queue.hidden().await?;
        let mut in_flight = InFlight::default();
        let done = self.work(request, hidden, time_left, deadline, &mut in_flight).await;
        // After an error, too: else the queue would look empty until the messages' time is over.
        let not_released = queue.release(in_flight.into_receipt_handles()).await;
        match &done {
            Ok(_) => {
                tracing::info!(action = ?request.action, hidden, not_released, "Answered a request about dead letters")
            }
            Err(error) => {
                tracing::warn!(action = ?request.action, error = error_chain(error), "Could not answer a request about dead letters")
            }
        }
        let (result, is_complete) = done?;
        Ok(DeadLetterReport {
            result,
            hidden,
            complete: is_complete,
            not_released,
        })
    }

    /// What came of the request, and whether all visible messages were looked at.
    async fn work(
        &self,
        request: &DeadLetterRequest,
        hidden: u64,
        time_left: Duration,
        deadline: Instant,
        in_flight: &mut InFlight,
    ) -> Result<(DeadLetterResult, bool), DeadLetterAdminError> {
        let clients = self.clients().await;
        let keeps_records = matches!(request.action, Action::Show | Action::Replay);
        let mut buffer = MessageBuffer::new(request, keeps_records);
        let is_complete = buffer.fill(&clients.queue, time_left, deadline, in_flight).await?;
        let result = match request.action {
            Action::List => DeadLetterResult::List(list::list(&buffer.into_newest_first(), request.limit)),
            Action::Show => match buffer.into_newest_first().pop() {
                Some(entry) => DeadLetterResult::Show(Box::new(show::show(entry, &self.reader, deadline).await)),
                None => {
                    let id = request.id.clone().unwrap_or_default();
                    return Err(DeadLetterAdminError::Unknown { id, hidden });
                }
            },
            Action::Replay => {
                let entries = buffer.into_order_of_replay(request.limit);
                let replayer = replay::Replayer::new(clients, &self.reader, &self.republisher, deadline, in_flight);
                DeadLetterResult::Replay(replayer.replay(entries, request).await)
            }
            Action::Purge => {
                let entries = buffer.into_order_of_replay(request.limit);
                let purged = purge::purge(&entries, &clients.queue, in_flight, request.dry_run).await;
                DeadLetterResult::Purge(purged)
            }
        };
        Ok((result, is_complete))
    }

    async fn clients(&self) -> &Clients {
        let connect = || Clients::connect(&self.queue_url, self.lambda_endpoint.clone());
        self.clients.get_or_init(connect).await
    }
}
