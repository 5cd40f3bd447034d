//! How fast events come: the ends of topics, looked at again and again.

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

/// What earlier looks have seen.
#[derive(Default)]
pub(super) struct Flow {
    seen: BTreeMap<String, VecDeque<(Instant, i64)>>,
    newest: BTreeMap<String, DateTime<Utc>>,
}

/// The end of each partition of a topic, and when its newest record was written.
type Found = (BTreeMap<i32, i64>, Option<DateTime<Utc>>);

impl Flow {
    /// The topics, in the order of `names`; nothing while Kafka cannot be asked.
    pub(super) async fn look(&mut self, admin: &AdminClient, names: &[String]) -> Option<Vec<TopicState>> {
        let asked = try_join_all(names.iter().map(|name| ends_and_newest(admin, name)));
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
        let topic = |(name, (ends, newest)): (&String, Found)| {
            let records = ends.values().sum();
            if let Some(newest) = newest {
                self.newest.insert(name.clone(), newest);
            }
            TopicState {
                name: name.clone(),
                partitions: ends.len(),
                records,
                per_second: pace(self.seen.entry(name.clone()).or_default(), now, records),
                last_event_at: self.newest.get(name).copied(),
            }
        };
        Some(names.iter().zip(found).map(topic).collect())
    }
}

/// Records a second since the oldest look of the window; nothing while there is no other.
fn pace(seen: &mut VecDeque<(Instant, i64)>, now: Instant, records: i64) -> Option<f64> {
    seen.push_back((now, records));
    while seen.front().is_some_and(|(at, _)| now.duration_since(*at) > WINDOW) {
        seen.pop_front();
    }
    let (since, before) = *seen.front()?;
    let seconds = now.duration_since(since).as_secs_f64();
    let written = u32::try_from(records - before).ok()?;
    (seconds > 0.0).then(|| f64::from(written) / seconds)
}

async fn ends_and_newest(admin: &AdminClient, topic: &str) -> Result<Found, KrafkaError> {
    let ends = topic_ends(admin, topic).await?;
    let partitions = ends
        .keys()
        .map(|partition| (TopicPartition::new(topic, *partition), OffsetSpec::MaxTimestamp));
    let newest = admin.list_offsets(partitions, ListOffsetsOptions::default()).await?;
    let mut times = Vec::new();
    for listed in newest.into_values() {
        times.extend(listed?.timestamp.filter(|time| *time > 0));
    }
    let newest = times.into_iter().max().and_then(DateTime::from_timestamp_millis);
    Ok((ends, newest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_that_of_the_last_seconds() {
        let mut seen = VecDeque::new();
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        assert_eq!(pace(&mut seen, at(0), 100), None);
        assert_eq!(pace(&mut seen, at(2), 130), Some(15.0));
        assert_eq!(pace(&mut seen, at(4), 130), Some(7.5));
        // What is older than the window no longer counts, also after nobody has looked for a minute.
        assert_eq!(pace(&mut seen, at(12), 130), Some(0.0));
        assert_eq!(pace(&mut seen, at(74), 190), None);
        assert_eq!(pace(&mut seen, at(75), 193), Some(3.0));
    }
}
