//! What is held back over several days: the ECB's own of January 2015 and October 2008, errors, a jump of the won, and requests.

use chrono::{DateTime, Utc};
use ingestor::summary::Summary;
use ingestor::{IngestError, Request};

use crate::support::http::Reply;
use crate::support::{ECB, KOREAEXIM, Published, Stack, report};

const ALONE: [(&str, &str); 1] = [("PROVIDERS", "ecb")];
/// Of the ECB's history: day, then units of USD, JPY, CZK, CHF and KRW for one EUR.
const FRANC: [[&str; 6]; 5] = [
    ["2015-01-14", "1.1775", "137.48", "28.229", "1.201", "1277.86"],
    ["2015-01-15", "1.1708", "136.48", "27.841", "1.028", "1262.95"],
    ["2015-01-16", "1.1588", "135.06", "27.795", "1.0128", "1248.7"],
    ["2015-01-19", "1.1605", "136.27", "27.881", "1.012", "1251.03"],
    ["2015-01-20", "1.1579", "137.37", "27.849", "1.0087", "1259.61"],
];

fn document([day, usd, jpy, czk, chf, krw]: [&str; 6]) -> String {
    let rates = [("USD", usd), ("JPY", jpy), ("CZK", czk), ("CHF", chf), ("KRW", krw)];
    let rows: String = rates
        .iter()
        .map(|(code, rate)| format!("<Cube currency='{code}' rate='{rate}'/>"))
        .collect();
    format!("<Envelope><Cube><Cube time='{day}'>{rows}</Cube></Cube></Envelope>")
}

/// Seventeen hours UTC of the day, when its document is out.
fn evening(day: &str) -> DateTime<Utc> {
    format!("{day}T17:00:00Z").parse().unwrap()
}

async fn run(stack: &Stack, row: [&str; 6]) -> Summary {
    stack.http.answer(ECB, [Reply::xml(document(row))]);
    stack
        .ingestor(&ALONE)
        .run(Request::default(), evening(row[0]))
        .await
        .unwrap()
}

/// Every rate of a run's events, in their order: currency, day and KRW.
async fn rates(stack: &Stack, summary: &Summary) -> Vec<(String, String, String)> {
    let events = stack.events(summary.correlation_id).await;
    let shown = |event: &Published| {
        let text = String::from_utf8_lossy(&event.payload).into_owned();
        let rate = text
            .split_once("\"deal_base_rate\":")
            .unwrap()
            .1
            .split_once(',')
            .unwrap()
            .0
            .to_owned();
        (
            event.key.clone(),
            event.json()["recorded_at"].as_str().unwrap()[..10].to_owned(),
            rate,
        )
    };
    events
        .iter()
        .filter(|event| event.topic == "exchange_rate_updated")
        .map(shown)
        .collect()
}

async fn francs(stack: &Stack, summary: &Summary) -> Vec<(String, String)> {
    let all = rates(stack, summary).await.into_iter();
    all.filter(|(code, ..)| code == "CHF")
        .map(|(_, day, rate)| (day, rate))
        .collect()
}

fn release(codes: &[&str]) -> Request {
    Request {
        release: codes.iter().map(|code| code.parse().unwrap()).collect(),
        ..Request::default()
    }
}

fn is_held(summary: &Summary) -> Vec<(&str, usize)> {
    summary
        .held_back
        .iter()
        .map(|held| (held.currency_code.as_str(), held.recorded_at.len()))
        .collect()
}

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

/// The won's column is ten times too large, on a day on which the franc jumped as well.
#[tokio::test]
async fn a_jump_of_the_won_holds_the_whole_document_until_it_is_settled() {
    let wrong = |mut row: [&'static str; 6], krw| {
        row[5] = krw;
        row
    };
    let stack = Stack::start().await;
    run(&stack, FRANC[0]).await;
    let held = run(&stack, wrong(FRANC[1], "12629.5")).await;
    assert_eq!(
        (is_held(&held), held.events.exchange_rate_updated),
        (vec![("KRW", 1)], 0)
    );
    let kept = stack.held("ecb").await;
    assert_eq!(
        kept.keys().collect::<Vec<_>>(),
        ["CHF", "CZK", "EUR", "JPY", "KRW", "USD"]
    );
    let told = stack
        .ingestor(&ALONE)
        .run(release(&["USD"]), Utc::now())
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("USD is held back because KRW is: release KRW"), "{told}");
    // The next document contradicts it: nothing of the wrong one is left, and the franc's jump is judged by itself.
    let back = run(&stack, FRANC[2]).await;
    assert_eq!(
        (is_held(&back), back.events.exchange_rate_updated),
        (vec![("CHF", 1)], 4)
    );
    assert_eq!(back.dropped.len(), 1);
    assert_eq!(back.dropped[0].currency_code.as_str(), "KRW");

    // True, it is released by a request: all of it but the franc, which jumped by itself.
    let stack = Stack::start().await;
    run(&stack, FRANC[0]).await;
    run(&stack, wrong(FRANC[1], "12629.5")).await;
    let released = stack.ingestor(&ALONE).run(release(&["KRW"]), Utc::now()).await.unwrap();
    assert_eq!(
        (is_held(&released), released.events.exchange_rate_updated),
        (vec![("CHF", 1)], 4)
    );
    let next = run(&stack, wrong(FRANC[2], "12487")).await;
    assert_eq!(
        (is_held(&next), next.events.exchange_rate_updated),
        (vec![("CHF", 2)], 4)
    );

    // Or by two publications that agree.
    let stack = Stack::start().await;
    run(&stack, FRANC[0]).await;
    run(&stack, wrong(FRANC[1], "12629.5")).await;
    run(&stack, wrong(FRANC[2], "12487")).await;
    let released = run(&stack, wrong(FRANC[3], "12510.3")).await;
    assert_eq!(
        (released.held_back.len(), released.events.exchange_rate_updated),
        (0, 15)
    );
}

