//! One record that can never be applied costs its batch nothing, and is in the dead-letter queue with its payload, place and reason.

use shared::batch::{BatchResponse, handle, handle_at};
use shared::dead_letter::RefusalCode;
use shared::event::ExchangeRateUpdated;
use tests::{RawRecord, Services, kafka_event, rate};

const TOPIC: &str = "exchange_rate_updated";

fn good(code: &str) -> Vec<u8> {
    serde_json::to_vec(&rate(
        code,
        "ecb",
        "2026-10-30T13:15:00Z",
        "2026-10-30T15:00:00Z",
        "1335.27",
    ))
    .unwrap()
}

/// Sends EUR, the bad record and JPY as one batch to both services, and checks what became of each.
async fn refuses(bad: &[u8], record: RawRecord<'_>, code: RefusalCode, reason: &str) {
    let services = Services::start().await;
    let (eur, jpy) = (good("EUR"), good("JPY"));
    let values = [RawRecord::Value(&eur), record, RawRecord::Value(&jpy)];
    let apply = async |events: &[ExchangeRateUpdated]| services.currency.rate_updated(events).await;
    let answer = handle(&kafka_event(TOPIC, &values), &services.dead_letters, &apply)
        .await
        .unwrap();
    assert_eq!(answer, BatchResponse::default());
    assert_eq!(
        services.current_rates().await.into_keys().collect::<Vec<_>>(),
        ["EUR", "JPY"]
    );

    let dead_letters = services.dead_letters().await;
    let [dead_letter] = &dead_letters[..] else {
        panic!("{} dead letters", dead_letters.len())
    };
    let payload = dead_letter.record.value.as_deref().unwrap();
    assert!(
        payload == bad,
        "the payload is not what was refused ({} bytes of {})",
        payload.len(),
        bad.len()
    );
    let record = &dead_letter.record;
    assert_eq!(
        (
            record.topic.as_str(),
            record.partition,
            record.offset,
            dead_letter.error_code
        ),
        (TOPIC, 0, 101, code)
    );
    assert_eq!(
        (record.key.as_deref(), record.timestamp, dead_letter.function.as_str()),
        (Some(&b"USD"[..]), Some(1_761_829_200_000), "the-test")
    );
    assert!(dead_letter.reason.contains(reason), "{}", dead_letter.reason);
}

macro_rules! refused {
    ($($name:ident: $from:expr => $to:expr, $code:ident, $reason:expr;)+) => {$(
        #[tokio::test]
        async fn $name() {
            let usd = String::from_utf8(good("USD")).unwrap();
            let bad = usd.replace($from, $to);
            assert_ne!(bad, usd);
            refuses(bad.as_bytes(), RawRecord::Value(bad.as_bytes()), RefusalCode::$code, $reason).await;
        }
    )+};
}

refused! {
    not_json: "{" => "<", NotJson, "expected value";
    a_missing_field: "\"source\":\"ecb\"," => "", InvalidPayload, "missing field `source`";
    a_wrong_type: "\"ecb\"" => "[1]", InvalidPayload, "invalid type: sequence, expected a string";
    an_unknown_currency: "\"USD\"" => "\"XYZ\"", InvalidPayload, "unknown currency \"XYZ\": allowed are three capital letters";
    a_pattern_for_a_currency: "\"USD\"" => "\"USD:*\"", InvalidPayload, "unknown currency \"USD:*\"";
    a_rate_of_zero: "1335.27" => "0", InvalidPayload, "rate must be positive, got 0";
    a_negative_rate: "1335.27" => "-1335.27", InvalidPayload, "rate must be positive, got -1335.27";
    a_rate_that_is_not_a_number: "1335.27" => "NaN", NotJson, "expected value";
    a_rate_beyond_all_numbers: "1335.27" => "1e400", InvalidPayload, "rate must be between 0.0000000001 and 1000000000000, got 1e400";
    a_rate_of_forty_digits: "1335.27" => "1335.271234567890123456789012345678901234", InvalidPayload, "at most 18 significant digits, got 40";
    a_date_in_the_year_10000: "2026-10-30T13" => "10000-10-30T13", InvalidPayload, "years 1970 to 9999";
    a_rate_of_the_year_2099: "2026-10-30T13" => "2099-10-30T13", NotYet, "recorded_at must not be later than";
    a_rate_published_in_2099: "2026-10-30T15" => "2099-10-30T15", NotYet, "which is 3 hours from now, got 2099-10-30T15:00:00Z";
    a_text_that_postgresql_cannot_hold: "\"ecb\"" => "\"e\\u0000cb\"", ValueRefused, "invalid byte sequence";
}

