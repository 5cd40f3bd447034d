//! The pollers of one mapping: how many there are, and when one more or one less is better.
//!
//! AWS checks the lag once a minute and takes up to three minutes to change the number. Here it is checked more often, so that it
//! can be seen. Without `ProvisionedPollerConfig` AWS scales by itself, and how it does is not said; here it is one poller.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::consumer::instance_id;
use super::poller::Poller;
use super::state::Mapping;
use crate::status::PartitionStatus;

/// How often the lag is checked.
const SCALING_INTERVAL: Duration = Duration::from_secs(2);
/// After so many checks in a row with more lag than a poller works off between two, there is one more.
const LAGGING_CHECKS: u32 = 2;
/// After so many checks in a row without lag, there is one less.
const IDLE_CHECKS: u32 = 5;

/// The running pollers.
pub(super) struct Pollers {
    mapping: Arc<Mapping>,
    tasks: JoinSet<usize>,
    stops: BTreeMap<usize, watch::Sender<bool>>,
    lagging_checks: u32,
    idle_checks: u32,
    records_before: u64,
    /// The poller that leaves and joins once more, after the members of a killed emulator were replaced.
    rejoining: Option<usize>,
}

impl Pollers {
    pub(super) fn new(mapping: Arc<Mapping>) -> Self {
        Self {
            mapping,
            tasks: JoinSet::new(),
            stops: BTreeMap::new(),
            lagging_checks: 0,
            idle_checks: 0,
            records_before: 0,
            rejoining: None,
        }
    }

    /// Reads and invokes until `is_over` completes and what is under way has ended.
    pub(super) async fn run(mut self, is_over: impl Future<Output = ()>) {
        self.mapping.has_committed_starts.send_replace(false);
        self.start(1);
        let mut committed_starts = self.mapping.has_committed_starts.subscribe();
        let mut check = tokio::time::interval(SCALING_INTERVAL);
        check.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let may_scale = self.mapping.spec.pollers.maximum > 1;
        let mut has_started = false;
        tokio::pin!(is_over);
        loop {
            tokio::select! {
                () = &mut is_over => break,
                () = until_true(&mut committed_starts), if may_scale && !has_started => {
                    has_started = true;
                    self.replace_former_members().await;
                    if self.rejoining.is_none() {
                        check.reset_immediately();
                    } else {
                        check.reset();
                    }
                }
                _ = check.tick(), if has_started => self.scale().await,
                Some(ended) = self.tasks.join_next() => self.restart(ended),
            }
        }
        for stop in self.stops.values() {
            stop.send_replace(true);
        }
        while self.tasks.join_next().await.is_some() {}
    }

    fn start(&mut self, number: usize) {
        let (stop, stopped) = watch::channel(false);
        self.stops.insert(number, stop);
        let poller = Poller::start(Arc::clone(&self.mapping), number, stopped);
        self.tasks.spawn(async move {
            poller.run().await;
            number
        });
    }

    /// Starts one more, with the lowest number that is free.
    fn start_next(&mut self) {
        let number = (1..).find(|number| !self.stops.contains_key(number));
        self.start(number.unwrap_or(1));
    }

    /// A poller ends when it is told to. One that ended otherwise would leave its partitions unread.
    fn restart(&mut self, ended: Result<usize, tokio::task::JoinError>) {
        match ended {
            Ok(number) => {
                self.stops.remove(&number);
            }
            // One of those that are started anew.
            Err(error) if error.is_cancelled() => {}
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "A poller of {} ended badly; all are started anew",
                    self.mapping.spec.name
                );
                let count = self.stops.len();
                self.tasks.abort_all();
                self.mapping.partition_locks.unlock_all();
                (1..=count.max(1)).for_each(|number| self.start(number));
            }
        }
    }

    /// An emulator that was killed leaves its pollers in the group until their sessions end, and their partitions unread. Pollers
    /// of the same names take them over at once.
    ///
    /// Kafka then gives each what the former one had, and distributes nothing anew. If it was killed while partitions were on their way from one poller
    /// to another, no member has them. So the last poller leaves again and rejoins.
    async fn replace_former_members(&mut self) {
        let name = &self.mapping.spec.name;
        let members = self.mapping.offsets.members_of(&self.mapping.spec.consumer_group).await;
        let most = self.mapping.spec.pollers.maximum;
        let former = members.map(|members| {
            let numbers = (2..=most).take_while(|number| members.contains(&instance_id(name, *number)));
            numbers.count() + 1
        });
        match former {
            Ok(former) => {
                (2..=former).for_each(|number| self.start(number));
                self.rejoining = (former > 1).then_some(former);
            }
            Err(error) => tracing::debug!(
                error = &error as &dyn std::error::Error,
                "Could not ask Kafka for former pollers of {name}"
            ),
        }
    }

    /// Starts or ends a poller, as the lag asks for.
    async fn scale(&mut self) {
        if let Some(stop) = self.rejoining.take().and_then(|number| self.stops.get(&number)) {
            stop.send_replace(true);
            return;
        }
        let spec = &self.mapping.spec;
        let (group, topic) = (&spec.consumer_group, &spec.topic);
        let Ok(partitions) = self.mapping.offsets.of_group(group, topic, Duration::MAX).await else {
            return;
        };
        let least = spec.pollers.minimum.min(partitions.len());
        let most = spec.pollers.maximum.min(partitions.len());
        let running = self.stops.len();
        if running < least {
            (running..least).for_each(|_| self.start_next());
            return;
        }
        let (records, retrying) = self
            .mapping
            .with_progress(|progress| (progress.records, progress.retrying_partitions()));
        let taken = records.saturating_sub(std::mem::replace(&mut self.records_before, records));
        // One more poller does not help records that fail.
        let lag: i64 = partitions
            .iter()
            .filter(|partition| !retrying.contains(&partition.partition))
            .map(|partition: &PartitionStatus| partition.lag)
            .sum();
        let lag = lag.unsigned_abs();
        self.lagging_checks = if lag > taken / running.max(1) as u64 {
            self.lagging_checks + 1
        } else {
            0
        };
        self.idle_checks = if lag == 0 { self.idle_checks + 1 } else { 0 };
        if self.lagging_checks >= LAGGING_CHECKS && running < most {
            self.lagging_checks = 0;
            self.start_next();
        } else if running > most.max(1) || (self.idle_checks >= IDLE_CHECKS && running > least.max(1)) {
            self.idle_checks = 0;
            if let Some((_, stop)) = self.stops.last_key_value() {
                stop.send_replace(true);
            }
        }
    }
}

/// Completes when the value is true, or never will be again.
async fn until_true(value: &mut watch::Receiver<bool>) {
    if value.wait_for(|value| *value).await.is_err() {
        tracing::debug!("A mapping ended before it began");
    }
}
