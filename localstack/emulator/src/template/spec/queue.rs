//! An SQS queue.

use std::collections::BTreeMap;

use crate::aws::queue_arn;

/// A queue to be created before the functions start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name in the template.
    pub logical_id: String,
    /// `QueueName`, else one made of the logical id.
    pub name: String,
    /// Whether it is a FIFO queue.
    pub fifo: bool,
    /// The attributes for SQS `CreateQueue`, `FifoQueue` included.
    pub attributes: BTreeMap<String, String>,
}

impl Queue {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        queue_arn(&self.name)
    }
}
