//! In which partition the records of a key are.

use crate::event::Topic;

/// The partition that records of this key are in, for a topic with the partitions that it is created with: as the client chooses it, and Kafka's own do.
#[must_use]
pub fn partition_of(topic: Topic, key: &str) -> i32 {
    let hash = krafka::producer::murmur2(key.as_bytes()) & 0x7fff_ffff;
    i32::try_from(hash % topic.partitions().unsigned_abs()).unwrap_or(0)
}
