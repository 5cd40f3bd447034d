//! What failed is sent again: the backup queue's events to Kafka ([`backup`]), dead letters to whoever refused them ([`dead_letters`]).

pub mod backup;
pub mod dead_letters;

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::{RawValue, to_raw_value};
use shared::config::{ConfigError, Get};

use self::backup::{BackupRedrive, SqsEvent};
use self::dead_letters::{DeadLetterDesk, DeskError, DeskRequest};
use crate::failure::{Classified, Kind};

/// Why an event is not handled.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// It is neither an event of a queue nor a request.
    #[error("the event must be SQS's, with Records, or a request such as {{\"action\": \"list\"}}")]
    Event(#[source] serde_json::Error),
    /// The desk could not do what it was asked.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The answer could not be written.
    #[error("cannot write the answer")]
    Answer(#[source] serde_json::Error),
}

impl Classified for RedriveError {
    fn kind(&self) -> Kind {
        match self {
            Self::Event(_) => Kind::RedriveEvent,
            Self::Desk(DeskError::Request(_)) => Kind::RedriveRequest,
            Self::Desk(DeskError::Unknown { .. }) => Kind::RedriveUnknown,
            Self::Desk(DeskError::Queue { .. }) => Kind::RedriveQueue,
            Self::Answer(_) => Kind::Answer,
        }
    }
}

/// What tells the two kinds of event apart: SQS's has `Records`. Anything else is a request to the desk, whose errors say what is allowed.
#[derive(Deserialize)]
struct Incoming {
    #[serde(rename = "Records")]
    records: Option<IgnoredAny>,
}

/// The function. Connects when first needed.
pub struct Redrive {
    backup: BackupRedrive,
    desk: DeadLetterDesk,
}

impl Redrive {
    /// As `KAFKA_*`, `BACKUP_QUEUE_URL` and `DEAD_LETTER_QUEUE_URL` say.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            backup: BackupRedrive::read(get)?,
            desk: DeadLetterDesk::read(get)?,
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
            let request = DeskRequest::parse(event)?;
            to_raw_value(&self.desk.answer(&request, time_left).await?)
        };
        answer.map_err(RedriveError::Answer)
    }
}
