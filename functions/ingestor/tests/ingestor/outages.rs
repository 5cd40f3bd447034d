//! Kafka or Redis away: success is only reported when it is one, and the next run makes up for the last.

use std::sync::Arc;

use chrono::TimeDelta;
use ingestor::error::with_causes;
use ingestor::{IngestError, Request};
use tests::proxy::{Proxy, Way};

use crate::support::http::Reply;
use crate::support::queue::waiting;
use crate::support::{ECB, Stack, assert_published, closed_port, ecb, now, report};

#[tokio::test]
async fn while_kafka_is_away_every_event_waits_in_the_backup_queue() {
    let stack = Stack::start().await;
    let nowhere = closed_port().await;
    let ingestor = stack.ingestor(&[("KAFKA_BOOTSTRAP_SERVERS", &nowhere)]);
    let summary = ingestor.run(Request::default(), now()).await.unwrap();
    let events = summary.events;
    assert_eq!(
        (events.exchange_rate_updated, events.data_processing_completed),
        (29, 1)
    );
    assert_eq!(summary.backed_up, 32);
    assert!(
        summary
            .warnings
            .iter()
            .any(|warning| warning.contains("kafka did not acknowledge 32 events") && warning.contains(&nowhere)),
        "{:?}",
        summary.warnings
    );
    assert!(stack.events(summary.correlation_id).await.is_empty());

    let waiting = waiting(&stack.backup).await;
    assert_eq!(waiting.len(), 32);
    for message in &waiting {
        let record = &message.record;
        assert_eq!(message.group, format!("{}:{}", record.topic, record.key));
        assert_eq!(message.id, message.header("ce_id"));
        assert_eq!(message.header("correlation-id"), summary.correlation_id.to_string());
        assert_eq!(message.header("ce_type"), format!("hwanyul.{}", record.topic));
    }
    let usd = waiting.iter().find(|message| message.record.key == "USD").unwrap();
    let payload = String::from_utf8(usd.record.payload.to_vec()).unwrap();
    assert!(payload.contains("\"deal_base_rate\":1335.26673827425707,"), "{payload}");
    // Acknowledged is acknowledged: the rates are remembered as published.
    assert_eq!(stack.remembered("ecb").await.len(), 29);

    let settled = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert_eq!((settled.already_published, settled.backed_up), (29, 0));
}

#[tokio::test]
async fn while_kafka_and_the_backup_are_away_nothing_is_remembered_and_the_next_run_sends_all() {
    let stack = Stack::start().await;
    let nowhere = closed_port().await;
    let no_queue = stack.backup.url.replace("/backup-", "/no-backup-");
    let away = [
        ("KAFKA_BOOTSTRAP_SERVERS", nowhere.as_str()),
        ("BACKUP_QUEUE_URL", &no_queue),
    ];
    let error = stack.ingestor(&away).run(Request::default(), now()).await.unwrap_err();
    assert!(matches!(error, IngestError::Publish(_)), "{error}");
    let told = with_causes(&error);
    assert!(told.contains(&nowhere) && told.contains(&no_queue), "{told}");
    assert!(stack.remembered("ecb").await.is_empty());
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert_published(&stack, &summary, "ecb").await;
}

#[tokio::test]
async fn a_provider_stays_due_until_its_rates_are_acknowledged() {
    let stack = Stack::start().await;
    let nowhere = closed_port().await;
    let settings = [("PROVIDERS", "exchangerate_api")];
    let no_queue = stack.backup.url.replace("/backup-", "/no-backup-");
    let away = [
        settings[0],
        ("KAFKA_BOOTSTRAP_SERVERS", nowhere.as_str()),
        ("BACKUP_QUEUE_URL", &no_queue),
    ];
    stack.ingestor(&away).run(Request::default(), now()).await.unwrap_err();
    let summary = stack.ingestor(&settings).run(Request::default(), now()).await.unwrap();
    assert_published(&stack, &summary, "exchangerate_api").await;
}

