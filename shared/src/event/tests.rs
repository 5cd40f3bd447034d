use super::*;

/// Parsed, written and parsed again, a payload stays what it was; and what it was is in the fixture, byte for byte.
fn round_trip<P: Payload + PartialEq + std::fmt::Debug>(fixture: &str) -> P {
    let read: P = serde_json::from_str(fixture).unwrap();
    let written = serde_json::to_string(&read).unwrap();
    assert_eq!(written, fixture.trim());
    assert_eq!(serde_json::from_str::<P>(&written).unwrap(), read);
    read
}

#[test]
fn the_four_payloads_are_what_the_fixtures_say() {
    let read: NewDataReceived = round_trip(include_str!("../../../tests/fixtures/payloads/new_data_received.json"));
    assert_eq!((read.key().as_str(), NewDataReceived::TOPIC.partitions()), ("ecb", 1));
    let read: ExchangeRateUpdated = round_trip(include_str!(
        "../../../tests/fixtures/payloads/exchange_rate_updated.json"
    ));
    assert_eq!(
        (read.key().as_str(), ExchangeRateUpdated::TOPIC.partitions()),
        ("USD", 3)
    );
    assert_eq!(read.deal_base_rate.to_string(), "1335.26673827425707");
    round_trip::<DataProcessingCompleted>(include_str!(
        "../../../tests/fixtures/payloads/data_processing_completed.json"
    ));
    let read: CacheInvalidation = round_trip(include_str!("../../../tests/fixtures/payloads/cache_invalidation.json"));
    assert_eq!(read.cache_keys[0], CacheKey::One("USD".parse().unwrap()));
}

