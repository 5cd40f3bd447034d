//! What is held back over several days: the ECB's own of January 2015 and October 2008, errors, and requests.

mod days;
mod whole_documents;

use chrono::{DateTime, Utc};
use ingestor::summary::Summary;
use ingestor::{IngestError, Request};

use self::days::{ALONE, FRANC, document, evening, francs, is_held, rates, release, run};
use crate::support::http::Reply;
use crate::support::{ECB, Stack};

#[tokio::test]
async fn the_franc_of_january_2015_is_held_for_two_publications_and_then_published_day_by_day() {
    let stack = Stack::start().await;
    let mut held = Vec::new();
    for row in &FRANC[..3] {
        let summary = run(&stack, *row).await;
        held.push(is_held(&summary).len());
        assert_eq!(francs(&stack, &summary).await.len(), usize::from(held.len() == 1));
        // The same document again changes nothing.
        let again = run(&stack, *row).await;
        assert_eq!(
            (again.held_back.clone(), again.events.exchange_rate_updated),
            (summary.held_back.clone(), 0)
        );
    }
    assert_eq!(held, [0, 1, 1]);
    let kept = &stack.held("ecb").await["CHF"];
    let shown: Vec<_> = kept
        .iter()
        .map(|rate| (rate.quotation.to_string(), rate.change_percent.as_str()))
        .collect();
    assert_eq!(
        shown,
        [("1.028".to_owned(), "-14.4047"), ("1.0128".to_owned(), "-15.6703")]
    );
    assert!(kept.iter().all(|rate| rate.previous.to_string() == "1.201"));

    let released = run(&stack, FRANC[3]).await;
    assert!(
        released.held_back.is_empty() && released.dropped.is_empty(),
        "{released:?}"
    );
    // 1262.95 / 1.028, 1248.7 / 1.0128 and 1251.03 / 1.012.
    assert_eq!(
        francs(&stack, &released).await,
        [
            ("2015-01-15".to_owned(), "1228.55058365758755".to_owned()),
            ("2015-01-16".to_owned(), "1232.91864139020537".to_owned()),
            ("2015-01-19".to_owned(), "1236.19565217391304".to_owned()),
        ]
    );
    let events = stack.events(released.correlation_id).await;
    // What was held is dated by the run that had seen it: a correction that came in the meantime, by a backfill, is the later account.
    let dates: Vec<DateTime<Utc>> = events
        .iter()
        .filter(|event| event.topic == "exchange_rate_updated" && event.key == "CHF")
        .map(|event| event.json()["updated_at"].as_str().unwrap().parse().unwrap())
        .collect();
    let held_since: Vec<DateTime<Utc>> = kept.iter().map(|rate| rate.held_since.utc()).collect();
    assert_eq!(dates[..2], held_since);
    assert!(dates[2] >= evening("2015-01-19"), "{dates:?}");
    let caches = events
        .iter()
        .find(|event| event.topic == "cache_invalidation")
        .unwrap()
        .json();
    let keys = caches["cache_keys"].as_array().unwrap();
    assert_eq!(keys.iter().filter(|key| **key == "exchange_rate:CHF").count(), 1);
    assert!(stack.held("ecb").await.is_empty());
    let next = run(&stack, FRANC[4]).await;
    assert_eq!((next.events.exchange_rate_updated, next.held_back.len()), (5, 0));
}

