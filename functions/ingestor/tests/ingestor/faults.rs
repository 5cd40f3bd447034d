//! Provider faults over real HTTP, one test each: the chain goes on, the summary says what happened, nothing false is published.

use ingestor::summary::Outcome;
use ingestor::{IngestError, Request};

use crate::support::http::Reply;
use crate::support::{
    ECB, EXCHANGERATE_API, KOREAEXIM, Stack, assert_failed, assert_published, ecb, exchangerate_api, koreaexim, now,
    report,
};

/// The ECB answers with `reply`, for ever; the chain has to end at Korea Eximbank with `error` in the summary.
async fn ecb_fails_with(reply: Reply, error: &str, attempts: u32) {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [reply]);
    let ingestor = stack.ingestor(&[("PROVIDER_TIMEOUT_MS", "800")]);
    let summary = ingestor.run(Request::default(), now()).await.unwrap();
    assert_failed(&summary, "ecb", error, attempts);
    assert_eq!(stack.http.requests(ECB).len(), usize::try_from(attempts).unwrap());
    assert_published(&stack, &summary, "koreaexim").await;
    assert_eq!(report(&summary, "koreaexim").outcome, Outcome::Used);
}

#[tokio::test]
async fn a_timeout_is_tried_again_and_then_left() {
    ecb_fails_with(Reply::Silence, "no answer within 800 ms", 2).await;
}

#[tokio::test]
async fn a_connection_reset_half_way_is_tried_again_and_then_left() {
    ecb_fails_with(Reply::Reset { body: ecb() }, "the answer broke off", 2).await;
}

#[tokio::test]
async fn a_long_retry_after_is_not_waited_for() {
    ecb_fails_with(
        Reply::too_many("120"),
        "too many requests (status 429), to be asked again after 120 s",
        1,
    )
    .await;
}

#[tokio::test]
async fn a_server_error_is_tried_again_and_then_left() {
    ecb_fails_with(Reply::with(500, "text/plain", "oops"), "answered with status 500", 2).await;
}

#[tokio::test]
async fn html_instead_of_xml_is_named_and_not_tried_again() {
    ecb_fails_with(
        Reply::html(200),
        "expected XML, got HTML (content type \"text/html; charset=utf-8\")",
        1,
    )
    .await;
}

#[tokio::test]
async fn truncated_xml_is_named_and_not_tried_again() {
    let document = ecb();
    // Cut between two rows, where every element that stands is whole.
    let cut = document.find("\t\t\t<Cube currency='GBP'").unwrap();
    ecb_fails_with(Reply::xml(&document[..cut]), "the XML cannot be read", 1).await;
}

#[tokio::test]
async fn a_page_that_is_gone_is_not_tried_again() {
    ecb_fails_with(Reply::with(404, "text/plain", "gone"), "answered with status 404", 1).await;
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    ecb_fails_with(
        Reply::xml("<".repeat(5_000_001)),
        "the answer is larger than 5000000 bytes",
        1,
    )
    .await;
}

#[tokio::test]
async fn rates_of_the_future_are_refused() {
    ecb_fails_with(
        Reply::xml(ecb().replace("2026-10-30", "2026-10-31")),
        "recorded_at must not be in the future",
        1,
    )
    .await;
}

#[tokio::test]
async fn what_fails_once_is_got_at_the_second_attempt() {
    for fault in [
        Reply::Silence,
        Reply::Reset { body: ecb() },
        Reply::too_many("0"),
        Reply::with(503, "text/plain", ""),
    ] {
        let stack = Stack::start().await;
        stack.http.answer(ECB, [fault, Reply::xml(ecb())]);
        let ingestor = stack.ingestor(&[("PROVIDER_TIMEOUT_MS", "800")]);
        let summary = ingestor.run(Request::default(), now()).await.unwrap();
        let report = report(&summary, "ecb");
        assert_eq!((report.outcome, report.attempts), (Outcome::Used, 2));
        assert_published(&stack, &summary, "ecb").await;
    }
}

#[tokio::test]
async fn an_error_body_is_an_error_with_any_status() {
    for status in [200, 403, 404] {
        let stack = Stack::start().await;
        let body = "{\"result\":\"error\",\"error-type\":\"quota-reached\"}";
        stack
            .http
            .answer(EXCHANGERATE_API, [Reply::with(status, "application/json", body)]);
        let ingestor = stack.ingestor(&[("PROVIDERS", "exchangerate_api,ecb")]);
        let summary = ingestor.run(Request::default(), now()).await.unwrap();
        assert_failed(&summary, "exchangerate_api", "refused: quota-reached", 1);
        assert_published(&stack, &summary, "ecb").await;
    }
}

#[tokio::test]
async fn a_refused_key_is_named_and_never_shown() {
    let stack = Stack::start().await;
    let row = "[{\"result\":3,\"cur_unit\":null,\"ttb\":null,\"tts\":null,\"deal_bas_r\":null,\"cur_nm\":null}]";
    stack.http.answer(KOREAEXIM, [Reply::json(row)]);
    let ingestor = stack.ingestor(&[("PROVIDERS", "koreaexim,ecb")]);
    let summary = ingestor.run(Request::default(), now()).await.unwrap();
    assert_failed(
        &summary,
        "koreaexim",
        "refused: the authentication key is wrong (result 3)",
        1,
    );
    assert!(!serde_json::to_string(&summary).unwrap().contains("secret-key"));
    assert_published(&stack, &summary, "ecb").await;
}

