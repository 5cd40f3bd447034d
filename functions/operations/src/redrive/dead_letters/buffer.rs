//! What was received and matches the request, put together. Memory is bounded: when records take too much of it, those of the newest dead letters
//! are dropped, and a later request sends them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::dead_letter::DeadLetterRequest;
use tokio::time::Instant;

use super::entry::Entry;
use super::error::DeadLetterAdminError;
use super::queue::{InFlight, Message, Queue};

/// Records in memory, as messages have them; the function has 256 MB.
const RECORD_BYTES: usize = 48 * 1024 * 1024;
/// Messages of one request: what is known of each takes some 2 kB. SQS has at most 120,000 hidden at a time.
const MESSAGES: usize = 40_000;
/// Longer than the function can run, so that nothing comes twice; if the function is killed, all is visible again soon after.
const MARGIN: Duration = Duration::from_secs(5);

/// What matches.
pub(super) struct MessageBuffer<'a> {
    request: &'a DeadLetterRequest,
    keeps_records: bool,
    entries: BTreeMap<String, Entry>,
    /// Bytes of the records that are kept, oldest first.
    kept: BTreeSet<(Option<DateTime<Utc>>, String)>,
    sizes: BTreeMap<String, usize>,
    bytes: usize,
}

impl<'a> MessageBuffer<'a> {
    pub(super) fn new(request: &'a DeadLetterRequest, keeps_records: bool) -> Self {
        Self {
            request,
            keeps_records,
            entries: BTreeMap::new(),
            kept: BTreeSet::new(),
            sizes: BTreeMap::new(),
            bytes: 0,
        }
    }

    /// Receives all that is visible, and releases at once what does not match. Says whether it was all.
    pub(super) async fn fill(
        &mut self,
        queue: &Queue,
        time_left: Duration,
        deadline: Instant,
        in_flight: &mut InFlight,
    ) -> Result<bool, DeadLetterAdminError> {
        let is_all = loop {
            if Instant::now() >= deadline || in_flight.len() >= MESSAGES {
                break false;
            }
            let messages = queue.receive(time_left + MARGIN).await?;
            if messages.is_empty() {
                break true;
            }
            for message in messages {
                in_flight.add(&message);
                self.put(&message);
            }
        };
        let wanted: BTreeSet<&String> = self.entries.values().flat_map(|entry| &entry.messages).collect();
        let others = in_flight.take_all_but(|id| wanted.contains(id));
        let not_released = queue.release(others).await;
        if not_released > 0 {
            tracing::warn!(not_released, "Messages stay hidden until their time is over");
        }
        Ok(is_all)
    }

    fn put(&mut self, message: &Message) {
        let mut entry = Entry::new(message);
        if !entry.facts().match_request(self.request) {
            return;
        }
        let id = entry.id.clone();
        if !self.keeps_records || self.entries.get(&id).is_some_and(|entry| entry.is_dropped) {
            entry.forget_records();
        } else {
            self.bytes += message.body.len();
            *self.sizes.entry(id.clone()).or_default() += message.body.len();
            self.kept.insert((entry.refused_at, id.clone()));
        }
        match self.entries.entry(id) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(entry);
            }
            std::collections::btree_map::Entry::Occupied(place) => place.into_mut().join(entry),
        }
        while self.bytes > RECORD_BYTES && self.kept.len() > 1 {
            self.drop_newest();
        }
    }

    fn drop_newest(&mut self) {
        let Some((_, id)) = self.kept.pop_last() else { return };
        // A copy that was refused at another time may stand for the same dead letter twice.
        self.bytes -= self.sizes.remove(&id).unwrap_or_default();
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.is_dropped = true;
            entry.forget_records();
        }
    }

    pub(super) fn into_newest_first(self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.entries.into_values().collect();
        entries.sort_by(|left, right| (right.refused_at, &right.id).cmp(&(left.refused_at, &left.id)));
        entries
    }

    /// Oldest first, and in each partition in the order of its offsets, `limit` at most.
    pub(super) fn into_order_of_replay(self, limit: Option<usize>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.entries.into_values().collect();
        let place = |entry: &Entry| {
            entry
                .ranges
                .first()
                .map(|range| (range.topic.clone(), range.partition, range.first))
        };
        entries.sort_by_cached_key(|entry| (place(entry), entry.refused_at));
        // No record goes before one of its partition that has a lower offset, whenever that was refused.
        let mut latest: HashMap<Option<(String, i32)>, Option<DateTime<Utc>>> = HashMap::new();
        let mut ordered: Vec<(Option<DateTime<Utc>>, Entry)> = Vec::with_capacity(entries.len());
        for entry in entries {
            let partition = entry.ranges.first().map(|range| (range.topic.clone(), range.partition));
            let sort_key = match &partition {
                None => entry.refused_at,
                Some(_) => {
                    let latest = latest.entry(partition).or_default();
                    *latest = (*latest).max(entry.refused_at);
                    *latest
                }
            };
            ordered.push((sort_key, entry));
        }
        // Stable, so offsets stay in order where sort keys are equal.
        ordered.sort_by_key(|(sort_key, _)| *sort_key);
        let entries = ordered.into_iter().map(|(_, entry)| entry);
        entries.take(limit.unwrap_or(usize::MAX)).collect()
    }
}

