//! Days on which Korean banks are closed: the rates are those of the day before, and what says so may be nothing in any form.

use ingestor::Request;
use ingestor::summary::Outcome;

use crate::support::http::Reply;
use crate::support::{KOREAEXIM, Stack, assert_failed, assert_published, koreaexim, now, report};

#[tokio::test]
async fn a_holiday_has_the_rates_of_the_day_before() {
    let stack = Stack::start().await;
    stack.http.answer(
        KOREAEXIM,
        [Reply::json("[]"), Reply::json("null"), Reply::json(koreaexim())],
    );
    let ingestor = stack.ingestor(&[("PROVIDERS", "koreaexim,ecb")]);
    let summary = ingestor.run(Request::default(), now()).await.unwrap();
    let dates: Vec<String> = stack
        .http
        .requests(KOREAEXIM)
        .into_iter()
        .map(|request| request.query)
        .collect();
    let asked = |day: &str| format!("authkey=secret-key&searchdate={day}&data=AP01");
    assert_eq!(dates, [asked("20261030"), asked("20261029"), asked("20261028")]);
    let payloads = assert_published(&stack, &summary, "koreaexim").await;
    assert_eq!(payloads["USD"]["recorded_at"], "2026-10-28T02:00:00Z");
}

#[tokio::test]
async fn a_closed_day_may_be_nothing_in_any_form() {
    let nothing = [
        Reply::json("[]"),
        Reply::json("null"),
        Reply::json(""),
        Reply::json("\u{feff} \r\n"),
        Reply::with(200, "text/html;charset=UTF-8", ""),
        Reply::with(200, "text/html;charset=UTF-8", " [] "),
        Reply::with(204, "application/json", ""),
        Reply::json("[{\"result\":1,\"cur_unit\":null,\"ttb\":null,\"tts\":null,\"deal_bas_r\":null,\"cur_nm\":null}]"),
    ];
    let stack = Stack::start().await;
    let count = nothing.len();
    stack
        .http
        .answer(KOREAEXIM, nothing.into_iter().chain([Reply::json(koreaexim())]));
    let ingestor = stack.ingestor(&[("PROVIDERS", "koreaexim")]);
    let summary = ingestor.run(Request::default(), now()).await.unwrap();
    let payloads = assert_published(&stack, &summary, "koreaexim").await;
    // Eight working days before Friday, 30 October; weekends are not asked for.
    assert_eq!(payloads["USD"]["recorded_at"], "2026-10-20T02:00:00Z");
    assert_eq!(stack.http.requests(KOREAEXIM).len(), count + 1);
    // The key's requests are counted, so it is left alone for a while.
    let again = ingestor.run(Request::default(), now()).await.unwrap();
    assert_eq!(report(&again, "koreaexim").outcome, Outcome::NotDue);
}

#[tokio::test]
async fn on_a_weekend_only_friday_is_asked_for() {
    let stack = Stack::start().await;
    let sunday = "2026-11-01T12:00:00Z".parse().unwrap();
    let summary = stack
        .ingestor(&[("PROVIDERS", "koreaexim")])
        .run(Request::default(), sunday)
        .await
        .unwrap();
    let payloads = assert_published(&stack, &summary, "koreaexim").await;
    assert_eq!(payloads["USD"]["recorded_at"], "2026-10-30T02:00:00Z");
    assert_eq!(stack.http.requests(KOREAEXIM).len(), 1);
}

#[tokio::test]
async fn after_the_open_days_of_a_fortnight_the_chain_goes_on() {
    let stack = Stack::start().await;
    stack.http.answer(KOREAEXIM, [Reply::json("[]")]);
    let ingestor = stack.ingestor(&[("PROVIDERS", "koreaexim,ecb")]);
    let summary = ingestor.run(Request::default(), now()).await.unwrap();
    assert_failed(
        &summary,
        "koreaexim",
        "no rates for 2026-10-30 and the 14 days before",
        // Working days from 30 back to 16 October.
        11,
    );
    assert_published(&stack, &summary, "ecb").await;
}
