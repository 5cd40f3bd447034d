//! Which partitions are with the function just now, whichever poller sent them: none may be in two invocations at a time, also not while the
//! group moves it from one poller to another.

use std::collections::BTreeSet;
use std::sync::Mutex;

use tokio::sync::watch;

use crate::lock;

pub(super) struct Claims {
    taken: Mutex<BTreeSet<i32>>,
    released: watch::Sender<()>,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            taken: Mutex::default(),
            released: watch::Sender::new(()),
        }
    }
}

impl Claims {
    /// Takes the partition; false when somebody has it.
    pub(super) fn claim(&self, partition: i32) -> bool {
        lock(&self.taken).insert(partition)
    }

    pub(super) fn is_free(&self, partition: i32) -> bool {
        !lock(&self.taken).contains(&partition)
    }

    pub(super) fn release(&self, partitions: impl IntoIterator<Item = i32>) {
        let mut taken = lock(&self.taken);
        for partition in partitions {
            taken.remove(&partition);
        }
        drop(taken);
        self.released.send_replace(());
    }

    pub(super) fn release_all(&self) {
        lock(&self.taken).clear();
        self.released.send_replace(());
    }

    /// Changes whenever partitions are released.
    pub(super) fn released(&self) -> watch::Receiver<()> {
        self.released.subscribe()
    }
}
