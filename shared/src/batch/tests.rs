use super::*;
use crate::event::ExchangeRateUpdated;

const RATE: &str = include_str!("../../../tests/fixtures/payloads/exchange_rate_updated.json");

fn now() -> Timestamp {
    "2026-10-30T15:00:00Z".parse().unwrap()
}

fn event(values: &[&str]) -> String {
    let records: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(offset, value)| {
            let value = base64_simd::STANDARD.encode_to_string(value.as_bytes());
            format!(r#"{{"topic":"exchange_rate_updated","partition":1,"offset":{offset},"value":"{value}"}}"#)
        })
        .collect();
    format!(r#"{{"records":{{"exchange_rate_updated-1":[{}]}}}}"#, records.join(","))
}

#[test]
fn what_is_no_payload_is_refused_with_its_reason() {
    let bad = [
        ("{", RefusalCode::NotJson, "EOF"),
        ("[]", RefusalCode::InvalidPayload, "invalid length 0"),
        ("{}", RefusalCode::InvalidPayload, "missing field `currency_code`"),
        (
            &RATE.replace("\"USD\"", "\"usd\""),
            RefusalCode::InvalidPayload,
            "unknown currency \"usd\"",
        ),
        (
            &RATE.replace("\"USD\"", "\"USD:*\""),
            RefusalCode::InvalidPayload,
            "unknown currency \"USD:*\"",
        ),
        (
            &RATE.replace("\"USD\"", "7"),
            RefusalCode::InvalidPayload,
            "invalid type: integer `7`",
        ),
        (
            &RATE.replace("1335.26673827425707", "0"),
            RefusalCode::InvalidPayload,
            "rate must be positive, got 0",
        ),
        (
            &RATE.replace("1335.26673827425707", "-3"),
            RefusalCode::InvalidPayload,
            "rate must be positive, got -3",
        ),
        (
            &RATE.replace("1335.26673827425707", "NaN"),
            RefusalCode::NotJson,
            "expected",
        ),
        (
            &RATE.replace("1335.26673827425707", "1e400"),
            RefusalCode::InvalidPayload,
            "rate must be between",
        ),
        (
            &RATE.replace("2026-10-30T13", "10000-10-30T13"),
            RefusalCode::InvalidPayload,
            "time must be RFC 3339",
        ),
        (
            &RATE.replace("\"USD\"", "\"KRW\""),
            RefusalCode::InvalidPayload,
            "currency_code must not be KRW",
        ),
        (
            &RATE.replace("\"USD\"", "\"BGN\""),
            RefusalCode::InvalidPayload,
            "BGN was withdrawn: 2025-12-31 was its last day",
        ),
    ]
    .map(|(value, code, reason): (&str, _, _)| (value.to_owned(), code, reason));
    for (value, code, reason) in bad {
        let event = event(&[RATE, &value, RATE]);
        let event: KafkaEvent = serde_json::from_str(&event).unwrap();
        let decoded = decode::<ExchangeRateUpdated>(&event, now());
        assert_eq!((decoded.payloads.len(), decoded.refused.len()), (2, 1), "{value}");
        assert_eq!(
            (decoded.refused[0].record.offset, decoded.refused[0].code),
            (1, code),
            "{value}"
        );
        assert!(
            decoded.refused[0].reason.contains(reason),
            "{value}: {}",
            decoded.refused[0].reason
        );
    }
}

#[test]
fn a_rate_of_a_time_to_come_is_refused_with_field_value_and_limit() {
    let (recorded_at, updated_at) = ("2026-10-30T13:15:00Z", "2026-10-30T15:00:05.130Z");
    let dated = |field: &str, value: &str| {
        let former = if field == "recorded_at" {
            recorded_at
        } else {
            updated_at
        };
        let dated = RATE.replace(
            &format!("\"{field}\":\"{former}\""),
            &format!("\"{field}\":\"{value}\""),
        );
        assert_ne!(dated, RATE);
        dated
    };
    for (field, value, is_refused) in [
        ("recorded_at", "2099-01-01T00:00:00Z", true),
        ("recorded_at", "2026-10-30T18:00:00.000001Z", true),
        ("recorded_at", "2026-10-30T18:00:00Z", false),
        ("updated_at", "2026-10-30T18:00:00.000001Z", true),
        ("updated_at", "2026-10-30T18:00:00Z", false),
    ] {
        let event = event(&[RATE, &dated(field, value), RATE]);
        let event: KafkaEvent = serde_json::from_str(&event).unwrap();
        let decoded = decode::<ExchangeRateUpdated>(&event, now());
        let refused: Vec<_> = decoded
            .refused
            .iter()
            .map(|refused| (refused.record.offset, refused.code, refused.reason.as_str()))
            .collect();
        let reason =
            format!("{field} must not be later than 2026-10-30T18:00:00Z, which is 3 hours from now, got {value}");
        let expected = [(1, RefusalCode::NotYet, reason.as_str())];
        assert_eq!(refused, if is_refused { &expected[..] } else { &[] }, "{field} {value}");
        assert_eq!(decoded.payloads.len(), if is_refused { 2 } else { 3 });
        let in_its_time = decode::<ExchangeRateUpdated>(&event, value.parse().unwrap());
        assert_eq!(in_its_time.payloads.len(), 3, "{field} {value}");
    }
}

#[test]
fn a_refused_record_that_cannot_be_dead_lettered_comes_again_with_all_behind_it() {
    let event = event(&[RATE, "{", RATE, RATE]);
    let event: KafkaEvent = serde_json::from_str(&event).unwrap();
    let decoded = decode::<ExchangeRateUpdated>(&event, now());
    let offsets: Vec<i64> = retry_from_first_rejected(&event, &decoded.refused)
        .failures
        .iter()
        .map(|failure| failure.item.offset)
        .collect();
    assert_eq!(offsets, [1, 2, 3]);
}

#[tokio::test]
async fn a_value_the_store_refuses_is_found_among_the_others() {
    let payloads: Vec<ExchangeRateUpdated> = (0..9)
        .map(|place| {
            let mut payload: ExchangeRateUpdated = serde_json::from_str(RATE).unwrap();
            payload.source = place.to_string();
            payload
        })
        .collect();
    let applied = std::cell::RefCell::new(Vec::new());
    let apply = async |batch: &[ExchangeRateUpdated]| {
        if batch
            .iter()
            .any(|payload| payload.source == "4" || payload.source == "8")
        {
            return Err(ApplyError::Store(sqlx::Error::Encode("no".into())));
        }
        applied
            .borrow_mut()
            .extend(batch.iter().map(|payload| payload.source.clone()));
        Ok(())
    };
    let mut rejected = Vec::new();
    apply_or_split(&payloads, 0, &apply, &mut rejected).await.unwrap();
    assert_eq!(applied.into_inner(), ["0", "1", "2", "3", "5", "6", "7"]);
    assert_eq!(
        rejected.iter().map(|rejected| rejected.place).collect::<Vec<_>>(),
        [4, 8]
    );
}

#[test]
fn a_withdrawn_currency_has_rates_until_soon_after_its_last_day() {
    let of = |code: &str, day: &str| -> ExchangeRateUpdated {
        let text = RATE.replace("\"USD\"", &format!("\"{code}\""));
        let mut event: ExchangeRateUpdated = serde_json::from_str(&text).unwrap();
        event.recorded_at = format!("{day}T13:15:00Z").parse().unwrap();
        event
    };
    for (code, day, is_one) in [
        ("BGN", "2025-12-31", true),
        ("BGN", "2026-01-31", true),
        ("BGN", "2026-02-01", false),
        ("HRK", "2022-12-30", true),
        ("HRK", "2023-02-01", false),
        ("USD", "2026-02-01", true),
        ("KRW", "2026-02-01", false),
    ] {
        assert_eq!(of(code, day).check().is_ok(), is_one, "{code} {day}");
    }
}
