//! How fast events come: the end offsets of topics, sampled again and again.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use krafka::admin::{AdminClient, ListOffsetsOptions, OffsetSpec, TopicPartition};
use krafka::error::KrafkaError;
use servers::topic_ends;

use super::state::TopicState;

/// How far back a pace is measured.
const WINDOW: Duration = Duration::from_secs(10);
/// How long Kafka may take.
const LIMIT: Duration = Duration::from_secs(2);

/// What earlier samples have found.
#[derive(Default)]
pub(super) struct TopicThroughput {
    samples: BTreeMap<String, VecDeque<(Instant, i64)>>,
    newest: BTreeMap<String, DateTime<Utc>>,
}

/// One topic, as Kafka describes it.
struct TopicEnd {
    /// The offset after the last record, by partition.
    offsets: BTreeMap<i32, i64>,
    /// When the newest record was written.
    newest: Option<DateTime<Utc>>,
}

impl TopicThroughput {
    /// The topics, in the order of `names`; nothing while Kafka cannot be asked.
    pub(super) async fn sample(&mut self, admin: &AdminClient, names: &[String]) -> Option<Vec<TopicState>> {
        let asked = try_join_all(names.iter().map(|name| topic_end(admin, name)));
        let found = match tokio::time::timeout(LIMIT, asked).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "Could not ask Kafka for its topics"
                );
                return None;
            }
            Err(_) => return None,
        };
        let now = Instant::now();
        let topic = |(name, end): (&String, TopicEnd)| {
            let records = end.offsets.values().sum();
            if let Some(newest) = end.newest {
                self.newest.insert(name.clone(), newest);
            }
            TopicState {
                name: name.clone(),
                partitions: end.offsets.len(),
                records,
                per_second: pace(self.samples.entry(name.clone()).or_default(), now, records),
                last_event_at: self.newest.get(name).copied(),
            }
        };
        Some(names.iter().zip(found).map(topic).collect())
    }
}

/// Records a second since the oldest sample of the window; nothing while there is no other.
fn pace(samples: &mut VecDeque<(Instant, i64)>, now: Instant, records: i64) -> Option<f64> {
    samples.push_back((now, records));
    while samples.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
        samples.pop_front();
    }
    let (since, before) = *samples.front()?;
    let seconds = now.duration_since(since).as_secs_f64();
    let written = u32::try_from(records - before).ok()?;
    (seconds > 0.0).then(|| f64::from(written) / seconds)
}

async fn topic_end(admin: &AdminClient, topic: &str) -> Result<TopicEnd, KrafkaError> {
    let offsets = topic_ends(admin, topic).await?;
    let partitions = offsets
        .keys()
        .map(|partition| (TopicPartition::new(topic, *partition), OffsetSpec::MaxTimestamp));
    let newest = admin.list_offsets(partitions, ListOffsetsOptions::default()).await?;
    let mut times = Vec::new();
    for offset in newest.into_values() {
        times.extend(offset?.timestamp.filter(|time| *time > 0));
    }
    let newest = times.into_iter().max().and_then(DateTime::from_timestamp_millis);
    Ok(TopicEnd { offsets, newest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_that_of_the_last_seconds() {
        let mut samples = VecDeque::new();
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        assert_eq!(pace(&mut samples, at(0), 100), None);
        assert_eq!(pace(&mut samples, at(2), 130), Some(15.0));
        assert_eq!(pace(&mut samples, at(4), 130), Some(7.5));
        // What is older than the window no longer counts, also after a minute without a sample.
        assert_eq!(pace(&mut samples, at(12), 130), Some(0.0));
        assert_eq!(pace(&mut samples, at(74), 190), None);
        assert_eq!(pace(&mut samples, at(75), 193), Some(3.0));
    }
}
