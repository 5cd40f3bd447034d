//! The SQS backup: where events wait that Kafka did not acknowledge. A FIFO queue, so that those of one topic and key leave it in the order in which they came.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use tokio::sync::OnceCell;

use crate::config::{ConfigError, Get, required, var};
use crate::event::{Event, Topic};
use crate::kafka::ProducerRecord;
use crate::sqs::{self, CALL_BYTES, CALL_MESSAGES};

/// How often messages that SQS left out of a call are sent again, when no call takes any.
const FRUITLESS_CALLS: u32 = 3;
/// The pause before that.
const PAUSE: Duration = Duration::from_millis(200);
/// SQS takes so many characters of a group id.
const GROUP_CHARACTERS: usize = 128;

/// Why an event is not in the backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// SQS could not be reached or refused the call.
    #[error("cannot send to the backup queue {queue}: {reason}")]
    Send {
        /// The queue's URL.
        queue: String,
        /// What the client said.
        reason: String,
    },
    /// SQS took the call but not every message.
    #[error("the backup queue {queue} refused {refused} messages: {reason}")]
    Refused {
        /// The queue's URL.
        queue: String,
        /// How many.
        refused: usize,
        /// What it said of the first.
        reason: String,
    },
    /// An event is larger than a message.
    #[error("an event of topic {topic} is {bytes} bytes as a message, the backup queue takes {CALL_BYTES}")]
    TooLarge {
        /// Its topic.
        topic: Topic,
        /// Its message's length.
        bytes: usize,
    },
    /// An event's topic and key are no group id.
    #[error(
        "topic and key must be at most {GROUP_CHARACTERS} letters, digits and punctuation of ASCII together, got {0:?}"
    )]
    Group(String),
    /// An event cannot be written as JSON.
    #[error("cannot write an event for the backup queue")]
    Json(#[from] serde_json::Error),
}

/// The queue. Connects at the first event.
pub struct BackupQueue {
    url: String,
    client: OnceCell<Client>,
}

/// An event as SQS takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    group: String,
    id: String,
    body: String,
}

impl BackupQueue {
    /// The queue of `BACKUP_QUEUE_URL`.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self::new(required(get, var::BACKUP_QUEUE_URL)?))
    }

    /// The queue of this URL.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self {
            url,
            client: OnceCell::new(),
        }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends `events`, each topic's and key's in their order, and returns when SQS has them all; `sent` counts those it has.
    pub(super) async fn send(&self, events: &[&Event], sent: &mut usize) -> Result<(), BackupError> {
        let mut waiting = VecDeque::with_capacity(events.len());
        for event in events {
            waiting.push_back(message(event)?);
        }
        let client = self.client.get_or_init(sqs::client).await;
        let mut fruitless = 0;
        while !waiting.is_empty() {
            let call = next_call(&mut waiting);
            let taken = call.len();
            let failed = self.call(client, call).await?;
            *sent += taken - failed.messages.len();
            if failed.messages.len() < taken {
                fruitless = 0;
            } else {
                fruitless += 1;
                if fruitless == FRUITLESS_CALLS {
                    return Err(BackupError::Refused {
                        queue: self.url.clone(),
                        refused: taken,
                        reason: failed.reason,
                    });
                }
                tokio::time::sleep(PAUSE).await;
            }
            // Each is alone of its group in the call, so nothing of its group has overtaken it; it goes before the others again.
            for message in failed.messages.into_iter().rev() {
                waiting.push_front(message);
            }
        }
        Ok(())
    }

    /// One call; answers what SQS left out of it and may take later.
    async fn call(&self, client: &Client, call: Vec<Message>) -> Result<FailedEntries, BackupError> {
        let failed = |reason: String| BackupError::Send {
            queue: self.url.clone(),
            reason,
        };
        let entries = call.iter().enumerate().map(|(place, message)| {
            SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_group_id(&message.group)
                .message_deduplication_id(&message.id)
                .message_body(&message.body)
                .build()
                .map_err(|error| failed(error.to_string()))
        });
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        let request = client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries));
        let answer = request.send().await;
        let answer = answer.map_err(|error| failed(DisplayErrorContext(error).to_string()))?;
        let shown = |failure: &aws_sdk_sqs::types::BatchResultErrorEntry| match failure.message() {
            Some(message) => format!("{}: {message}", failure.code()),
            None => failure.code().to_owned(),
        };
        // What SQS calls our fault it will refuse again.
        if let Some(fault) = answer.failed().iter().find(|failure| failure.sender_fault()) {
            return Err(BackupError::Refused {
                queue: self.url.clone(),
                refused: answer.failed().len(),
                reason: shown(fault),
            });
        }
        let places: BTreeSet<usize> = answer
            .successful()
            .iter()
            .filter_map(|sent| sent.id().parse().ok())
            .collect();
        let left_out = call
            .into_iter()
            .enumerate()
            .filter(|(place, _)| !places.contains(place))
            .map(|(_, message)| message);
        Ok(FailedEntries {
            messages: left_out.collect(),
            reason: answer.failed().first().map(shown).unwrap_or_default(),
        })
    }
}

