//! Kafka stopping in the middle: only what it did not acknowledge is in the backup.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_sqs::types::MessageSystemAttributeName;
use bytes::Bytes;
use krafka::Kafka as Client;
use servers::{Kafka, Options, topic_ends};
use shared::config::{KafkaConfig, KafkaSecurity};
use shared::event::{Event, Run};
use shared::kafka::{ProducerRecord, Topics};
use shared::publish::{BackupQueue, Destination, PublishError, Publisher};
use tests::rate;
use uuid::Uuid;

use tests::kafka_topic::read;
use tests::queue::{Queue, attribute};

const TOPIC: &str = "exchange_rate_updated";

/// Events of some currencies in turn, each so large that Kafka takes a while for all of them.
fn large_events(count: usize) -> Vec<Event> {
    let run = Run::new("/hwanyul/test");
    let event = |number: usize| {
        let code = ["USD", "JPY", "EUR", "GBP", "CHF", "CNY", "AUD"][number % 7];
        let payload = rate(
            code,
            "test",
            "2026-10-30T13:15:00Z",
            "2026-10-30T15:00:00Z",
            &format!("{}", 1000 + number),
        );
        let event = run.event(&payload, payload.updated_at).unwrap();
        // Kafka keeps the bytes; it does not read them.
        let filled = format!("{{\"number\":{number},\"filling\":\"{}\"}}", "x".repeat(120_000));
        Event {
            payload: Bytes::from(filled),
            ..event
        }
    };
    (0..count).map(event).collect()
}

async fn signal(kafka: &Kafka, name: &str) {
    let process = kafka.identity().unwrap().pid.to_string();
    let status = tokio::process::Command::new("kill")
        .args([name, &process])
        .status()
        .await
        .unwrap();
    assert!(status.success());
}

async fn records(admin: &krafka::admin::AdminClient) -> i64 {
    topic_ends(admin, TOPIC).await.unwrap().values().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_events_without_an_acknowledgement_go_to_the_backup_and_in_order() {
    let folder = std::env::temp_dir().join(format!("hwanyul-test-{}", Uuid::new_v4().simple()));
    let kafka = Kafka::start(&Options::in_dir(folder.join("kafka"))).await.unwrap();
    let config = KafkaConfig {
        bootstrap_servers: kafka.bootstrap(),
        security: KafkaSecurity::Plaintext,
    };
    Topics::new(config.clone()).ensure(1).await.unwrap();
    let admin = Client::builder(kafka.bootstrap()).connect().await.unwrap().admin();
    let queue = Queue::fifo().await;
    let publisher = Publisher::with_backup(config, BackupQueue::new(queue.url.clone()));

    // Where the broker stops is a matter of luck; all before and all after it are no test.
    let mut tries = 0;
    let (events, sent) = loop {
        tries += 1;
        assert!(tries <= 10, "the broker never stopped in the middle");
        let events = large_events(400);
        let before = records(&admin).await;
        let publishing = publisher.publish(&events);
        let stopping = async {
            while records(&admin).await < before + 20 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            signal(&kafka, "-STOP").await;
        };
        let (sent, ()) = tokio::join!(publishing, stopping);
        signal(&kafka, "-CONT").await;
        let sent = sent.unwrap();
        if sent.in_kafka() > 0 && sent.in_backup() > 0 {
            break (events, sent);
        }
        queue.take_all().await;
    };
    println!(
        "{} of {} events went to Kafka, {} to the backup",
        sent.in_kafka(),
        events.len(),
        sent.in_backup()
    );

    let mut waiting: BTreeMap<String, Vec<ProducerRecord>> = BTreeMap::new();
    let mut expected: BTreeMap<String, Vec<ProducerRecord>> = BTreeMap::new();
    for message in queue.take_all().await {
        let group = attribute(&message, MessageSystemAttributeName::MessageGroupId);
        waiting
            .entry(group)
            .or_default()
            .push(ProducerRecord::from_text(message.body().unwrap()).unwrap());
    }
    let mut in_kafka = BTreeSet::new();
    for (event, destination) in events.iter().zip(&sent.destinations) {
        match destination {
            Destination::Kafka => drop(in_kafka.insert(event.id.to_string())),
            Destination::Backup => expected
                .entry(format!("{TOPIC}:{}", event.key))
                .or_default()
                .push(ProducerRecord::from(event)),
        }
    }
    let counts = |groups: &BTreeMap<String, Vec<ProducerRecord>>| -> Vec<(String, usize)> {
        groups
            .iter()
            .map(|(group, events)| (group.clone(), events.len()))
            .collect()
    };
    assert_eq!(counts(&waiting), counts(&expected), "events in the backup, by group");
    assert!(
        waiting == expected,
        "the backup has others than the events without an acknowledgement, or another order"
    );
    let read = read(&kafka.bootstrap(), TOPIC).await;
    let written: BTreeSet<String> = read.iter().map(|record| record.header("ce_id").to_owned()).collect();
    assert!(in_kafka.is_subset(&written), "an acknowledged event is not in Kafka");

    // The next run tries Kafka again, over a new connection.
    let again = publisher.publish(&large_events(3)).await.unwrap();
    assert_eq!((again.in_kafka(), again.in_backup()), (3, 0));
    kafka.stop().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_run_waits_for_a_silent_kafka_once() {
    // Takes connections and says nothing, as a broker that hangs.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let queue = Queue::fifo().await;
    let config = KafkaConfig {
        bootstrap_servers: silent.local_addr().unwrap().to_string(),
        security: KafkaSecurity::Plaintext,
    };
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            connections.push(connection);
        }
    });
    let publisher = Publisher::with_backup(config, BackupQueue::new(queue.url.clone()));
    let mut run = publisher.run();
    let sent = run.publish(&large_events(3)).await.unwrap();
    assert_eq!((sent.in_kafka(), sent.in_backup()), (0, 3));
    assert!(sent.away.is_some());
    let tried = count.load(Ordering::Relaxed);
    assert!(tried > 0, "nobody came");
    assert_eq!(run.publish(&large_events(2)).await.unwrap().in_backup(), 2);
    assert_eq!(count.load(Ordering::Relaxed), tried, "the same run asked again");
    publisher.publish(&large_events(1)).await.unwrap();
    assert!(count.load(Ordering::Relaxed) > tried, "the next run did not ask");
    assert_eq!(queue.take_all().await.len(), 6);
}

#[tokio::test]
async fn an_event_too_large_for_the_backup_fails_the_run_by_name() {
    let queue = Queue::fifo().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let config = KafkaConfig {
        bootstrap_servers: closed.to_string(),
        security: KafkaSecurity::Plaintext,
    };
    let publisher = Publisher::with_backup(config, BackupQueue::new(queue.url.clone()));
    let mut events = large_events(2);
    events[1].payload = Bytes::from(vec![b'x'; 200_000]);
    let error = publisher.publish(&events).await.unwrap_err();
    let PublishError::Both {
        unacknowledged: 2,
        total: 2,
        source,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert!(
        source
            .to_string()
            .starts_with("an event of topic exchange_rate_updated is 26"),
        "{source}"
    );
    assert!(queue.take_all().await.is_empty());
}
