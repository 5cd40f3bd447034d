//! Clocks that are wrong: no rate is dated ahead of the time, so none stands against its own correction.

use chrono::{DateTime, TimeDelta, Utc};
use ingestor::{IngestError, Request, Summary};

use crate::support::http::Reply;
use crate::support::{ECB, Stack, closed_port, ecb};

const HOUR: TimeDelta = TimeDelta::hours(1);

/// The ECB's day, from a server whose clock shows `time`.
fn dated(time: DateTime<Utc>) -> [Reply; 1] {
    [Reply::xml(ecb()).dated(time)]
}

/// What USD's event of a run is dated.
async fn version(stack: &Stack, summary: &Summary) -> DateTime<Utc> {
    let events = stack.events(summary.correlation_id).await;
    let usd = events.iter().find(|event| event.key == "USD").unwrap();
    let updated_at = usd.json()["updated_at"].as_str().unwrap().to_owned();
    updated_at.parse().unwrap()
}

fn warnings(summary: &Summary) -> String {
    summary.warnings.join("\n")
}

#[tokio::test]
async fn clocks_that_agree_are_not_spoken_of() {
    let stack = Stack::start().await;
    let now = Utc::now();
    stack.http.answer(ECB, dated(now));
    let summary = stack.ingestor(&[]).run(Request::default(), now).await.unwrap();
    assert_eq!(warnings(&summary), "");
    let version = version(&stack, &summary).await;
    assert!(
        version >= now && version < Utc::now() + TimeDelta::seconds(1),
        "{version}"
    );
}

#[tokio::test]
async fn a_clock_ahead_or_behind_dates_nothing_when_two_others_agree() {
    for wrong in [HOUR, -HOUR, TimeDelta::seconds(10)] {
        let stack = Stack::start().await;
        let began = Utc::now();
        stack.http.answer(ECB, dated(began));
        let summary = stack
            .ingestor(&[])
            .run(Request::default(), began + wrong)
            .await
            .unwrap();
        assert!(
            warnings(&summary).contains("this machine's clock is wrong, the run is dated by others: ecb is "),
            "{summary:?}"
        );
        let first = version(&stack, &summary).await;
        // A `Date` is in whole seconds.
        assert!(
            first > began - TimeDelta::seconds(2) && first < Utc::now() + TimeDelta::seconds(1),
            "{first}"
        );

        // Its correction counts, though Redis has lost everything in between and the clock is right again.
        stack.forget().await;
        let corrected = ecb().replace("rate='1.1172'", "rate='1.1173'");
        assert_ne!(corrected, ecb());
        stack.http.answer(ECB, [Reply::xml(corrected).dated(Utc::now())]);
        let summary = stack.ingestor(&[]).run(Request::default(), Utc::now()).await.unwrap();
        assert!(version(&stack, &summary).await > first);
    }
}

#[tokio::test]
async fn a_providers_wrong_clock_changes_nothing() {
    let stack = Stack::start().await;
    let now = Utc::now();
    stack.http.answer(ECB, dated(now + HOUR));
    let summary = stack.ingestor(&[]).run(Request::default(), now).await.unwrap();
    assert_eq!(warnings(&summary), "");
    assert!(version(&stack, &summary).await < Utc::now() + TimeDelta::seconds(1));
}

#[tokio::test]
async fn when_nobody_can_decide_nothing_is_published_and_the_next_run_sends_all() {
    let stack = Stack::start().await;
    let now = Utc::now();
    stack.http.answer(ECB, dated(now));
    let nowhere = format!("redis://{}/", closed_port().await);
    let ahead = now + HOUR;
    let without_redis = stack.ingestor(&[("REDIS_URL", &nowhere)]);
    let error = without_redis.run(Request::default(), ahead).await.unwrap_err();
    assert!(
        matches!(error, IngestError::ClocksDisagree(_)),
        "{error:?}: the provider says one thing, this machine another"
    );
    let text = error.to_string();
    assert!(
        text.contains("ecb is 3") && text.contains("s behind this machine's"),
        "{text}"
    );
    assert_eq!(stack.remembered("ecb").await.len(), 0);

    let summary = stack.ingestor(&[]).run(Request::default(), Utc::now()).await.unwrap();
    assert_eq!(
        (summary.events.exchange_rate_updated, summary.already_published),
        (29, 0)
    );
}

#[tokio::test]
async fn a_version_is_after_all_that_redis_remembers_of_the_source() {
    let stack = Stack::start().await;
    let now = Utc::now();
    stack.http.answer(ECB, dated(now));
    let settings = stack.ingestor(&[]);
    let first = settings.run(Request::default(), now).await.unwrap();
    let first = version(&stack, &first).await;
    let corrected = ecb().replace("rate='1.1172'", "rate='1.1173'");
    stack.http.answer(ECB, [Reply::xml(corrected)]);
    let back = now - TimeDelta::seconds(30);
    let second = settings.run(Request::default(), back).await.unwrap();
    assert!(version(&stack, &second).await > first);
}
