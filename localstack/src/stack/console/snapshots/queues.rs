//! The queues of a snapshot: how many messages each has.

use aws_sdk_sqs::types::QueueAttributeName;
use emulator::Status;

use super::SQS_LIMIT;
use crate::stack::console::state::{QueueRole, QueueState};
use crate::stack::context::StackContext;

/// The template's queue of dead letters, by its logical id.
const DEAD_LETTERS: &str = "DeadLetterQueue";
/// The template's queues and what they are for.
const QUEUES: [(&str, QueueRole); 2] = [
    (DEAD_LETTERS, QueueRole::DeadLetters),
    ("BackupQueue", QueueRole::Backup),
];

/// Messages of one queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct MessageCounts {
    visible: u64,
    /// Those that somebody has just now.
    hidden: u64,
}

/// Each queue. That of the dead letters has no mapping that counts its messages, so its counts are given.
pub(super) fn views(context: &StackContext, lambda: &Status, dead_letters: Option<MessageCounts>) -> Vec<QueueState> {
    let view = |(id, role): (&str, QueueRole)| {
        let name = &context.queues.get(id)?.name;
        let (visible, hidden) = match role {
            QueueRole::DeadLetters => dead_letters.map(|counts| (counts.visible, counts.hidden)).unzip(),
            QueueRole::Backup => {
                let mapping = lambda.queue_mappings.iter().find(|mapping| mapping.queue == *name)?;
                (mapping.visible, mapping.hidden)
            }
        };
        Some(QueueState {
            name: name.clone(),
            role,
            visible,
            hidden,
        })
    };
    QUEUES.into_iter().filter_map(view).collect()
}

/// How many dead letters there are; nothing while SQS cannot be asked.
pub(super) async fn dead_letters(context: &StackContext) -> Option<MessageCounts> {
    use QueueAttributeName::{ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesNotVisible as Hidden};
    let queue = context.queues.get(DEAD_LETTERS)?;
    let request = context
        .sqs
        .get_queue_attributes()
        .queue_url(&queue.url)
        .attribute_names(Visible)
        .attribute_names(Hidden)
        .send();
    let response = tokio::time::timeout(SQS_LIMIT, request).await.ok()?.ok()?;
    let attributes = response.attributes?;
    let count = |name| attributes.get(&name)?.parse().ok();
    Some(MessageCounts {
        visible: count(Visible)?,
        hidden: count(Hidden)?,
    })
}