#[tokio::test]
async fn without_redis_everything_is_sent_and_the_summary_says_what_was_missing() {
    let stack = Stack::start().await;
    let nowhere = format!("redis://{}", closed_port().await);
    let ingestor = stack.ingestor(&[("REDIS_URL", &nowhere)]);
    for _ in 0..2 {
        let summary = ingestor.run(Request::default(), now()).await.unwrap();
        assert_published(&stack, &summary, "ecb").await;
        for missing in [
            "circuits and due times are unknown",
            "what ecb published is unknown",
            "is not remembered",
        ] {
            assert!(
                summary.warnings.iter().any(|warning| warning.contains(missing)),
                "{missing}: {:?}",
                summary.warnings
            );
        }
    }
}

#[tokio::test]
async fn redis_dying_in_the_middle_of_a_run_costs_one_repeated_publication() {
    let stack = Stack::start().await;
    let proxy = Arc::new(Proxy::start().await);
    let url = proxy.before(&stack.redis_url);
    let ingestor = stack.ingestor(&[("REDIS_URL", &url)]);
    let dying = Arc::clone(&proxy);
    stack.http.on_request(ECB, move || dying.set(Way::Cut));
    let cut = ingestor.run(Request::default(), now()).await.unwrap();
    assert_published(&stack, &cut, "ecb").await;
    assert!(
        cut.warnings.iter().any(|warning| warning.contains("is not remembered")),
        "{:?}",
        cut.warnings
    );
    assert!(stack.remembered("ecb").await.is_empty());

    // The same instance, over a new connection.
    stack.http.on_request(ECB, || {});
    proxy.set(Way::Open);
    let repeated = ingestor
        .run(Request::default(), now() + TimeDelta::minutes(5))
        .await
        .unwrap();
    assert_eq!(
        (repeated.events, repeated.warnings.len()),
        (cut.events, 0),
        "{:?}",
        repeated.warnings
    );
    let settled = ingestor
        .run(Request::default(), now() + TimeDelta::minutes(10))
        .await
        .unwrap();
    assert_eq!(
        (settled.events.exchange_rate_updated, settled.already_published),
        (0, cut.events.exchange_rate_updated)
    );
}

#[tokio::test]
async fn circuits_do_not_stop_a_run_that_cannot_read_them() {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::html(200)]);
    let nowhere = format!("redis://{}", closed_port().await);
    let ingestor = stack.ingestor(&[("REDIS_URL", &nowhere)]);
    for _ in 0..4 {
        let summary = ingestor.run(Request::default(), now()).await.unwrap();
        assert_eq!(report(&summary, "ecb").attempts, 1);
        assert_published(&stack, &summary, "koreaexim").await;
    }
}

#[tokio::test]
async fn what_redis_had_no_room_to_remember_is_corrected_all_the_same() {
    let stack = Stack::start().await;
    let first = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert_eq!(first.events.exchange_rate_updated, 29);
    // Another rate, which Redis does not take up: as with OOM, what needs room is refused, and nothing else.
    let other = ecb().replace("rate='1.1172'", "rate='1.1173'");
    stack.http.answer(ECB, [Reply::xml(other)]);
    let full = stack.redis_that_writes_nothing().await;
    let second = stack
        .ingestor(&[("REDIS_URL", &full)])
        .run(Request::default(), now())
        .await
        .unwrap();
    assert_eq!(second.events.exchange_rate_updated, 1, "{second:?}");
    assert!(
        second
            .warnings
            .iter()
            .any(|warning| warning.contains("is not remembered")),
        "{second:?}"
    );
    // The source takes it back.
    stack.http.answer(ECB, [Reply::xml(ecb())]);
    let third = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert_eq!(
        (third.events.exchange_rate_updated, third.already_published),
        (1, 28),
        "{third:?}"
    );
}
