//! Which partitions are with the function just now, whichever poller sent them: none may be in two invocations at a time, also not while the
//! group moves it from one poller to another.

use std::collections::BTreeSet;
use std::sync::Mutex;

use tokio::sync::watch;

use crate::sync::lock;

pub(super) struct PartitionLocks {
    locked: Mutex<BTreeSet<i32>>,
    unlocked: watch::Sender<()>,
}

impl Default for PartitionLocks {
    fn default() -> Self {
        Self {
            locked: Mutex::default(),
            unlocked: watch::Sender::new(()),
        }
    }
}

impl PartitionLocks {
    /// Locks the partition; false when another poller has locked it.
    pub(super) fn try_lock(&self, partition: i32) -> bool {
        lock(&self.locked).insert(partition)
    }

    pub(super) fn is_unlocked(&self, partition: i32) -> bool {
        !lock(&self.locked).contains(&partition)
    }

    pub(super) fn unlock(&self, partitions: impl IntoIterator<Item = i32>) {
        let mut locked = lock(&self.locked);
        for partition in partitions {
            locked.remove(&partition);
        }
        drop(locked);
        self.unlocked.send_replace(());
    }

    pub(super) fn unlock_all(&self) {
        lock(&self.locked).clear();
        self.unlocked.send_replace(());
    }

    /// Changes whenever partitions are unlocked.
    pub(super) fn unlocks(&self) -> watch::Receiver<()> {
        self.unlocked.subscribe()
    }
}
