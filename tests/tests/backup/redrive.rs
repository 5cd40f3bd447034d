//! The redrive: what it publishes, what it names, what it quarantines.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use operations::redrive::Redrive;
use serde_json::{Value, json};
use shared::config::{KafkaConfig, KafkaSecurity};
use shared::event::{Event, Run};
use shared::kafka::{ProducerRecord, Topics};
use tests::{rate, server};

use tests::kafka_topic::read;
use tests::queue::{Queue, attribute};

const TIME: Duration = Duration::from_secs(60);
const TOPIC: &str = "exchange_rate_updated";

fn redrive(kafka: &str, backup: &Queue, dead: &Queue) -> Redrive {
    let environment: BTreeMap<&str, String> = BTreeMap::from([
        ("KAFKA_BOOTSTRAP_SERVERS", kafka.to_owned()),
        ("BACKUP_QUEUE_URL", backup.url.clone()),
        ("BACKUP_RETRY_SECONDS", "1".to_owned()),
        ("DEAD_LETTER_QUEUE_URL", dead.url.clone()),
        ("AWS_LAMBDA_FUNCTION_NAME", "operations-redrive".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ]);
    Redrive::read(&|name| environment.get(name).cloned()).unwrap()
}

/// Lambda's event of these messages, with what the redrive reads.
fn event(messages: &[Message]) -> String {
    let record = |message: &Message| {
        json!({
            "messageId": message.message_id(), "receiptHandle": message.receipt_handle(), "body": message.body(),
            "attributes": {"MessageGroupId": attribute(message, MessageSystemAttributeName::MessageGroupId)},
            "eventSource": "aws:sqs"
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()}).to_string()
}

async fn handle(redrive: &Redrive, messages: &[Message]) -> Vec<String> {
    let answer = redrive.handle(&event(messages), TIME).await.unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned())
        .collect()
}

fn events() -> Vec<Event> {
    let run = Run::new("/hwanyul/test");
    let event = |(code, value): (&str, &str)| {
        let payload = rate(code, "redrive", "2026-10-30T13:15:00Z", "2026-10-30T15:00:00Z", value);
        run.event(&payload, payload.updated_at).unwrap()
    };
    [
        ("USD", "1335.26673827425707"),
        ("JPY", "8.49"),
        ("USD", "1336"),
        ("USD", "1337"),
    ]
    .map(event)
    .into()
}

#[tokio::test]
async fn what_kafka_does_not_acknowledge_is_named_and_comes_again_in_order_until_it_is_published_as_it_was() {
    let config = KafkaConfig {
        bootstrap_servers: server("HWANYUL_TEST_KAFKA"),
        security: KafkaSecurity::Plaintext,
    };
    Topics::new(config.clone()).ensure(1).await.unwrap();
    let (backup, dead) = (Queue::fifo().await, Queue::standard().await);
    let events = events();
    for event in &events {
        let text = ProducerRecord::from(event).to_text().unwrap();
        backup.send(&format!("{TOPIC}:{}", event.key), &text).await;
    }
    // In the middle of a group: what is none of ours must not hold up what is behind it.
    let foreign = "{\"version\":1,\"topic\":\"other\",\"key\":\"k\",\"payload\":\"\",\"headers\":[]}";
    backup.send(&format!("{TOPIC}:USD"), foreign).await;

    let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let away = redrive(&closed.to_string(), &backup, &dead);
    let first = backup.receive().await;
    assert_eq!(first.len(), 5);
    let named = handle(&away, &first).await;
    let ids = |messages: &[Message]| {
        messages
            .iter()
            .map(|message| message.message_id().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // The foreign one is done, but stands behind failed ones of its group.
    assert_eq!(named, ids(&first));
    let dead_letters = dead.receive().await;
    let dead_letter: Value = serde_json::from_str(dead_letters[0].body().unwrap()).unwrap();
    assert_eq!(
        (
            dead_letters.len(),
            &dead_letter["backup_message"],
            &dead_letter["reason"]
        ),
        (
            1,
            &json!(foreign),
            &json!("topic must be one of the four, got \"other\"")
        )
    );

    // The queue's own timeout is an hour; they are back after the retry delay.
    let second = backup.receive().await;
    let of_usd = |messages: &[Message]| {
        let is_usd =
            |message: &&Message| attribute(message, MessageSystemAttributeName::MessageGroupId).ends_with("USD");
        messages
            .iter()
            .filter(is_usd)
            .map(|message| message.body().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of_usd(&second), of_usd(&first));
    assert_eq!(second.len(), 5);

    let back = redrive(&config.bootstrap_servers, &backup, &dead);
    assert_eq!(handle(&back, &second).await, [] as [&str; 0]);
    for message in &second {
        backup.delete(message).await;
    }
    let run = events[0].correlation_id.to_string();
    let read = read(&config.bootstrap_servers, TOPIC).await;
    let published: Vec<_> = read
        .into_iter()
        .filter(|record| record.header("correlation-id") == run)
        .collect();
    for code in ["USD", "JPY"] {
        let sent = events.iter().filter(|event| event.key == code);
        let arrived = published.iter().filter(|record| record.key == code);
        let sent: Vec<_> = sent
            .map(|event| {
                (
                    event.payload.to_vec(),
                    event.headers().map(|(name, value)| (name.to_owned(), value)).to_vec(),
                )
            })
            .collect();
        let arrived: Vec<_> = arrived
            .map(|record| (record.payload.clone().into_bytes(), record.headers.clone()))
            .collect();
        assert_eq!(arrived, sent, "{code}");
    }
}

#[tokio::test]
async fn a_message_that_is_no_event_is_quarantined_and_done() {
    let (backup, dead) = (Queue::fifo().await, Queue::standard().await);
    let bodies = [
        "not json".to_owned(),
        "{\"version\":2}".to_owned(),
        "환율".repeat(40_000),
    ];
    for body in &bodies {
        backup.send("odd", body).await;
    }
    let redrive = redrive("127.0.0.1:1", &backup, &dead);
    let messages = backup.receive().await;
    assert_eq!(handle(&redrive, &messages).await, [] as [&str; 0]);
    let dead_letters = dead.drain().await;
    let dead_letters: Vec<Value> = dead_letters
        .iter()
        .map(|dead_letter| serde_json::from_str(dead_letter.body().unwrap()).unwrap())
        .collect();
    assert_eq!(dead_letters.len(), 4, "the last is in two parts");
    let text = |dead_letter: &Value, field: &str| dead_letter[field].as_str().unwrap().to_owned();
    let whole = |reason: &str| {
        dead_letters
            .iter()
            .find(|dead_letter| text(dead_letter, "reason").contains(reason))
            .unwrap()
    };
    assert_eq!(
        text(whole("not an event of the backup: expected ident"), "backup_message"),
        bodies[0]
    );
    assert_eq!(text(whole("version must be 1, got 2"), "backup_message"), bodies[1]);
    let mut parts: Vec<&Value> = dead_letters
        .iter()
        .filter(|dead_letter| dead_letter["parts"] == 2)
        .collect();
    parts.sort_by_key(|dead_letter| dead_letter["part"].as_u64());
    assert_eq!(
        parts
            .iter()
            .map(|dead_letter| text(dead_letter, "backup_message"))
            .collect::<String>(),
        bodies[2]
    );

    // Without a dead-letter queue it stays, with all behind it.
    let gone = Queue {
        url: dead.url.replace("/dead-", "/no-dead-"),
        ..Queue::standard().await
    };
    backup.send("odd2", "not json").await;
    let messages = backup.receive().await;
    let redrive = self::redrive("127.0.0.1:1", &backup, &gone);
    assert_eq!(handle(&redrive, &messages).await.len(), 1);
}
