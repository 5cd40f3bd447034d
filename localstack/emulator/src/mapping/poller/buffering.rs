//! Reading ahead: what the consumer reads is buffered, and reading pauses when enough is.

use std::collections::BTreeSet;

use krafka::consumer::ConsumerRecord;
use tokio::time::Instant;

use super::Poller;
use crate::mapping::event::EVENT_LIMIT;

/// Reading ahead stops at two batches, but not below this many records.
const LEAST_READ_AHEAD: usize = 1_000;

impl Poller {
    /// Buffers records, and skips those that the filter drops.
    pub(super) fn on_records(&mut self, records: Vec<ConsumerRecord>) {
        let now = Instant::now();
        let mut with_filtered = BTreeSet::new();
        let mut count = 0;
        for record in records {
            let partition = self.partitions.entry(record.partition).or_default();
            if self.mapping.spec.filters.matches(record.value.as_deref()) {
                partition.push(record, now);
            } else {
                partition.skip_filtered(&record);
                with_filtered.insert(record.partition);
                count += 1;
            }
        }
        if count > 0 {
            self.mapping.with_progress(|progress| progress.filtered += count);
            with_filtered.into_iter().for_each(|number| self.queue_commit(number));
        }
        self.update_state();
    }

    /// Pauses reading of partitions of which enough is buffered, and resumes the others.
    pub(super) async fn pause_or_resume(&mut self) {
        let Some(consumer) = &self.consumer else { return };
        let topic = self.mapping.spec.topic.as_str();
        let enough = (2 * self.mapping.spec.batch_size).max(LEAST_READ_AHEAD);
        for (number, partition) in self
            .partitions
            .iter_mut()
            .filter(|(_, partition)| !partition.is_revoking)
        {
            let (records, bytes) = (partition.buffered_records(), partition.buffered_bytes());
            if !partition.is_paused && (records >= enough || bytes >= 2 * EVENT_LIMIT) {
                consumer.pause(topic, &[*number]).await;
                partition.is_paused = true;
            } else if partition.is_paused && records < enough / 2 && bytes < EVENT_LIMIT {
                consumer.resume(topic, &[*number]).await;
                partition.is_paused = false;
            }
        }
    }
}
