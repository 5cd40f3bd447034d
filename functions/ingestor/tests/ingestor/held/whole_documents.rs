//! Documents that are held back as a whole, because the won in them jumped; and a source that quotes in won.

use chrono::Utc;
use ingestor::Request;

use super::days::{ALONE, FRANC, evening, is_held, release, run};
use crate::support::http::Reply;
use crate::support::{KOREAEXIM, Stack, report};

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
    // The next document contradicts it: nothing of the wrong one is left, and the franc's jump is decided by itself.
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
