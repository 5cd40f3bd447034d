//! From the backup queue to Kafka: each event as it was when Kafka did not acknowledge it, in the order of its topic and key. What fails here stays in the
//! queue; nothing is sent to it.

mod queues;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::config::{ConfigError, Get, KafkaConfig, parse_or, required, var};
use shared::error_chain::error_chain;
use shared::event::header;
use shared::kafka::{DELIVERY_TIMEOUT, KafkaSender, ProducerRecord};
use shared::trace::{self, Trigger};

use self::queues::Queues;

/// The time kept for the two queues before the function's deadline.
const RESERVE: Duration = Duration::from_secs(15);

/// What Lambda's event source mapping hands over from a queue.
#[derive(Debug, Deserialize)]
pub struct SqsEvent {
    /// The messages.
    #[serde(rename = "Records")]
    pub records: Vec<SqsMessage>,
}

/// One message. What else Lambda says of it is not needed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqsMessage {
    /// Its name in the answer.
    pub message_id: String,
    /// Stands for this delivery of it.
    pub receipt_handle: String,
    /// Its text.
    pub body: String,
    /// What SQS says of it.
    #[serde(default)]
    pub attributes: SqsAttributes,
}

/// What SQS says of a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SqsAttributes {
    /// Messages of one group leave the queue in order.
    #[serde(default)]
    pub message_group_id: String,
}

/// The messages to deliver again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct SqsBatchResponse {
    /// Their ids.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<SqsItemFailure>,
}

/// One message to deliver again.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct SqsItemFailure {
    /// Its id.
    #[serde(rename = "itemIdentifier")]
    pub message_id: String,
}

/// Publishes what the backup queue holds. Connects when first needed.
pub struct BackupRedrive {
    kafka: KafkaSender,
    queues: Queues,
}

impl BackupRedrive {
    /// As `KAFKA_*`, `BACKUP_QUEUE_URL`, `BACKUP_RETRY_SECONDS` and `DEAD_LETTER_QUEUE_URL` say.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            kafka: KafkaSender::new(KafkaConfig::read(get)?),
            queues: Queues::new(
                required(get, var::BACKUP_QUEUE_URL)?,
                required(get, var::DEAD_LETTER_QUEUE_URL)?,
                retry_seconds(get)?,
            ),
        })
    }

    /// Publishes the messages; answers those to deliver again: each that Kafka did not acknowledge, with all later ones of its group, so that none overtakes
    /// it. They become visible again after `BACKUP_RETRY_SECONDS`. A message that is no event of ours is put into the dead-letter queue and is done.
    pub async fn publish(&self, event: &SqsEvent, time_left: Duration) -> SqsBatchResponse {
        let messages = &event.records;
        let mut failed = vec![false; messages.len()];
        let (mut places, mut records, mut odd) = (Vec::new(), Vec::new(), Vec::new());
        for (place, message) in messages.iter().enumerate() {
            match ProducerRecord::from_text(&message.body) {
                Ok(record) => {
                    places.push(place);
                    records.push(record);
                }
                Err(error) => odd.push((place, error.to_string())),
            }
        }
        let contexts = records.iter().filter_map(|record| record.header(header::TRACEPARENT));
        trace::triggered_by(Trigger::PubSub);
        trace::follows(contexts);
        for (place, reason) in &odd {
            failed[*place] = !self.dead_letter(&messages[*place], reason).await;
        }
        if !records.is_empty() {
            let limit = DELIVERY_TIMEOUT.min(time_left.saturating_sub(RESERVE));
            let delivery = self.kafka.send(&records, limit).await;
            for (place, is_acknowledged) in places.iter().zip(&delivery.acknowledged) {
                failed[*place] = !is_acknowledged;
            }
            let published = delivery.acknowledged.iter().filter(|yes| **yes).count();
            if let Some(error) = delivery.error {
                tracing::warn!(
                    count = records.len() - published,
                    error = error_chain(&error),
                    "Kafka did not acknowledge events of the backup queue; they are tried again"
                );
            }
            if published > 0 {
                tracing::info!(count = published, "Events of the backup queue published");
            }
        }
        let again = with_later_of_their_groups(messages, &failed);
        self.queues.show_again(&again).await;
        let failure = |message: &&SqsMessage| SqsItemFailure {
            message_id: message.message_id.clone(),
        };
        SqsBatchResponse {
            failures: again.iter().map(failure).collect(),
        }
    }

    /// Whether the dead-letter queue has the message.
    async fn dead_letter(&self, message: &SqsMessage, reason: &str) -> bool {
        match self.queues.dead_letter(&message.body, reason).await {
            Ok(()) => {
                tracing::warn!(
                    message.id = message.message_id,
                    error = reason,
                    "A message of the backup queue is no event; it is in the dead-letter queue"
                );
                true
            }
            Err(error) => {
                tracing::error!(
                    message.id = message.message_id,
                    error = error_chain(&error),
                    "A message of the backup queue is no event and cannot be put into the dead-letter queue"
                );
                false
            }
        }
    }
}

/// The failed messages, and of each one's group all behind it.
fn with_later_of_their_groups<'a>(messages: &'a [SqsMessage], failed: &[bool]) -> Vec<&'a SqsMessage> {
    let mut stopped = BTreeSet::new();
    let is_again = |(message, failed): &(&SqsMessage, &bool)| {
        let group = &message.attributes.message_group_id;
        if **failed {
            stopped.insert(group.clone());
        }
        **failed || (!group.is_empty() && stopped.contains(group))
    };
    let again = messages.iter().zip(failed).filter(is_again);
    again.map(|(message, _)| message).collect()
}

fn retry_seconds(get: Get<'_>) -> Result<i32, ConfigError> {
    let allowed = "whole seconds, 0 to 900";
    let seconds: i32 = parse_or(get, var::BACKUP_RETRY_SECONDS, 30, allowed)?;
    if (0..=900).contains(&seconds) {
        return Ok(seconds);
    }
    Err(ConfigError::Invalid {
        name: var::BACKUP_RETRY_SECONDS,
        value: seconds.to_string(),
        allowed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_message_takes_all_behind_it_in_its_group_along() {
        let message = |group: &str, id: &str| SqsMessage {
            message_id: id.to_owned(),
            receipt_handle: String::new(),
            body: String::new(),
            attributes: SqsAttributes {
                message_group_id: group.to_owned(),
            },
        };
        let messages =
            [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"), ("a", "5")].map(|(group, id)| message(group, id));
        let again = |failed: [bool; 5]| {
            let again = with_later_of_their_groups(&messages, &failed).into_iter();
            again.map(|message| message.message_id.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(again([false; 5]), [] as [&str; 0]);
        assert_eq!(again([false, false, true, false, false]), ["3", "5"]);
        assert_eq!(again([true, false, false, true, false]), ["1", "3", "4", "5"]);
        // A queue without groups has no order to keep.
        let standard = [message("", "1"), message("", "2")];
        assert_eq!(with_later_of_their_groups(&standard, &[true, false]).len(), 1);
    }
}
