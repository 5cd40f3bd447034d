//! Circuits and due times, shared by all instances through Redis.

use chrono::TimeDelta;
use ingestor::Request;
use ingestor::summary::{EventCounts, Outcome};

use crate::support::http::Reply;
use crate::support::{ECB, EXCHANGERATE_API, FORCE, Stack, assert_published, ecb, now, report};

#[tokio::test]
async fn three_failed_runs_open_the_circuit_for_all_instances_and_one_success_closes_it() {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::html(200)]);
    for run in 1..=3 {
        let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
        assert_eq!(report(&summary, "ecb").outcome, Outcome::Failed, "{run}");
    }
    let summary = stack.ingestor(&[]).run(FORCE, now()).await.unwrap();
    assert_eq!(report(&summary, "ecb").outcome, Outcome::CircuitOpen);
    assert_eq!(stack.http.requests(ECB).len(), 3);

    // Half open: one run is let through, fails, and the pause doubles.
    let later = now() + TimeDelta::seconds(70);
    let summary = stack.ingestor(&[]).run(Request::default(), later).await.unwrap();
    assert_eq!(report(&summary, "ecb").outcome, Outcome::Failed);
    let summary = stack
        .ingestor(&[])
        .run(Request::default(), later + TimeDelta::seconds(110))
        .await
        .unwrap();
    assert_eq!(report(&summary, "ecb").outcome, Outcome::CircuitOpen);
    assert_eq!(stack.http.requests(ECB).len(), 4);

    stack.http.answer(ECB, [Reply::xml(ecb())]);
    let summary = stack
        .ingestor(&[])
        .run(Request::default(), later + TimeDelta::seconds(130))
        .await
        .unwrap();
    assert_published(&stack, &summary, "ecb").await;
    let state = stack.hash("provider:ecb").await;
    assert_eq!(
        (
            state["failures"].as_str(),
            state["open_until"].as_str(),
            state["last_outcome"].as_str()
        ),
        ("0", "", "used")
    );
}

#[tokio::test]
async fn a_run_on_probation_keeps_others_away() {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::html(200)]);
    for _ in 0..3 {
        stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    }
    // The run on probation hangs; the other one meanwhile has to find the circuit open.
    stack.http.answer(ECB, [Reply::Silence]);
    let later = now() + TimeDelta::seconds(70);
    let (came, mut coming) = tokio::sync::mpsc::unbounded_channel();
    stack.http.on_request(ECB, move || came.send(()).unwrap());
    let settings = [("PROVIDER_TIMEOUT_MS", "1500"), ("PROVIDER_ATTEMPTS", "1")];
    let (probation, other) = (stack.ingestor(&settings), stack.ingestor(&settings));
    let other = async {
        coming.recv().await.unwrap();
        other.run(Request::default(), later).await.unwrap()
    };
    let (first, second) = tokio::join!(probation.run(Request::default(), later), other);
    assert_eq!(report(&first.unwrap(), "ecb").outcome, Outcome::Failed);
    assert_eq!(report(&second, "ecb").outcome, Outcome::CircuitOpen);
}

#[tokio::test]
async fn retry_after_is_kept_across_runs() {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::too_many("300")]);
    stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    let summary = stack
        .ingestor(&[])
        .run(Request::default(), now() + TimeDelta::seconds(290))
        .await
        .unwrap();
    let ecb = report(&summary, "ecb");
    assert_eq!((ecb.outcome, ecb.attempts), (Outcome::CircuitOpen, 0));
    assert_eq!(stack.http.requests(ECB).len(), 1);
    stack
        .ingestor(&[])
        .run(Request::default(), now() + TimeDelta::seconds(310))
        .await
        .unwrap();
    assert_eq!(stack.http.requests(ECB).len(), 2);
}

#[tokio::test]
async fn a_provider_that_is_not_due_is_not_asked() {
    let stack = Stack::start().await;
    let settings = [("PROVIDERS", "exchangerate_api,ecb")];
    let first = stack.ingestor(&settings).run(Request::default(), now()).await.unwrap();
    assert_published(&stack, &first, "exchangerate_api").await;

    // Due at 2026-10-31T00:14:21Z, plus 30 to 300 s.
    let due = "2026-10-31T00:14:21Z".parse().unwrap();
    let second = stack.ingestor(&settings).run(Request::default(), due).await.unwrap();
    assert_eq!(report(&second, "exchangerate_api").outcome, Outcome::NotDue);
    assert_eq!(report(&second, "ecb").outcome, Outcome::NotNeeded);
    assert_eq!((second.events, second.source), (EventCounts::default(), None));
    assert_eq!(stack.http.requests(EXCHANGERATE_API).len(), 1);
    assert!(stack.events(second.correlation_id).await.is_empty());

    let third = stack
        .ingestor(&settings)
        .run(Request::default(), due + TimeDelta::seconds(301))
        .await
        .unwrap();
    assert_eq!(third.already_published, first.events.exchange_rate_updated);
    assert_eq!(stack.http.requests(EXCHANGERATE_API).len(), 2);
}

#[tokio::test]
async fn force_asks_a_provider_that_is_not_due() {
    let stack = Stack::start().await;
    let settings = [("PROVIDERS", "exchangerate_api")];
    let first = stack.ingestor(&settings).run(Request::default(), now()).await.unwrap();
    let forced = stack
        .ingestor(&settings)
        .run(FORCE, now() + TimeDelta::minutes(5))
        .await
        .unwrap();
    assert_eq!(forced.events, first.events);
    assert_published(&stack, &forced, "exchangerate_api").await;
}

#[tokio::test]
async fn a_state_that_cannot_be_read_begins_anew_and_is_spoken_of() {
    let stack = Stack::start().await;
    let client = redis::Client::open(stack.redis_url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("HSET")
        .arg("provider:ecb")
        .arg("open_until")
        .arg("tomorrow")
        .exec_async(&mut connection)
        .await
        .unwrap();
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();
    assert!(
        summary.warnings[0].contains("open_until is \"tomorrow\""),
        "{:?}",
        summary.warnings
    );
    assert_published(&stack, &summary, "ecb").await;
}