/// The entries of a call that SQS did not take.
struct FailedEntries {
    messages: Vec<Message>,
    reason: String,
}

fn message(event: &Event) -> Result<Message, BackupError> {
    let group = format!("{}:{}", event.topic, event.key);
    if group.len() > GROUP_CHARACTERS || !group.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BackupError::Group(group.chars().take(GROUP_CHARACTERS + 1).collect()));
    }
    let body = ProducerRecord::from(event).to_text()?;
    if body.len() > CALL_BYTES {
        return Err(BackupError::TooLarge {
            topic: event.topic,
            bytes: body.len(),
        });
    }
    Ok(Message {
        group,
        id: event.id.to_string(),
        body,
    })
}

/// Takes what fits into one call: the first of each group, so that one which SQS leaves out is never overtaken by a later one of its group in the same call.
fn next_call(waiting: &mut VecDeque<Message>) -> Vec<Message> {
    let mut call: Vec<Message> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut bytes = 0;
    let mut passed = VecDeque::new();
    while call.len() < CALL_MESSAGES {
        let Some(message) = waiting.pop_front() else { break };
        let is_first = seen.insert(message.group.clone());
        if is_first && bytes + message.body.len() <= CALL_BYTES {
            bytes += message.body.len();
            call.push(message);
        } else {
            passed.push_back(message);
        }
    }
    while let Some(message) = passed.pop_back() {
        waiting.push_front(message);
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(group: &str, number: usize, bytes: usize) -> Message {
        Message {
            group: group.to_owned(),
            id: format!("{group}{number}"),
            body: "x".repeat(bytes),
        }
    }

    fn calls(messages: impl IntoIterator<Item = Message>) -> Vec<Vec<String>> {
        let mut waiting: VecDeque<Message> = messages.into_iter().collect();
        let mut calls = Vec::new();
        while !waiting.is_empty() {
            calls.push(next_call(&mut waiting).into_iter().map(|message| message.id).collect());
        }
        calls
    }

    #[test]
    fn a_call_has_ten_messages_of_different_groups_at_most() {
        let names: Vec<String> = ('a'..='l').map(String::from).collect();
        let made = calls(names.iter().map(|group| message(group, 0, 9)));
        assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [10, 2]);
        let made = calls(
            ["a", "a", "b", "a", "c"]
                .iter()
                .zip(0..)
                .map(|(group, number)| message(group, number, 9)),
        );
        assert_eq!(made, [vec!["a0", "b2", "c4"], vec!["a1"], vec!["a3"]]);
    }

    #[test]
    fn a_call_has_256_kib_at_most() {
        let made = calls([
            message("a", 0, 200_000),
            message("b", 0, 62_145),
            message("c", 0, 62_144),
        ]);
        assert_eq!(made, [vec!["a0", "c0"], vec!["b0"]]);
        assert_eq!(calls([message("a", 0, CALL_BYTES), message("b", 0, 1)]).len(), 2);
    }

    #[test]
    fn one_that_does_not_fit_is_not_overtaken_by_its_group() {
        let made = calls([message("a", 0, 200_000), message("b", 0, 100_000), message("b", 1, 9)]);
        assert_eq!(made, [vec!["a0"], vec!["b0"], vec!["b1"]]);
    }
}
