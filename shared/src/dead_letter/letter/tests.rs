use proptest::prelude::*;

use super::*;
use crate::sqs::CALL_BYTES;

fn record(value: Option<Vec<u8>>, headers: Vec<(String, Vec<u8>)>, key: Option<Vec<u8>>) -> ConsumerRecord {
    ConsumerRecord {
        topic: "exchange_rate_updated".to_owned(),
        partition: 1,
        offset: 7,
        timestamp: Some(1_761_829_200_000),
        key,
        headers,
        unread_headers: None,
        value,
    }
}

fn dead_letter(record: ConsumerRecord) -> DeadLetter {
    let at = "2026-11-23T10:00:00.123Z".parse().unwrap();
    DeadLetter::new("a-function", at, RefusalCode::NotJson, "because", record).unwrap()
}

fn read(bodies: &[String]) -> Vec<DeadLetterPart> {
    bodies.iter().map(|body| DeadLetterPart::parse(body).unwrap()).collect()
}

/// Characters that SQS takes, as its reference has them ("SendMessage", `MessageBody`).
fn is_accepted(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn holds_everything(record: ConsumerRecord) -> usize {
    let dead_letter = dead_letter(record);
    let bodies = dead_letter.messages().unwrap();
    for body in &bodies {
        assert!(body.len() <= CALL_BYTES, "{}", body.len());
        assert!(body.chars().all(is_accepted));
    }
    let mut messages = read(&bodies);
    messages.reverse();
    messages.extend(read(&bodies[..1]));
    assert!(
        DeadLetter::join(messages).unwrap() == dead_letter,
        "not what was put in"
    );
    bodies.len()
}

#[test]
fn a_small_record_is_one_message_that_a_person_can_read() {
    let headers = vec![("ce_id".to_owned(), b"x".to_vec()), ("odd".to_owned(), vec![0, 255])];
    let dead_letter = dead_letter(record(Some(b"{\"a\":1}".to_vec()), headers, Some(b"USD".to_vec())));
    let [body] = &dead_letter.messages().unwrap()[..] else {
        panic!("not one message")
    };
    let id = dead_letter.id;
    assert_eq!(
        *body,
        format!(
            r#"{{"version":1,"id":"{id}","function":"a-function","topic":"exchange_rate_updated","partition":1,"offset":7,"timestamp":1761829200000,"refused_at":"2026-11-23T10:00:00.123Z","error_code":"NOT_JSON","reason":"because","payload_bytes":7,"part":1,"parts":1,"record":{{"key":{{"text":"USD"}},"headers":[["ce_id",{{"text":"x"}}],["odd",{{"base64":"AP8="}}]],"payload":{{"text":"{{\"a\":1}}"}}}}}}"#
        )
    );
}

#[test]
fn nothing_of_a_large_record_is_cut() {
    let noise = |bytes: u32| {
        (0..bytes)
            .map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect::<Vec<u8>>()
    };
    assert_eq!(holds_everything(record(None, Vec::new(), None)), 1);
    // Five megabytes of noise, base64: 6.67 MB.
    assert_eq!(holds_everything(record(Some(noise(5_000_000)), Vec::new(), None)), 28);
    // Five megabytes of quotes: each is \" in the record's JSON and \\\" in the message's.
    assert!(holds_everything(record(Some(vec![b'"'; 5_000_000]), Vec::new(), None)) > 80);
    let headers = (0..300)
        .map(|place| (format!("header-{place}"), noise(1_000)))
        .collect();
    assert_eq!(
        holds_everything(record(Some(b"{}".to_vec()), headers, Some(noise(400_000)))),
        4
    );
    let text = "\u{ffff}환율\u{fffe}\u{1f4b1}".repeat(40_000);
    assert!(holds_everything(record(Some(text.into_bytes()), Vec::new(), None)) > 2);
}

#[test]
fn a_letter_without_a_part_says_which() {
    let letter = dead_letter(record(Some(vec![b'x'; 900_000]), Vec::new(), None));
    let mut messages = read(&letter.messages().unwrap());
    assert_eq!(messages.len(), 4);
    messages.remove(1);
    messages.remove(1);
    let error = DeadLetter::join(messages).unwrap_err();
    assert_eq!(error.to_string(), "parts [2, 3] of 4 are missing");
}

#[test]
fn an_altered_record_is_not_taken_for_the_one_put_in() {
    let body = &dead_letter(record(Some(b"1335.27".to_vec()), Vec::new(), None))
        .messages()
        .unwrap()[0];
    let altered = read(&[body.replace("1335.27", "1335.28")]);
    assert!(matches!(DeadLetter::join(altered), Err(JoinError::Altered(_))));
    let newer = DeadLetterPart::parse(&body.replace("\"version\":1", "\"version\":2")).unwrap_err();
    assert_eq!(newer.to_string(), "a dead letter of version 2; known is 1");
}

#[test]
fn a_record_refused_twice_is_one_letter_and_another_record_there_is_not() {
    let value = |text: &str| record(Some(text.as_bytes().to_vec()), Vec::new(), None);
    let (first, again) = (dead_letter(value("a")), dead_letter(value("a")));
    assert_eq!(first.id, again.id);
    assert_ne!(first.id, dead_letter(value("b")).id);
    let later = ConsumerRecord {
        timestamp: Some(1),
        ..value("a")
    };
    assert_ne!(first.id, dead_letter(later).id);
}

#[test]
fn a_long_reason_says_that_it_was_shortened() {
    let at = "2026-11-23T10:00:00Z".parse().unwrap();
    let reason = "환".repeat(5_000);
    let dead_letter = DeadLetter::new(
        "f",
        at,
        RefusalCode::ValueRefused,
        &reason,
        record(None, Vec::new(), None),
    )
    .unwrap();
    assert!(
        dead_letter.reason.ends_with("환 … (shortened, 5000 characters)"),
        "{}",
        dead_letter.reason
    );
    assert_eq!(
        dead_letter
            .reason
            .chars()
            .filter(|character| *character == '환')
            .count(),
        2_000
    );
    // Joined again it is not shortened again.
    assert_eq!(
        DeadLetter::join(read(&dead_letter.messages().unwrap())).unwrap(),
        dead_letter
    );
}

proptest! {
    #[test]
    fn whatever_a_record_holds_comes_back(
        key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        headers in proptest::collection::vec((".{0,20}", proptest::collection::vec(any::<u8>(), 0..40)), 0..5),
        text in ".{0,400}",
        times in 1_usize..2_000,
    ) {
        holds_everything(record(Some(text.repeat(times).into_bytes()), headers, key));
    }
}
