//! What a run publishes: topics, keys, headers, payloads to the byte, and nothing twice.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use ingestor::Request;
use ingestor::summary::{EventCounts, Outcome};
use serde_json::json;

use crate::support::http::Reply;
use crate::support::{ECB, EXCHANGERATE_API, FORCE, Stack, assert_published, fixture, now, report};

#[tokio::test]
async fn events_have_the_payloads_keys_and_headers_of_the_design() {
    let stack = Stack::start().await;
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert_published(&stack, &summary, "ecb").await;
    let events = stack.events(summary.correlation_id).await;
    let counts = EventCounts {
        new_data_received: 1,
        exchange_rate_updated: 29,
        cache_invalidation: 1,
        data_processing_completed: 1,
    };
    assert_eq!((summary.events, events.len()), (counts, 32));

    let one = |topic: &str| events.iter().find(|event| event.topic == topic).unwrap();
    let usd = events.iter().find(|event| event.key == "USD").unwrap();
    let updated_at = usd.json()["updated_at"].as_str().unwrap().to_owned();
    assert_eq!(
        String::from_utf8(usd.payload.to_vec()).unwrap(),
        format!(
            "{{\"currency_code\":\"USD\",\"currency_name\":\"미국 달러\",\"deal_base_rate\":1335.26673827425707,\"tts\":null,\"ttb\":null,\
             \"quotation\":1.1172,\"source\":\"ecb\",\"recorded_at\":\"2026-10-30T13:15:00Z\",\"updated_at\":\"{updated_at}\"}}"
        )
    );
    let received = one("new_data_received");
    assert_eq!(
        (received.key.as_str(), &received.json()["data_count"]),
        ("ecb", &json!(29))
    );
    let completed = one("data_processing_completed");
    assert_eq!(
        (completed.key.as_str(), &completed.json()["total_processed"]),
        ("ecb", &json!(29))
    );
    for event in [received, completed] {
        assert_eq!(event.json()["correlation_id"], summary.correlation_id.to_string());
    }
    let caches = one("cache_invalidation");
    assert_eq!(
        (caches.key.as_str(), &caches.json()["invalidation_type"]),
        ("ecb", &json!("rate_update"))
    );
    assert_eq!(caches.json()["cache_keys"].as_array().unwrap().len(), 29);

    let traces: BTreeSet<&String> = events
        .iter()
        .map(|event| event.header("traceparent").unwrap())
        .collect();
    let ids: BTreeSet<&String> = events.iter().map(|event| event.header("ce_id").unwrap()).collect();
    assert_eq!((traces.len(), ids.len()), (1, events.len()));
    for event in &events {
        assert_eq!(event.header("ce_type"), Some(&format!("hwanyul.{}", event.topic)));
        assert_eq!(event.header("ce_source").unwrap(), "/hwanyul/ingestor");
        assert_eq!(event.header("content-type").unwrap(), "application/json");
        assert_eq!(event.header("ce_specversion").unwrap(), "1.0");
    }
}

#[tokio::test]
async fn what_is_published_is_not_published_again() {
    let stack = Stack::start().await;
    let first = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    // Another instance knows it too: the memory is in Redis.
    let second = stack
        .ingestor(&[])
        .run(Request::default(), now() + TimeDelta::minutes(5))
        .await
        .unwrap();
    let counts = EventCounts {
        new_data_received: 1,
        data_processing_completed: 1,
        ..EventCounts::default()
    };
    assert_eq!(
        (second.events, second.already_published),
        (counts, first.events.exchange_rate_updated)
    );
    let events = stack.events(second.correlation_id).await;
    assert_eq!(events.len(), 2);
    let completed = events
        .iter()
        .find(|event| event.topic == "data_processing_completed")
        .unwrap()
        .json();
    assert_eq!(completed["total_processed"], 0);

    let forced = stack
        .ingestor(&[])
        .run(FORCE, now() + TimeDelta::minutes(10))
        .await
        .unwrap();
    assert_eq!((forced.events, forced.already_published), (first.events, 0));
}