#[tokio::test]
async fn a_rate_that_comes_back_after_its_correction_is_the_later_account() {
    let stack = Stack::start().await;
    let [before, jumped, ..] = FRANC;
    let mut corrected = jumped;
    corrected[4] = "1.1";
    run(&stack, before).await;
    run(&stack, jumped).await;
    let held = stack.hash("held:ecb").await;
    let dated = async |summary: &Summary| {
        let events = stack.events(summary.correlation_id).await;
        let franc = events
            .iter()
            .find(|event| event.topic == "exchange_rate_updated" && event.key == "CHF");
        let event = franc.unwrap().json();
        event["updated_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap()
    };
    let first = run(&stack, corrected).await;
    let first = dated(&first).await;
    // That run ended before it could forget what it had held.
    stack.put_hash("held:ecb", &held).await;
    let second = run(&stack, jumped).await;
    assert!(dated(&second).await > first);
}

#[tokio::test]
async fn a_request_publishes_what_is_held_although_nobody_has_anything_new() {
    let stack = Stack::start().await;
    for row in &FRANC[..3] {
        run(&stack, *row).await;
    }
    let asked = stack.http.requests(ECB).len();
    let ingestor = stack.ingestor(&ALONE);
    let nothing = ingestor.run(release(&["USD"]), Utc::now()).await.unwrap_err();
    assert!(matches!(nothing, IngestError::NotHeld(_)));
    let told = nothing.to_string();
    assert!(
        told.contains("USD is not held back") && told.contains("there is held back CHF"),
        "{told}"
    );

    let summary = ingestor.run(release(&["CHF", "USD"]), Utc::now()).await.unwrap();
    let days: Vec<String> = francs(&stack, &summary).await.into_iter().map(|(day, _)| day).collect();
    assert_eq!(days, ["2015-01-15", "2015-01-16"]);
    assert_eq!(
        (
            summary.events.exchange_rate_updated,
            summary.events.data_processing_completed
        ),
        (2, 1)
    );
    assert!(
        summary.warnings[0].contains("USD is not held back"),
        "{:?}",
        summary.warnings
    );
    assert!(stack.held("ecb").await.is_empty());
    assert_eq!(stack.http.requests(ECB).len(), asked);
    // What was released is the level from now on.
    let next = run(&stack, FRANC[3]).await;
    assert_eq!((francs(&stack, &next).await.len(), next.held_back.len()), (1, 0));
}

#[tokio::test]
async fn a_rise_of_the_won_within_the_limit_holds_nothing_and_the_whole_day_is_published() {
    let stack = Stack::start().await;
    run(&stack, ["2008-10-29", "1.277", "124", "23.88", "1.4695", "1806.96"]).await;
    // A euro cost 7.8 % less won: in won JPY moved by 11.2 % and CZK by 10.1 %.
    let summary = run(&stack, ["2008-10-30", "1.3035", "128.73", "24.48", "1.48", "1665.72"]).await;
    assert!(summary.held_back.is_empty(), "{:?}", summary.held_back);
    let published = rates(&stack, &summary).await;
    assert_eq!(published.len(), 5);
    assert!(published.contains(&("JPY".into(), "2008-10-30".into(), "12.9396411092985318".into())));
}

#[tokio::test]
async fn errors_of_one_document_are_never_published_and_named_when_the_next_contradicts_them() {
    let [before, right, next] = [FRANC[2], FRANC[3], FRANC[4]];
    let wrong = |usd, chf| [right[0], usd, right[2], right[3], chf, right[5]];
    for (document, codes) in [
        (wrong("11.605", right[4]), vec!["USD"]),
        (wrong("1.1605", "101.2"), vec!["CHF"]),
        (wrong("0.11605", "0.01012"), vec!["CHF", "USD"]),
        // Two columns swapped.
        (wrong(right[4], "1.1605"), vec!["CHF", "USD"]),
    ] {
        let stack = Stack::start().await;
        run(&stack, before).await;
        let held = run(&stack, document).await;
        let held_codes: Vec<&str> = is_held(&held).into_iter().map(|(code, _)| code).collect();
        assert_eq!(held_codes, codes);
        assert_eq!(held.events.exchange_rate_updated, 5 - codes.len());
        let after = run(&stack, next).await;
        assert_eq!((after.events.exchange_rate_updated, after.held_back.len()), (5, 0));
        assert!(rates(&stack, &after).await.iter().all(|(_, day, _)| day == next[0]));
        let dropped: Vec<&str> = after.dropped.iter().map(|one| one.currency_code.as_str()).collect();
        assert_eq!(dropped, codes);
        let json = serde_json::to_value(&after).unwrap();
        assert_eq!(json["dropped"][0]["recorded_at"], "2015-01-19T13:15:00Z");
        assert!(
            json["dropped"][0]["reason"]
                .as_str()
                .unwrap()
                .contains("operations-backfill")
        );
        assert!(stack.held("ecb").await.is_empty());
    }
}

#[tokio::test]
async fn a_release_that_is_not_acknowledged_stays_held_and_comes_again() {
    let stack = Stack::start().await;
    for row in &FRANC[..3] {
        run(&stack, *row).await;
    }
    let nowhere = crate::support::closed_port().await;
    let no_queue = stack.backup.url.replace("/backup-", "/no-backup-");
    let away = [
        ALONE[0],
        ("KAFKA_BOOTSTRAP_SERVERS", nowhere.as_str()),
        ("BACKUP_QUEUE_URL", &no_queue),
    ];
    stack.http.answer(ECB, [Reply::xml(document(FRANC[3]))]);
    let failed = stack
        .ingestor(&away)
        .run(Request::default(), evening("2015-01-19"))
        .await
        .unwrap_err();
    assert!(matches!(failed, IngestError::Publish(_)), "{failed}");
    assert_eq!(stack.held("ecb").await["CHF"].len(), 2);
    // The rates of before are forgotten by now, and still the decision is the same.
    let released = run(&stack, FRANC[3]).await;
    assert_eq!(
        (francs(&stack, &released).await.len(), released.held_back.len()),
        (3, 0)
    );
}