#[tokio::test]
async fn html_instead_of_json_is_named() {
    let stack = Stack::start().await;
    stack.http.answer(KOREAEXIM, [Reply::html(200)]);
    stack.http.answer(EXCHANGERATE_API, [Reply::html(200)]);
    let ingestor = stack.ingestor(&[("PROVIDERS", "koreaexim,exchangerate_api,ecb")]);
    let summary = ingestor.run(Request::default(), now()).await.unwrap();
    assert_failed(&summary, "koreaexim", "expected JSON, got HTML", 1);
    assert_failed(&summary, "exchangerate_api", "expected JSON, got HTML", 1);
    assert_published(&stack, &summary, "ecb").await;
}

#[tokio::test]
async fn a_document_is_read_whatever_its_label_says() {
    for (provider, path, body, label) in [
        ("koreaexim", KOREAEXIM, koreaexim(), "text/html;charset=UTF-8"),
        ("exchangerate_api", EXCHANGERATE_API, exchangerate_api(), "text/html"),
        ("ecb", ECB, ecb(), "application/json"),
        ("ecb", ECB, ecb(), "text/html"),
    ] {
        let stack = Stack::start().await;
        stack.http.answer(path, [Reply::with(200, label, body)]);
        let ingestor = stack.ingestor(&[("PROVIDERS", provider)]);
        let summary = ingestor.run(Request::default(), now()).await.unwrap();
        assert_published(&stack, &summary, provider).await;
    }
}

/// Each provider's document, with `change` made to its rate of USD (EUR where USD is the base).
async fn left_out(changes: [(&str, &str); 3], code: &str, reasons: [&str; 3]) {
    for (place, (provider, path, document)) in [
        ("ecb", ECB, ecb()),
        ("exchangerate_api", EXCHANGERATE_API, exchangerate_api()),
        ("koreaexim", KOREAEXIM, koreaexim()),
    ]
    .into_iter()
    .enumerate()
    {
        let stack = Stack::start().await;
        let (from, to) = changes[place];
        assert!(document.contains(from));
        let reply = if provider == "ecb" {
            Reply::xml(document.replace(from, to))
        } else {
            Reply::json(document.replace(from, to))
        };
        stack.http.answer(path, [reply]);
        let ingestor = stack.ingestor(&[("PROVIDERS", provider)]);
        let summary = ingestor.run(Request::default(), now()).await.unwrap();
        let left = summary.left_out.iter().find(|left| left.code == code).unwrap();
        assert_eq!(left.reason, reasons[place], "{provider}");
        let payloads = assert_published(&stack, &summary, provider).await;
        assert!(!payloads.contains_key(code) && payloads.len() > 20, "{provider}");
    }
}

#[tokio::test]
async fn a_rate_of_zero_is_left_out() {
    let koreaexim = "\"cur_unit\":\"JPY(100)\",\"ttb\":\"840.64\",\"tts\":\"857.62\",\"deal_bas_r\":\"849.13\"";
    let changes = [
        ("currency='JPY' rate='175.68'", "currency='JPY' rate='0'"),
        ("\"JPY\": 157.2503", "\"JPY\": 0"),
        (koreaexim, "\"cur_unit\":\"JPY(100)\",\"deal_bas_r\":\"0\""),
    ];
    let zero = "rate must be positive, got 0";
    left_out(changes, "JPY", [zero, zero, "deal_bas_r is 0 or absent"]).await;
}

#[tokio::test]
async fn an_unknown_code_is_left_out() {
    let changes = [("'JPY'", "'QQQ'"), ("\"JPY\"", "\"QQQ\""), ("\"JPY(100)\"", "\"QQQ\"")];
    left_out(changes, "QQQ", ["unknown currency"; 3]).await;
}

#[tokio::test]
async fn when_every_provider_fails_each_error_is_named_and_nothing_is_published() {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::html(200)]);
    stack.http.answer(KOREAEXIM, [Reply::with(500, "text/plain", "")]);
    let day = "2031-01-01T12:00:00Z".parse().unwrap();
    let error = stack.ingestor(&[]).run(Request::default(), day).await.unwrap_err();
    assert!(matches!(error, IngestError::AllFailed(_)));
    let text = error.to_string();
    assert!(
        text.contains("ecb: expected XML, got HTML") && text.contains("koreaexim: answered with status 500"),
        "{text}"
    );
    assert!(stack.events_of_day(day).await.is_empty());
    assert!(stack.hash("published:ecb").await.is_empty());
}

#[tokio::test]
async fn the_chain_ends_at_its_deadline() {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::Silence]);
    let mut config = stack.config(&[("PROVIDER_ATTEMPTS", "9")]);
    config.limits.chain_deadline = std::time::Duration::from_millis(300);
    let error = ingestor::Ingestor::new(config)
        .run(Request::default(), now())
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error
            .matches("the 300 ms that providers have together were over")
            .count(),
        2,
        "{error}"
    );
}