#[tokio::test]
async fn not_base64() {
    refuses(b"***", RawRecord::Text("***"), RefusalCode::NotBase64, "not base64").await;
}

#[tokio::test]
async fn a_value_of_five_megabytes() {
    let large: Vec<u8> = (0..5_000_000_u32)
        .map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    refuses(
        &large,
        RawRecord::Value(&large),
        RefusalCode::TooLarge,
        "has 5000000 bytes; allowed are 262144",
    )
    .await;
}

#[tokio::test]
async fn header_bytes_above_127_and_no_headers_at_all_are_accepted() {
    let services = Services::start().await;
    let values = ["USD", "EUR", "JPY"].map(good);
    let records = [
        RawRecord::WithHeaders(&values[0], r#"[{"x":[200,-56,255]}]"#),
        RawRecord::WithHeaders(&values[1], "null"),
        RawRecord::Value(&values[2]),
    ];
    let apply = async |events: &[ExchangeRateUpdated]| services.history.rate_updated(events).await;
    assert_eq!(
        handle(&kafka_event(TOPIC, &records), &services.dead_letters, &apply)
            .await
            .unwrap(),
        BatchResponse::default()
    );
    assert_eq!(services.observations().await.len(), 3);
    assert_eq!(services.dead_letters().await, []);
}

#[tokio::test]
async fn a_tombstone_is_acknowledged_and_no_dead_letter() {
    let services = Services::start().await;
    let usd = good("USD");
    let records = [RawRecord::Tombstone, RawRecord::Value(&usd)];
    let apply = async |events: &[ExchangeRateUpdated]| services.currency.rate_updated(events).await;
    assert_eq!(
        handle(&kafka_event(TOPIC, &records), &services.dead_letters, &apply)
            .await
            .unwrap(),
        BatchResponse::default()
    );
    assert_eq!(services.current_rates().await.len(), 1);
    assert_eq!(services.dead_letters().await, []);
}

#[tokio::test]
async fn a_rate_of_a_time_to_come_is_applied_when_it_is_replayed_in_its_time() {
    let services = Services::start().await;
    let usd = good("USD");
    let event = kafka_event(TOPIC, &[RawRecord::Value(&usd)]);
    let apply = async |events: &[ExchangeRateUpdated]| {
        services.currency.rate_updated(events).await?;
        services.history.rate_updated(events).await
    };
    // Three hours and a second before it was published.
    let early = "2026-10-30T11:59:59Z".parse().unwrap();
    let answer = handle_at(&event, early, &services.dead_letters, &apply).await.unwrap();
    assert_eq!(answer, BatchResponse::default());
    let dead_letters = services.dead_letters().await;
    assert_eq!(dead_letters[0].error_code, RefusalCode::NotYet);
    assert!(services.current_rates().await.is_empty() && services.observations().await.is_empty());

    let replay = event.replacen('{', "{\"hwanyulReplay\":true,", 1);
    let answer = handle_at(&replay, early, &services.dead_letters, &apply).await.unwrap();
    assert_eq!(
        answer.refusals[0].error_code,
        RefusalCode::NotYet,
        "it is too early still"
    );
    let in_time = "2026-10-30T12:00:00Z".parse().unwrap();
    let answer = handle_at(&replay, in_time, &services.dead_letters, &apply)
        .await
        .unwrap();
    assert_eq!(answer, BatchResponse::default());
    assert_eq!(
        (
            services.current_rates().await.len(),
            services.observations().await.len()
        ),
        (1, 1)
    );
}
