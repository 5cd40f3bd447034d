//! The ways to AWS that administering dead letters needs, of one configuration with bounded waits.

use super::queue::Queue;
use crate::lambda::Lambda;

/// The dead-letter queue, and the functions that dead letters are replayed to.
pub(super) struct Clients {
    pub(super) queue: Queue,
    pub(super) lambda: Lambda,
}

impl Clients {
    /// As the environment says; `lambda_endpoint` is for elsewhere than AWS.
    pub(super) async fn connect(queue_url: &str, lambda_endpoint: Option<String>) -> Self {
        let config = shared::aws::config().await;
        Self {
            queue: Queue::new(&config, queue_url),
            lambda: Lambda::new(config, lambda_endpoint),
        }
    }
}
