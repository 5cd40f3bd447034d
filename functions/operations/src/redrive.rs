//! What failed is sent again: the backup queue's events to Kafka ([`backup`]), dead letters to whoever refused them ([`dead_letters`]).

pub mod backup;
pub mod dead_letters;
mod sqs_error;

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::{RawValue, to_raw_value};
use shared::config::{ConfigError, Get};
use shared::dead_letter::DeadLetterRequest;

use self::backup::{BackupRedrive, SqsEvent};
use self::dead_letters::{DeadLetterAdmin, DeadLetterAdminError};
use crate::failure::{Classified, Kind};

/// Why an event is not handled.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// It is neither an event of a queue nor a request.
    #[error("the event must be SQS's, with Records, or a request such as {{\"action\": \"list\"}}")]
    Event(#[source] serde_json::Error),
    /// A request about dead letters could not be answered.
    #[error(transparent)]
    DeadLetters(#[from] DeadLetterAdminError),
    /// The answer could not be written.
    #[error("cannot write the answer")]
    Answer(#[source] serde_json::Error),
}

impl Classified for RedriveError {
    fn kind(&self) -> Kind {
        match self {
            Self::Event(_) => Kind::RedriveEvent,
            Self::DeadLetters(DeadLetterAdminError::Request(_)) => Kind::RedriveRequest,
            Self::DeadLetters(DeadLetterAdminError::Unknown { .. }) => Kind::RedriveUnknown,
            Self::DeadLetters(DeadLetterAdminError::Queue { .. }) => Kind::RedriveQueue,
            Self::Answer(_) => Kind::Answer,
        }
    }
}

/// What tells the two kinds of event apart: SQS's has `Records`. Anything else is a request about dead letters, whose errors say what is allowed.
#[derive(Deserialize)]
struct Incoming {
    #[serde(rename = "Records")]
    records: Option<IgnoredAny>,
}

/// The function. Connects when first needed.
pub struct Redrive {
    backup: BackupRedrive,
    dead_letters: DeadLetterAdmin,
}

impl Redrive {
    /// As `KAFKA_*`, `BACKUP_QUEUE_URL` and `DEAD_LETTER_QUEUE_URL` say.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            backup: BackupRedrive::read(get)?,
            dead_letters: DeadLetterAdmin::read(get)?,
        })
    }

    /// Handles one event.
    ///
    /// # Errors
    /// [`RedriveError`] says what the event is not, or why the request could not be done; nothing is lost then.
    pub async fn handle(&self, event: &str, time_left: Duration) -> Result<Box<RawValue>, RedriveError> {
        let incoming: Incoming = serde_json::from_str(event).map_err(RedriveError::Event)?;
        let answer = if incoming.records.is_some() {
            let event: SqsEvent = serde_json::from_str(event).map_err(RedriveError::Event)?;
            to_raw_value(&self.backup.publish(&event, time_left).await)
        } else {
            let request = DeadLetterRequest::parse(event).map_err(DeadLetterAdminError::from)?;
            to_raw_value(&self.dead_letters.answer(&request, time_left).await?)
        };
        answer.map_err(RedriveError::Answer)
    }
}
