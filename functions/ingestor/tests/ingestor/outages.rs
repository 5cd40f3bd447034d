//! Kafka or Redis away: success is only reported when it is one, and the next run makes up for the last.

use std::sync::Arc;

use chrono::TimeDelta;
use ingestor::{IngestError, Request};

use crate::support::http::Reply;
use crate::support::proxy::Proxy;
use crate::support::{ECB, Stack, assert_published, closed_port, now, report};

#[tokio::test]
async fn while_kafka_is_away_nothing_is_remembered_and_the_next_run_sends_all() {
    let stack = Stack::start().await;
    let nowhere = closed_port().await;
    let error = stack
        .ingestor(&[("KAFKA_BOOTSTRAP_SERVERS", &nowhere)])
        .run(Request::default(), now())
        .await
        .unwrap_err();
    assert!(matches!(error, IngestError::Publish(_)), "{error}");
    assert!(stack.hash("published:ecb").await.is_empty());
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert_published(&stack, &summary, "ecb").await;
}

#[tokio::test]
async fn a_provider_stays_due_until_its_rates_are_acknowledged() {
    let stack = Stack::start().await;
    let nowhere = closed_port().await;
    let settings = [("PROVIDERS", "exchangerate_api")];
    let away = [settings[0], ("KAFKA_BOOTSTRAP_SERVERS", nowhere.as_str())];
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
    let target = stack.redis_url.trim_start_matches("redis://");
    let (address, database) = target.split_once('/').unwrap();
    let proxy = Arc::new(Proxy::start(address.to_owned()).await);
    let url = format!("redis://{}/{database}", proxy.address);
    let ingestor = stack.ingestor(&[("REDIS_URL", &url)]);
    stack.http.on_request(ECB, proxy.cutter());
    let cut = ingestor.run(Request::default(), now()).await.unwrap();
    assert_published(&stack, &cut, "ecb").await;
    assert!(
        cut.warnings.iter().any(|warning| warning.contains("is not remembered")),
        "{:?}",
        cut.warnings
    );
    assert!(stack.hash("published:ecb").await.is_empty());

    // The same instance, over a new connection.
    stack.http.on_request(ECB, || {});
    proxy.restore();
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
