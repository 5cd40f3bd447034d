//! What failed is sent again: the backup queue's events to Kafka ([`backup`]), dead letters to whoever refused them ([`dead_letters`]).

pub mod backup;
pub mod dead_letters;

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use shared::config::{ConfigError, Get};

use self::backup::{BackupRedrive, SqsEvent};
use self::dead_letters::{DeadLetterDesk, DeskRequest};

/// An event of one kind or the other. SQS's has `Records`; a request to the desk has an `action`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Incoming {
    Backup(SqsEvent),
    Desk(DeskRequest),
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
    /// What the event is not, or why the request could not be done; nothing is lost then.
    pub async fn handle(&self, event: &str, time_left: Duration) -> Result<Box<RawValue>, lambda_runtime::Error> {
        match serde_json::from_str(event)? {
            Incoming::Backup(event) => Ok(to_raw_value(&self.backup.publish(&event, time_left).await?)?),
            Incoming::Desk(request) => Ok(to_raw_value(&self.desk.answer(&request, time_left).await?)?),
        }
    }
}