#[test]
fn unknown_payload_fields_are_accepted() {
    let fixture = include_str!("../../../tests/fixtures/payloads/exchange_rate_updated.json");
    let wider = fixture.replacen('{', r#"{"mood":{"of":["the","day"]},"#, 1);
    assert_eq!(
        serde_json::from_str::<ExchangeRateUpdated>(&wider).unwrap(),
        serde_json::from_str(fixture).unwrap()
    );
}

#[test]
fn the_version_text_orders_as_the_events_do() {
    let base: ExchangeRateUpdated = serde_json::from_str(include_str!(
        "../../../tests/fixtures/payloads/exchange_rate_updated.json"
    ))
    .unwrap();
    let mut others = vec![base.clone()];
    for (recorded, updated, rate, tts) in [
        ("2026-10-29T13:15:00Z", "2026-11-01T00:00:00Z", "1335.3", None),
        ("2026-10-30T13:15:00Z", "2026-10-30T14:00:00Z", "1335.3", None),
        ("2026-10-30T13:15:00Z", "2026-10-30T15:00:00Z", "1335.4", None),
        ("2026-10-30T13:15:00Z", "2026-10-30T15:00:00Z", "1335.4", Some("1400")),
        (
            "2026-10-30T13:15:00Z",
            "2026-10-30T15:00:00Z",
            "1335.4",
            Some("0.00000000012345678901234567"),
        ),
        ("2026-10-30T13:15:00Z", "2026-10-30T15:00:00Z", "1000000000000", None),
        ("2026-10-30T13:15:00Z", "2026-10-30T15:00:00Z", "0.0000000001", None),
        (
            "2026-10-30T13:15:00Z",
            "2026-10-30T15:00:00Z",
            "0.000000000123456789012345678",
            None,
        ),
        ("9999-12-31T23:59:59Z", "2026-10-30T15:00:00Z", "1", None),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1", None),
    ] {
        let mut other = base.clone();
        (other.recorded_at, other.updated_at) = (recorded.parse().unwrap(), updated.parse().unwrap());
        other.deal_base_rate = rate.parse().unwrap();
        other.tts = tts.map(|tts: &str| tts.parse().unwrap());
        others.push(other);
    }
    // Each with other quotations too.
    for place in 0..others.len() {
        for quotation in [
            None,
            Some("0.0000000001"),
            Some("1"),
            Some("1.11720000000000001"),
            Some("175.68"),
            Some("1000000000000"),
        ] {
            let mut other = others[place].clone();
            other.quotation = quotation.map(|quotation: &str| quotation.parse().unwrap());
            others.push(other);
        }
    }
    for left in &others {
        assert_eq!(left.version().len(), 200);
        for right in &others {
            assert_eq!(left.cmp_version(right), left.version().cmp(&right.version()));
            let values = |event: &ExchangeRateUpdated| {
                let prices = (event.deal_base_rate, event.tts, event.ttb);
                (event.recorded_at, event.updated_at, prices, event.quotation)
            };
            let by_values = values(left).cmp(&values(right));
            assert!(
                by_values.is_eq() || by_values == left.cmp_version(right),
                "{left:?} {right:?}"
            );
        }
    }
}

/// What is stored and cached of builds before the quotation has these versions: another text of the same event would stand before or behind what it is.
#[test]
fn an_event_without_a_quotation_has_the_version_it_always_had() {
    let mut event: ExchangeRateUpdated = serde_json::from_str(
        r#"{"currency_code":"USD","currency_name":"미국 달러","deal_base_rate":1335.26673827425707,"tts":1350.5,"ttb":null,"source":"ecb",
            "recorded_at":"2026-10-30T13:15:00Z","updated_at":"2026-10-30T15:00:05.130Z"}"#,
    )
    .unwrap();
    assert_eq!(event.quotation, None);
    let former = event.version();
    assert_eq!(
        former,
        "00179336610000000000179337240513000010000000001335266738274257070000000000000000000000013505000000000000000000000000000000000000000000000000000000000000000000000320114800477468175381164175947484378304"
    );
    let without = event.clone();
    event.quotation = "1.1172".parse().ok();
    assert_eq!(event.version().len(), former.len());
    assert!(event.version() > former && event.cmp_version(&without).is_gt());
    assert!(event.version()[..160] == former[..160]);
    // A greater price stands before any quotation.
    let mut greater = without.clone();
    greater.deal_base_rate = "1335.26673827425708".parse().unwrap();
    assert!(greater.cmp_version(&event).is_gt());
    let written = serde_json::to_string(&without).unwrap();
    assert!(!written.contains("quotation"), "{written}");
}

#[test]
fn cache_keys_are_closed() {
    assert_eq!("exchange_rate:*".parse(), Ok(CacheKey::All));
    assert!(matches!(
        "exchange_rate:USD:*".parse::<CacheKey>(),
        Err(CacheKeyError::Currency(_))
    ));
    assert!(matches!("rate:USD".parse::<CacheKey>(), Err(CacheKeyError::Form(_))));
}

#[test]
fn a_traceparent_reads_what_it_writes() {
    let run = Run::new("/hwanyul/test");
    assert_eq!(run.traceparent.to_string().parse(), Ok(run.traceparent));
    for text in [
        "",
        "00-0-0-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-00",
    ] {
        assert!(text.parse::<Traceparent>().is_err(), "{text}");
    }
}

#[test]
fn a_traceparent_keeps_whether_it_is_sampled() {
    let read = |flags: &str| -> Traceparent {
        let text = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
        text.parse().unwrap()
    };
    // Only the last bit is ours to know (W3C Trace Context, 3.2.2.5); others are not passed on.
    assert!(read("01").is_sampled() && read("03").is_sampled() && !read("00").is_sampled() && !read("02").is_sampled());
    assert!(read("00").to_string().ends_with("-00") && read("03").to_string().ends_with("-01"));
    let run = Run::new("/hwanyul/test");
    assert!(run.traceparent.is_sampled());
    assert_eq!(run.clone().within(None).traceparent, run.traceparent);
    assert_eq!(run.within(Some(read("00"))).traceparent, read("00"));
}