/// A copy of an older day, as a cache may keep one, with the won's column ten times too small: what came after it cannot settle it, so nothing of it counts.
#[tokio::test]
async fn an_older_document_in_which_the_won_is_another_is_left_out_as_a_whole() {
    let stack = Stack::start().await;
    run(&stack, FRANC[3]).await;
    let mut row = FRANC[1];
    row[5] = "126.295";
    let wrong = run(&stack, row).await;
    assert_eq!((wrong.events.exchange_rate_updated, is_held(&wrong)), (0, vec![]));
    let left_out = serde_json::to_value(&wrong.left_out).unwrap();
    assert_eq!(left_out[0]["code"], "KRW", "{left_out}");
    let reason = left_out[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("2015-01-15T13:15:00Z")
            && reason.contains("-89.9047 %")
            && reason.contains("2015-01-19T13:15:00Z"),
        "{reason}"
    );
    // As the source printed it, it is published: a day that was missed.
    let right = run(&stack, FRANC[1]).await;
    assert_eq!((right.events.exchange_rate_updated, right.left_out.len()), (5, 0));
}

/// Korea Eximbank's rows in won, each a tenth of a percent apart from day to day.
fn in_won(rates: [u32; 4]) -> String {
    let row = |(unit, rate): (&str, u32)| {
        format!("{{\"result\":1,\"cur_unit\":\"{unit}\",\"ttb\":\"0\",\"tts\":\"0\",\"deal_bas_r\":\"{rate}\"}}")
    };
    let rows: Vec<String> = ["USD", "EUR", "GBP", "CHF"].into_iter().zip(rates).map(row).collect();
    format!("[{}]", rows.join(","))
}

#[tokio::test]
async fn a_source_that_quotes_in_won_holds_the_document_when_most_currencies_jump_together() {
    let settings = [("PROVIDERS", "koreaexim")];
    let stack = Stack::start().await;
    let run = async |day: &str, rates: [u32; 4]| {
        stack.http.answer(KOREAEXIM, [Reply::json(in_won(rates))]);
        stack
            .ingestor(&settings)
            .run(Request::default(), evening(day))
            .await
            .unwrap()
    };
    run("2026-10-26", [1000, 1200, 1400, 1100]).await;
    let alone = run("2026-10-27", [1001, 1201, 1401, 1300]).await;
    assert_eq!(
        (is_held(&alone), alone.events.exchange_rate_updated),
        (vec![("CHF", 1)], 3)
    );
    let won = run("2026-10-28", [1251, 1501, 1751, 1300]).await;
    assert_eq!(
        (is_held(&won), won.events.exchange_rate_updated),
        (vec![("CHF", 2), ("KRW", 1)], 0)
    );
    run("2026-10-29", [1252, 1502, 1752, 1300]).await;
    let released = run("2026-10-30", [1253, 1503, 1753, 1300]).await;
    assert!(released.held_back.is_empty(), "{:?}", released.held_back);
    assert_eq!(released.events.exchange_rate_updated, 13);
    assert!(stack.held("koreaexim").await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_remembered_as_held_is_said_and_asked_for_again() {
    let settings = [("PROVIDERS", "koreaexim")];
    let stack = Stack::start().await;
    let answer = |rates| {
        stack
            .http
            .answer(KOREAEXIM, [Reply::json("[]"), Reply::json(in_won(rates))])
    };
    answer([1000, 1200, 1400, 1100]);
    stack
        .ingestor(&settings)
        .run(Request::default(), evening("2026-10-27"))
        .await
        .unwrap();
    answer([1000, 1200, 1400, 1300]);
    let read_only = stack.redis_that_writes_nothing().await;
    let without = [settings[0], ("REDIS_URL", read_only.as_str())];
    let summary = stack
        .ingestor(&without)
        .run(Request::default(), evening("2026-10-29"))
        .await
        .unwrap();
    assert_eq!(is_held(&summary), [("CHF", 1)]);
    let said = |warning: &String| warning.contains("what is held back of koreaexim is not remembered");
    assert!(summary.warnings.iter().any(said), "{:?}", summary.warnings);
    assert!(stack.held("koreaexim").await.is_empty());
    let again = stack
        .ingestor(&settings)
        .run(Request::default(), evening("2026-10-29"))
        .await
        .unwrap();
    assert_eq!(
        (is_held(&again), stack.held("koreaexim").await.len()),
        (vec![("CHF", 1)], 1)
    );

    // Left alone now, and what is held is named all the same.
    answer([1000, 1200, 1400, 1300]);
    stack
        .ingestor(&settings)
        .run(Request::default(), evening("2026-10-30"))
        .await
        .unwrap();
    let not_due = stack
        .ingestor(&settings)
        .run(Request::default(), evening("2026-10-30"))
        .await
        .unwrap();
    assert_eq!(report(&not_due, "koreaexim").outcome.as_str(), "not_due");
    assert_eq!(is_held(&not_due).len(), 1);
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