#[cfg(test)]
mod tests {
    use shared::dead_letter::{DeadLetter, RefusalCode};
    use shared::record::ConsumerRecord;

    use super::*;

    fn message(partition: i32, offset: i64, minute: u32, bytes: usize) -> Vec<Message> {
        let record = ConsumerRecord {
            topic: "t".to_owned(),
            partition,
            offset,
            timestamp: None,
            key: None,
            headers: Vec::new(),
            unread_headers: None,
            value: Some(vec![b'x'; bytes]),
        };
        let at = format!("2026-11-23T10:{minute:02}:00Z").parse().unwrap();
        let dead_letter = DeadLetter::new("f", at, RefusalCode::NotJson, "no", record).unwrap();
        let bodies = dead_letter.messages().unwrap().into_iter().enumerate();
        bodies
            .map(|(place, body)| Message {
                id: format!("{partition}-{offset}-{place}"),
                receipt_handle: String::new(),
                body,
                sent_at: None,
            })
            .collect()
    }

    fn offsets(entries: &[Entry]) -> Vec<(i32, i64)> {
        entries
            .iter()
            .map(|entry| (entry.ranges[0].partition, entry.ranges[0].first))
            .collect()
    }

    #[test]
    fn the_oldest_goes_first_and_no_record_before_one_of_its_partition() {
        let request = DeadLetterRequest::parse(r#"{"action":"replay"}"#).unwrap();
        let mut buffer = MessageBuffer::new(&request, true);
        // Offset 5 was refused after offset 9, as when a partition is read again.
        for (partition, offset, minute) in [(0, 9, 1), (0, 5, 7), (1, 3, 2), (1, 4, 9), (0, 20, 8)] {
            message(partition, offset, minute, 10)
                .iter()
                .for_each(|message| buffer.put(message));
        }
        let ordered = buffer.into_order_of_replay(None);
        assert_eq!(offsets(&ordered), [(1, 3), (0, 5), (0, 9), (0, 20), (1, 4)]);
    }

    #[test]
    fn too_many_records_leave_the_oldest_in_memory() {
        let request = DeadLetterRequest::parse(r#"{"action":"replay"}"#).unwrap();
        let mut buffer = MessageBuffer::new(&request, true);
        for minute in (0..20).rev() {
            let mut messages = message(0, i64::from(minute), minute, 5_000_000);
            messages.extend(message(0, i64::from(minute), minute, 5_000_000));
            messages.iter().for_each(|message| buffer.put(message));
            assert!(buffer.bytes <= RECORD_BYTES + 5_100_000);
        }
        let entries = buffer.into_order_of_replay(None);
        assert_eq!(entries.len(), 20);
        let kept: Vec<i64> = entries
            .iter()
            .filter(|entry| !entry.is_dropped)
            .map(|entry| entry.ranges[0].first)
            .collect();
        assert!(kept.len() >= 4, "{kept:?}");
        assert_eq!(kept, (0..i64::try_from(kept.len()).unwrap()).collect::<Vec<_>>());
        assert!(entries.iter().all(|entry| entry.summary().parts_missing.is_empty()));
    }
}
