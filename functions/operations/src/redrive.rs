//! What failed is sent again: the backup queue's events to Kafka ([`backup`]), dead letters to whoever refused them ([`dead_letters`]).

pub mod backup;
pub mod dead_letters;

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::{RawValue, to_raw_value};
use shared::config::{ConfigError, Get};

use self::backup::{BackupRedrive, SqsEvent};
use self::dead_letters::{DeadLetterDesk, DeskRequest};

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
    /// What the event is not, or why the request could not be done; nothing is lost then.
    pub async fn handle(&self, event: &str, time_left: Duration) -> Result<Box<RawValue>, lambda_runtime::Error> {
        let incoming: Incoming = serde_json::from_str(event)?;
        if incoming.records.is_some() {
            let event: SqsEvent = serde_json::from_str(event)?;
            Ok(to_raw_value(&self.backup.publish(&event, time_left).await)?)
        } else {
            let request = DeskRequest::parse(event)?;
            Ok(to_raw_value(&self.desk.answer(&request, time_left).await?)?)
        }
    }
}
