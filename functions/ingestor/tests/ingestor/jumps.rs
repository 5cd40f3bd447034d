//! Jumps are held back unless a second provider confirms them.

use chrono::TimeDelta;
use ingestor::Request;
use ingestor::summary::Outcome;

use crate::support::http::Reply;
use crate::support::{ECB, KOREAEXIM, Stack, assert_published, ecb, fixture, koreaexim, now, report};

/// The ECB's document of the day before, published by a run of its own.
async fn after_a_day(settings: &[(&str, &str)], yesterday: String) -> Stack {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::xml(yesterday), Reply::xml(ecb())]);
    let summary = stack
        .ingestor(settings)
        .run(Request::default(), now() - TimeDelta::days(1))
        .await
        .unwrap();
    assert_published(&stack, &summary, "ecb").await;
    stack
}

fn yesterday() -> String {
    fixture("ecb-2026-10-29.xml")
}

/// A slip of the ECB: yen a hundred times too cheap.
fn slipped() -> String {
    ecb().replace("currency='JPY' rate='175.68'", "currency='JPY' rate='17568'")
}

#[tokio::test]
async fn without_a_second_provider_a_jump_is_held_back_and_the_rest_published() {
    let settings = [("PROVIDERS", "ecb")];
    let stack = after_a_day(&settings, yesterday()).await;
    stack.http.answer(ECB, [Reply::xml(slipped())]);
    let summary = stack.ingestor(&settings).run(Request::default(), now()).await.unwrap();
    let [held] = summary.held_back.as_slice() else {
        panic!("{:?}", summary.held_back)
    };
    assert_eq!(held.currency_code.as_str(), "JPY");
    assert_eq!(
        (held.previous.to_string(), held.rate.to_string()),
        ("175.92".into(), "0.0849134790528233151".into())
    );
    assert_eq!(
        held.reason,
        "changed by 9886.3574 % since 2026-10-29T13:15:00Z, limit MAX_JUMP_PERCENT 10: there is no second provider to ask"
    );
    assert_eq!(held.release, "{\"release\":[\"JPY\"]}");
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["held_back"][0]["change_percent"].to_string(), "9886.3574");
    let text = serde_json::to_string(&summary).unwrap();
    assert!(text.contains("\"change_percent\":9886.3574,"), "{text}");
    let kept = stack.held("ecb").await;
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["JPY"]);
    let [kept] = kept["JPY"].as_slice() else {
        panic!("{kept:?}")
    };
    assert_eq!(
        (
            kept.recorded_at.to_string(),
            kept.quotation.to_string(),
            kept.change_percent.as_str()
        ),
        ("2026-10-30T13:15:00Z".into(), "17568".into(), "9886.3574")
    );
    let published = report(&summary, "ecb").rates - 1;
    assert_eq!(summary.events.exchange_rate_updated, published);
    let events = stack.events(summary.correlation_id).await;
    assert!(events.iter().all(|event| event.key != "JPY"));
    let caches = events
        .iter()
        .find(|event| event.topic == "cache_invalidation")
        .unwrap()
        .json();
    assert!(
        !caches["cache_keys"]
            .as_array()
            .unwrap()
            .contains(&"exchange_rate:JPY".into())
    );

    // It stays held back, and the correction is published as soon as it comes.
    let again = stack.ingestor(&settings).run(Request::default(), now()).await.unwrap();
    assert_eq!(
        (
            again.held_back.len(),
            again.already_published,
            again.events.exchange_rate_updated
        ),
        (1, published, 0)
    );
    stack.http.answer(ECB, [Reply::xml(ecb())]);
    let corrected = stack.ingestor(&settings).run(Request::default(), now()).await.unwrap();
    assert_eq!(
        (corrected.held_back.len(), corrected.events.exchange_rate_updated),
        (0, 1)
    );
    assert!(stack.held("ecb").await.is_empty());
}

#[tokio::test]
async fn a_second_provider_that_disagrees_holds_it_back() {
    let stack = after_a_day(&[], yesterday()).await;
    stack.http.answer(ECB, [Reply::xml(slipped())]);
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert_eq!(summary.held_back.len(), 1);
    assert!(
        summary.held_back[0]
            .reason
            .contains("koreaexim has 8.4913, from which it differs by -99 %"),
        "{:?}",
        summary.held_back
    );
    assert_eq!(report(&summary, "koreaexim").outcome, Outcome::Disagreed);
    assert_eq!(stack.hash("provider:koreaexim").await["last_outcome"], "disagreed");
}

#[tokio::test]
async fn a_jump_that_a_second_provider_has_too_is_published() {
    // Yesterday's yen was 30 % dearer than today's, which Korea Eximbank has too.
    let dearer = yesterday().replace("currency='JPY' rate='175.92'", "currency='JPY' rate='123.14'");
    let stack = after_a_day(&[], dearer).await;
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert!(summary.held_back.is_empty());
    assert_eq!(report(&summary, "koreaexim").outcome, Outcome::Confirmed);
    assert_published(&stack, &summary, "ecb").await;
    let raw = stack.events(summary.correlation_id).await;
    let yen = raw.iter().find(|event| event.key == "JPY").unwrap();
    assert!(String::from_utf8_lossy(&yen.payload).contains("\"deal_base_rate\":8.49134790528233151,"));
}

#[tokio::test]
async fn a_second_provider_that_fails_or_lacks_the_currency_confirms_nothing() {
    let stack = after_a_day(&[], yesterday()).await;
    stack.http.answer(ECB, [Reply::xml(slipped())]);
    stack.http.answer(
        KOREAEXIM,
        [
            Reply::html(200),
            Reply::json(koreaexim().replace("JPY(100)", "JPX(100)")),
        ],
    );
    let failed = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert!(
        failed.held_back[0].reason.ends_with("koreaexim gave no rates"),
        "{:?}",
        failed.held_back
    );
    assert_eq!(report(&failed, "koreaexim").outcome, Outcome::Failed);
    let silent = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert!(
        silent.held_back[0].reason.ends_with("koreaexim has no rate of it"),
        "{:?}",
        silent.held_back
    );
}

#[tokio::test]
async fn a_provider_that_is_not_due_says_what_it_last_published() {
    let settings = [("PROVIDERS", "ecb,exchangerate_api")];
    let dearer = yesterday().replace("currency='JPY' rate='175.92'", "currency='JPY' rate='123.14'");
    let stack = after_a_day(&settings, dearer).await;
    let only = Request {
        provider: Some("exchangerate_api".parse().unwrap()),
        ..Request::default()
    };
    stack.ingestor(&settings).run(only, now()).await.unwrap();
    let asked = stack.http.requests(crate::support::EXCHANGERATE_API).len();
    let summary = stack.ingestor(&settings).run(Request::default(), now()).await.unwrap();
    assert!(summary.held_back.is_empty(), "{:?}", summary.held_back);
    assert_eq!(report(&summary, "exchangerate_api").outcome, Outcome::Confirmed);
    assert_eq!(stack.http.requests(crate::support::EXCHANGERATE_API).len(), asked);
}

#[tokio::test]
async fn force_does_not_pass_the_check() {
    let settings = [("PROVIDERS", "ecb")];
    let stack = after_a_day(&settings, yesterday()).await;
    stack.http.answer(ECB, [Reply::xml(slipped())]);
    let summary = stack
        .ingestor(&settings)
        .run(crate::support::FORCE, now())
        .await
        .unwrap();
    assert_eq!(summary.held_back.len(), 1);
}
