//! An emulator on a template written for one test, and the real Kafka that the tests share.

pub mod aws;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use emulator::{Emulator, EmulatorOptions, KafkaAccess, MappingStatus, PartialResponse, Status};
use krafka::Kafka;
use krafka::admin::{CreateTopicsOptions, NewTopic};
use krafka::producer::{Producer, Record};
use serde_json::Value;

/// How long a test waits for what must happen.
pub const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// A folder of one test, and an emulator whose functions are `examples/echo_function.rs`.
pub struct Fixture {
    pub folder: tempfile::TempDir,
    pub kafka: String,
    /// The queues of the template, by logical id.
    pub queue_urls: BTreeMap<String, String>,
}

impl Fixture {
    /// Without Kafka.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            kafka: "127.0.0.1:1".to_owned(),
            queue_urls: BTreeMap::new(),
        }
    }

    /// With the Kafka that the tests share.
    pub fn with_kafka() -> Self {
        Self {
            kafka: shared_kafka().to_owned(),
            ..Self::new()
        }
    }

    /// A file of this test.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts an emulator on a template with these resources.
    pub async fn emulator(&self, resources: &str) -> Emulator {
        Emulator::start(self.options(resources)).await.unwrap()
    }

    /// The same, with this reading of partial batch responses.
    pub async fn emulator_reading(&self, resources: &str, reading: PartialResponse) -> Emulator {
        let mut options = self.options(resources);
        options.partial_response = reading;
        Emulator::start(options).await.unwrap()
    }

    /// What an emulator on a template with these resources needs.
    pub fn options(&self, resources: &str) -> EmulatorOptions {
        let template = self.file("template.yaml");
        let metadata = "Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: echo_function}}";
        std::fs::write(
            &template,
            format!("Resources:\n{}", resources.replace("$ECHO", metadata)),
        )
        .unwrap();
        let kafka = KafkaAccess::plaintext(&self.kafka);
        let mut options = EmulatorOptions::new(template, examples(), kafka, self.file("logs"));
        let region = ("AWS_REGION".to_owned(), "us-east-1".to_owned());
        options.function_env.extend([region]);
        options.deployment.queue_urls = self.queue_urls.clone();
        options.schedules_in_seconds = true;
        options
    }

    /// What the function wrote to its log of invocations, one value for each.
    pub fn invocations(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.file("invocations")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The offsets of a partition (`topic-0`) in each invocation, in order.
    pub fn sent(&self, partition: &str) -> Vec<Vec<i64>> {
        let offsets = |line: &Value| line["sent"][partition].as_array().cloned().unwrap_or_default();
        let numbers = |list: Vec<Value>| list.iter().map(|offset| offset.as_i64().unwrap()).collect();
        self.invocations().iter().map(|line| numbers(offsets(line))).collect()
    }

    /// The offsets of a partition (`topic-0`) in the order in which the function did them, repetitions included.
    pub fn done(&self, partition: &str) -> Vec<i64> {
        let offsets = |line: &Value| line["done"][partition].as_array().cloned().unwrap_or_default();
        self.invocations()
            .iter()
            .flat_map(offsets)
            .map(|offset| offset.as_i64().unwrap())
            .collect()
    }
}

/// A mapping's resources: one function `echo` that reads `topic`, with more properties of the event.
pub fn mapping_resources(fixture: &Fixture, topic: &str, event: &str) -> String {
    mapping_of(fixture, topic, "Timeout: 20", "NAMES: default", event)
}

/// The same, with more properties of the function and more environment variables.
pub fn mapping_of(fixture: &Fixture, topic: &str, function: &str, variables: &str, event: &str) -> String {
    format!(
        "  Echo:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties:\n      FunctionName: echo\n      Handler: bootstrap\n      {function}\n      Environment: {{Variables: {{INVOCATION_LOG: {log}, EVENT_FILE: {event_file}, {variables}}}}}\n      Events:\n        Records: {{Type: MSK, Properties: {{Stream: 'arn:aws:kafka:us-east-1:000000000000:cluster/c/1', Topics: [{topic}], ConsumerGroupId: group.{topic}, {event}}}}}\n",
        log = fixture.file("invocations").display(),
        event_file = fixture.file("event.json").display(),
    )
}

