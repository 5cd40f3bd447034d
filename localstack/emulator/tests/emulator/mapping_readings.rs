//! The two readings of a partial batch response, where they differ.

use std::path::PathBuf;

use emulator::{Emulator, MappingState, PartialResponse};
use krafka::producer::Producer;

use crate::support::{Fixture, mapping, mapping_of, send, topic};

const REPORTING: &str = "StartingPosition: TRIM_HORIZON, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [ReportBatchItemFailures], ProvisionedPollerConfig: {MinimumPollers: 1, MaximumPollers: 1}";

fn ok(count: usize) -> Vec<String> {
    vec!["ok".to_owned(); count]
}

/// Records of one partition, of which some fail until the gate is open, and a mapping whose function names its failures.
struct Gated {
    fixture: Fixture,
    topic: String,
    producer: Producer,
    gate: PathBuf,
    resources: String,
}

impl Gated {
    /// So many records; those at `failing` fail. `names` is what the function names of a batch.
    async fn new(count: usize, failing: &[usize], names: &str) -> Self {
        let fixture = Fixture::with_kafka();
        let (topic, producer) = topic(&fixture.kafka, 1).await;
        let gate = fixture.file("gate");
        let mut values = ok(count);
        for index in failing {
            values[*index] = format!("fail:{}", gate.display());
        }
        send(&producer, &topic, 0, values).await;
        let resources = mapping_of(&fixture, &topic, "Timeout: 20", names, REPORTING);
        Self {
            fixture,
            topic,
            producer,
            gate,
            resources,
        }
    }

    /// An emulator that reads, with this reading of partial batch responses.
    async fn start(&self, reading: PartialResponse) -> Emulator {
        let emulator = self.fixture.emulator_reading(&self.resources, reading).await;
        emulator.start_events().await.unwrap();
        emulator
    }

    fn open(&self) {
        std::fs::write(&self.gate, "").unwrap();
    }

    fn partition(&self) -> String {
        format!("{}-0", self.topic)
    }

    /// The offsets that the function did, in order.
    fn done(&self) -> Vec<i64> {
        self.fixture.done(&self.partition())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_named_records_come_again() {
    let gated = Gated::new(10, &[3, 6], "NAMES: each").await;
    let emulator = gated.start(PartialResponse::OnlyNamed).await;
    let status = mapping(&emulator, "two come again", |status| {
        status.retries >= 2 && status.partitions[0].committed == Some(3)
    })
    .await;
    assert_eq!(
        (status.state, status.lag),
        (MappingState::Retrying, Some(7)),
        "what is behind the lowest unfinished record is not committed"
    );
    send(&gated.producer, &gated.topic, 0, ok(2)).await;
    gated.open();
    mapping(&emulator, "all are done", |status| {
        status.partitions[0].committed == Some(12)
    })
    .await;
    let sent = gated.fixture.sent(&gated.partition());
    assert_eq!(sent[0], (0..10).collect::<Vec<_>>());
    let (again, last) = sent[1..].split_at(sent.len() - 2);
    assert!(again.iter().all(|offsets| *offsets == [3, 6]), "{again:?}");
    assert_eq!(last, [[10, 11]], "later records wait for those that failed");
    assert_eq!(gated.done(), [0, 1, 2, 4, 5, 7, 8, 9, 3, 6, 10, 11], "each once");
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_goes_on_from_the_first_named_record() {
    let gated = Gated::new(10, &[3, 6], "NAMES: first").await;
    let emulator = gated.start(PartialResponse::FromFirstNamed).await;
    mapping(&emulator, "the rest comes again", |status| {
        status.retries >= 2 && status.partitions[0].committed == Some(3)
    })
    .await;
    gated.open();
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    let sent = gated.fixture.sent(&gated.partition());
    assert!(
        sent[1..].iter().all(|offsets| *offsets == [3, 4, 5, 6, 7, 8, 9]),
        "{sent:?}"
    );
    assert_eq!(gated.done(), (0..10).collect::<Vec<_>>(), "each once, in order");
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_stops_at_the_first_failure_loses_the_rest_when_only_named_records_count() {
    let gated = Gated::new(6, &[2], "NAMES: first").await;
    let emulator = gated.start(PartialResponse::OnlyNamed).await;
    mapping(&emulator, "it comes again", |status| status.retries >= 2).await;
    gated.open();
    mapping(&emulator, "all count as done", |status| status.lag == Some(0)).await;
    assert_eq!(
        gated.done(),
        [0, 1, 2],
        "the trap that the documentation warns of: 3, 4 and 5 were never done"
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_an_unfinished_record_comes_again_after_a_restart() {
    let gated = Gated::new(5, &[2], "NAMES: each").await;
    let emulator = gated.start(PartialResponse::default()).await;
    mapping(&emulator, "2 fails", |status| {
        status.retries >= 1 && status.partitions[0].committed == Some(2)
    })
    .await;
    emulator.shutdown().await;
    gated.open();
    let emulator = gated.start(PartialResponse::default()).await;
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    assert_eq!(gated.done(), [0, 1, 3, 4, 2, 3, 4], "at least once");
    emulator.shutdown().await;
}
