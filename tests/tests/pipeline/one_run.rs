//! One run of the ingestor: the log lines that people look for, with one correlation id from the ingestor to the handlers.

use serde_json::{Value, json};
use tests::pipeline::Pipeline;

fn has(lines: &[Value], message: &str, correlation_id: &str) -> bool {
    let matches = |line: &Value| {
        line["message"].as_str().is_some_and(|text| text == message)
            && line["correlation_id"]
                .as_str()
                .is_some_and(|id| id.contains(correlation_id))
    };
    lines.iter().any(matches)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_tells_one_run_by_its_correlation_id() {
    let pipeline = Pipeline::start(&[("LogLevel", "debug")]).await;
    pipeline.caught_up().await;
    let summary = pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    let run = summary["correlation_id"].as_str().unwrap().to_owned();
    assert_eq!(summary["events"]["exchange_rate_updated"], 29);
    pipeline.caught_up().await;
    let ingestor = pipeline.log("ingestor");
    for message in [
        "New data received",
        "Exchange rate updated",
        "Data processing completed",
        "Cache invalidation",
    ] {
        let sent = format!("{message} event sent");
        assert!(has(&ingestor, &sent, &run), "{sent}");
        for service in ["currency", "history"] {
            let topic = message.to_lowercase().replace(' ', "_");
            let lines = pipeline.log(&format!("{service}-{}", topic.replace('_', "-")));
            assert!(
                has(&lines, &format!("Received Kafka message from topic: {topic}"), &run),
                "{service} {topic}"
            );
            assert!(
                has(&lines, &format!("{message} event processed"), &run),
                "{service} {topic}"
            );
        }
    }
    for service in ["currency", "history"] {
        let lines = pipeline.log(&format!("{service}-exchange-rate-updated"));
        assert!(
            lines
                .iter()
                .any(|line| line["message"] == "Cache cleared for updated currency: USD"),
            "{service}"
        );
    }
    let processed = pipeline.log("currency-exchange-rate-updated");
    let line = processed
        .iter()
        .find(|line| line["message"] == "Exchange rate updated event processed")
        .unwrap();
    for id in ["request_id", "xray_trace_id"] {
        assert!(
            line["span"][id].as_str().is_some_and(|id| !id.is_empty()),
            "{id}: {line}"
        );
    }
    // Payloads are never logged: the rate of USD is in none of the lines.
    for function in [
        "ingestor",
        "currency-exchange-rate-updated",
        "history-exchange-rate-updated",
    ] {
        assert!(
            !pipeline
                .log(function)
                .iter()
                .any(|line| line.to_string().contains("1335.26673827425707")),
            "{function}"
        );
    }
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_rates_are_cached_to_the_last_digit() {
    let pipeline = Pipeline::start(&[]).await;
    pipeline
        .invoke("ingestor", json!({"provider": "ecb", "force": true}))
        .await
        .unwrap();
    let status = pipeline.caught_up().await;
    // Access log and throttle are API Gateway's own.
    assert_eq!(
        status.unsupported_events,
        ["Api (AccessLogSettings)", "Api (DefaultRouteSettings)"]
    );
    // KRW per EUR divided by units per EUR, of the file's newest day: 1491.76, 1.1172 and 175.68.
    for (code, rate) in [
        ("EUR", "1491.76"),
        ("USD", "1335.26673827425707"),
        ("JPY", "8.49134790528233151"),
    ] {
        let cached = pipeline.cached_rate(code).await;
        assert_eq!(
            (
                cached.len(),
                cached["deal_base_rate"].as_str(),
                cached["currency_code"].as_str()
            ),
            (9, rate, code)
        );
        let mut redis = redis::Client::open(pipeline.redis.url())
            .unwrap()
            .get_multiplexed_async_connection()
            .await
            .unwrap();
        let ttl: i64 = redis::cmd("TTL")
            .arg(format!("rate:{code}"))
            .query_async(&mut redis)
            .await
            .unwrap();
        assert!((1..=600).contains(&ttl), "{ttl}");
    }
    pipeline.stop().await;
}