/// All that one partition of a topic holds: keys and values, in order.
pub async fn read_topic(kafka: &str, topic: &str, count: usize) -> Vec<(Option<String>, Value)> {
    let client = Kafka::builder(kafka).connect().await.unwrap();
    let consumer = client
        .consumer_without_group()
        .auto_offset_reset(krafka::consumer::AutoOffsetReset::Earliest)
        .build()
        .await
        .unwrap();
    consumer.assign(topic, vec![0]).await.unwrap();
    let began = Instant::now();
    let mut found = Vec::new();
    while found.len() < count {
        assert!(began.elapsed() < WAIT_LIMIT, "{topic} holds {} of {count}", found.len());
        for record in consumer.poll(Duration::from_millis(200)).await.unwrap() {
            let key = record.key.map(|key| String::from_utf8(key.to_vec()).unwrap());
            found.push((key, serde_json::from_slice(&record.value.unwrap()).unwrap()));
        }
    }
    found
}

/// A topic of its own, and a producer for it.
pub async fn topic(kafka: &str, partitions: i32) -> (String, Producer) {
    let name = format!("t{}", uuid::Uuid::new_v4().simple());
    let client = Kafka::builder(kafka).connect().await.unwrap();
    let topic = NewTopic::new(&name, partitions, 1).unwrap();
    for (_, created) in client
        .admin()
        .create_topics([topic], CreateTopicsOptions::default())
        .await
        .unwrap()
    {
        created.unwrap();
    }
    (name, client.producer().build().await.unwrap())
}

/// Sends values to one partition, in order.
pub async fn send(producer: &Producer, topic: &str, partition: i32, values: impl IntoIterator<Item = String>) {
    for value in values {
        let record = Record::new(topic, value.into_bytes()).partition(partition);
        assert!(producer.send(record).await.unwrap().is_persisted());
    }
}

/// Waits until the mapping's status is as wanted.
pub async fn mapping(emulator: &Emulator, what: &str, is_wanted: impl Fn(&MappingStatus) -> bool) -> MappingStatus {
    reported(emulator, what, |mut status| status.mappings.remove(0), is_wanted).await
}

/// Waits until a part of the status is as wanted.
pub async fn reported<S: std::fmt::Debug>(
    emulator: &Emulator,
    what: &str,
    part: impl Fn(Status) -> S,
    is_wanted: impl Fn(&S) -> bool,
) -> S {
    let began = Instant::now();
    loop {
        let status = part(emulator.status().await);
        if is_wanted(&status) {
            return status;
        }
        assert!(
            began.elapsed() < WAIT_LIMIT,
            "not within {WAIT_LIMIT:?}: {what}; {status:#?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until something holds.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < WAIT_LIMIT, "not within {WAIT_LIMIT:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a process exists.
pub fn exists(pid: u64) -> bool {
    // A process that has ended but whose end nobody has read yet is in state Z.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// The Kafka of `localstack servers`, else one that ends with this process.
fn shared_kafka() -> &'static str {
    static KAFKA: OnceLock<String> = OnceLock::new();
    KAFKA.get_or_init(|| match std::env::var("HWANYUL_TEST_KAFKA") {
        Ok(bootstrap) => bootstrap,
        Err(_) => outliving(async |folder| {
            let kafka = servers::Kafka::start(&servers::Options::in_dir(folder.join("kafka")))
                .await
                .unwrap();
            (kafka.bootstrap(), kafka)
        }),
    })
}

/// Starts a server on a thread and a runtime of its own: that of the test that came first ends with that test.
fn outliving<S>(start: impl AsyncFnOnce(PathBuf) -> (String, S) + Send + 'static) -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let (address, _server) = start(folder.path().to_owned()).await;
            sender.send(address).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

/// Where cargo puts the examples: beside the folder of the tests.
fn examples() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    assert!(
        folder.join("echo_function").exists(),
        "build it first: cargo build -p emulator --example echo_function"
    );
    folder
}

/// Asserts that all of a partition's first `count` values were done, in order. What was done but not committed may come again, from the committed offset on,
/// never with a gap.
pub fn assert_done_in_order(fixture: &Fixture, partition: &str, count: i64) {
    let mut done = fixture.done(partition);
    for pair in done.windows(2) {
        assert!(
            pair[1] <= pair[0] + 1,
            "{partition}: a gap after {}: {}",
            pair[0],
            pair[1]
        );
    }
    done.sort_unstable();
    done.dedup();
    assert_eq!(done, (0..count).collect::<Vec<_>>(), "{partition}");
}

/// The most invocations that were under way at the same time, as the function itself wrote down when each began and ended.
pub fn most_at_once(fixture: &Fixture) -> i32 {
    let mut changes = Vec::new();
    for line in fixture.invocations() {
        changes.push((line["began"].as_u64().unwrap(), 1));
        changes.push((line["ended"].as_u64().unwrap(), -1));
    }
    // What ended in the microsecond in which another began was not beside it.
    changes.sort_unstable();
    let under_way = changes.iter().scan(0, |count, (_, change)| {
        *count += change;
        Some(*count)
    });
    under_way.max().unwrap_or(0)
}