#[tokio::test]
async fn a_correction_of_one_rate_is_published_alone() {
    let stack = Stack::start().await;
    stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    stack.http.answer(
        ECB,
        [Reply::xml(
            crate::support::ecb().replace("rate='1.1172'", "rate='1.1173'"),
        )],
    );
    let corrected = stack
        .ingestor(&[])
        .run(Request::default(), now() + TimeDelta::hours(1))
        .await
        .unwrap();
    assert_eq!(corrected.events.exchange_rate_updated, 1);
    let events = stack.events(corrected.correlation_id).await;
    let caches = events
        .iter()
        .find(|event| event.topic == "cache_invalidation")
        .unwrap()
        .json();
    assert_eq!(caches["cache_keys"], json!(["exchange_rate:USD"]));
}

#[tokio::test]
async fn a_source_that_goes_back_a_day_is_published_once() {
    let stack = Stack::start().await;
    let newer = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    stack.http.answer(ECB, [Reply::xml(fixture("ecb-2026-10-29.xml"))]);
    let older = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert_eq!(older.events, newer.events);
    for document in ["ecb-2026-10-29.xml", "ecb-2026-10-30.xml"] {
        stack.http.answer(ECB, [Reply::xml(fixture(document))]);
        let again = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
        assert_eq!(
            (again.events.exchange_rate_updated, again.already_published),
            (0, 29),
            "{document}"
        );
    }
}

#[tokio::test]
async fn a_named_provider_is_asked_alone() {
    let stack = Stack::start().await;
    let request = Request {
        provider: Some("koreaexim".parse().unwrap()),
        ..Request::default()
    };
    let summary = stack
        .ingestor(&[("SPREAD_PERCENT", "1.5")])
        .run(request, now())
        .await
        .unwrap();
    let payloads = assert_published(&stack, &summary, "koreaexim").await;
    assert_eq!(report(&summary, "ecb").outcome, Outcome::NotNeeded);
    assert!(stack.http.requests(ECB).is_empty());
    // The bank's own sides stand, whatever the spread.
    assert_eq!(
        (payloads["USD"]["tts"].to_string(), payloads["USD"]["ttb"].to_string()),
        ("1348.62".into(), "1321.92".into())
    );
}

#[tokio::test]
async fn a_spread_gives_tts_and_ttb_where_the_source_has_none() {
    let stack = Stack::start().await;
    let summary = stack
        .ingestor(&[("SPREAD_PERCENT", "1.75")])
        .run(Request::default(), now())
        .await
        .unwrap();
    let payloads = assert_published(&stack, &summary, "ecb").await;
    assert_eq!(
        (payloads["EUR"]["tts"].to_string(), payloads["EUR"]["ttb"].to_string()),
        ("1517.8658".into(), "1465.6542".into())
    );
}

#[tokio::test]
async fn a_key_goes_into_the_path_and_the_product_into_the_user_agent() {
    let stack = Stack::start().await;
    stack.http.answer(
        "/v6/a-key/latest/USD",
        [Reply::json(fixture("exchangerate-api-keyed.json"))],
    );
    let settings = [("PROVIDERS", "exchangerate_api"), ("EXCHANGERATE_API_KEY", "a-key")];
    let summary = stack.ingestor(&settings).run(Request::default(), now()).await.unwrap();
    assert_published(&stack, &summary, "exchangerate_api").await;
    let [request] = &stack.http.requests("/v6/a-key/latest/USD")[..] else {
        panic!()
    };
    assert!(
        request
            .head
            .contains(concat!("user-agent: hwanyul/", env!("CARGO_PKG_VERSION"))),
        "{}",
        request.head
    );
    assert!(stack.http.requests(EXCHANGERATE_API).is_empty());
}

#[tokio::test]
async fn the_summary_has_the_fields_that_programs_read() {
    let stack = Stack::start().await;
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["source"], "ecb");
    assert_eq!(json["recorded_at"], "2026-10-30T13:15:00Z");
    assert_eq!(json["providers"][0]["outcome"], "used");
    assert_eq!(
        json["providers"][1],
        json!({
            "provider": "koreaexim", "outcome": "not_needed", "error": null, "attempts": 0, "duration_ms": 0, "rates": 0, "recorded_at": null
        })
    );
    for field in [
        "correlation_id",
        "events",
        "already_published",
        "held_back",
        "dropped",
        "left_out",
        "warnings",
        "duration_ms",
    ] {
        assert!(!json[field].is_null(), "{field}");
    }
}
