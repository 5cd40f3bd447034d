//! What the fuzz targets do with their bytes: every reader of text that comes from outside, and what must hold of each answer beside "no panic".
//! `./tests/fuzz` runs them under libFuzzer; the test `fuzz_inputs` runs them over every input that was ever worth keeping.

use std::collections::BTreeMap;

use ingestor::provider::{Quotes, ecb, exchangerate_api, koreaexim};
use operations::ecb_history;
use shared::batch::decode::{Decoded, decode};
use shared::event::{CacheInvalidation, DataProcessingCompleted, ExchangeRateUpdated, NewDataReceived, Payload};
use shared::record::KafkaEvent;
use shared::time::Timestamp;

/// One target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets; each has a folder of inputs, `tests/fixtures/fuzz/NAME`.
pub const TARGETS: [Target; 6] = [
    ("kafka_event", kafka_event),
    ("payloads", payloads),
    ("ecb_daily", ecb_daily),
    ("ecb_history", history_csv),
    ("exchangerate_api", exchangerate),
    ("koreaexim", eximbank),
];

/// The target of this name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn target(name: &str) -> fn(&[u8]) {
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    found.unwrap_or_else(|| panic!("no fuzz target {name:?}")).1
}

/// Lambda's event: read, and decoded as each topic's function would.
fn kafka_event(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(event) = serde_json::from_str::<KafkaEvent<'_>>(text) else {
        return;
    };
    for record in event.records.values().flatten() {
        assert_eq!(record.is_tombstone(), record.value().is_none());
        for (name, _) in record.headers() {
            assert!(record.headers().iter().any(|(header, _)| *header == name));
        }
        assert!(record.key().is_none_or(|key| key.len() <= text.len()));
    }
    each_record_is_accounted_for::<NewDataReceived>(&event);
    each_record_is_accounted_for::<ExchangeRateUpdated>(&event);
    each_record_is_accounted_for::<DataProcessingCompleted>(&event);
    each_record_is_accounted_for::<CacheInvalidation>(&event);
}

/// Nothing is lost in decoding: a record is a payload, a tombstone or refused with a reason, and the payloads of a list are in its order.
fn each_record_is_accounted_for<P: Payload>(event: &KafkaEvent<'_>) {
    let now = Timestamp::new(chrono::Utc::now()).unwrap();
    let records: usize = event.records.values().map(Vec::len).sum();
    let Decoded {
        payloads,
        places,
        tombstones,
        refused,
    } = decode::<P>(event, now);
    assert_eq!(payloads.len() + tombstones + refused.len(), records);
    assert_eq!(payloads.len(), places.len());
    assert!(refused.iter().all(|refused| !refused.reason.is_empty()));
    for list in event.records.values() {
        let inside =
            |offset: &&&shared::record::KafkaRecord<'_>| list.iter().any(|record| std::ptr::eq(**offset, record));
        let offsets: Vec<i64> = places.iter().filter(inside).map(|record| record.offset).collect();
        assert!(offsets.is_sorted(), "{offsets:?}");
    }
}

/// The four payloads: what is read, is written and read again as the same.
fn payloads(bytes: &[u8]) {
    survives::<NewDataReceived>(bytes);
    survives::<ExchangeRateUpdated>(bytes);
    survives::<DataProcessingCompleted>(bytes);
    survives::<CacheInvalidation>(bytes);
}

fn survives<P: Payload + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(payload) = serde_json::from_slice::<P>(bytes) else {
        return;
    };
    assert!(payload.key().len() <= bytes.len());
    let written = serde_json::to_vec(&payload).unwrap();
    assert_eq!(serde_json::from_slice::<P>(&written).unwrap(), payload);
}

fn ecb_daily(bytes: &[u8]) {
    if let Ok(quotes) = ecb::parse(bytes) {
        sound(&quotes);
    }
}

fn exchangerate(bytes: &[u8]) {
    if let Ok(quotes) = exchangerate_api::parse(bytes) {
        sound(&quotes);
    }
}

fn eximbank(bytes: &[u8]) {
    let day = "2026-10-30".parse().unwrap();
    if let Ok(Some(quotes)) = koreaexim::parse(bytes, day) {
        sound(&quotes);
    }
}

/// What every accepted answer of a provider keeps: at least one rate, each currency once, each rate above zero.
fn sound(quotes: &Quotes) {
    assert!(!quotes.rates.is_empty());
    let mut seen = BTreeMap::new();
    for quote in &quotes.rates {
        let sides = [Some(quote.deal_base_rate), quote.tts, quote.ttb];
        assert!(
            sides
                .iter()
                .flatten()
                .all(|rate| rate.decimal() > rust_decimal::Decimal::ZERO)
        );
        assert!(seen.insert(quote.code, ()).is_none(), "{} twice", quote.code);
    }
}

fn history_csv(bytes: &[u8]) {
    let Ok(history) = ecb_history::read_csv(bytes) else {
        return;
    };
    assert!(history.left_out.named.len() <= history.left_out.count);
    assert!(history.days.is_sorted_by(|left, right| left.day < right.day));
    for day in &history.days {
        assert!(day.rates.is_sorted_by(|(left, _), (right, _)| left < right));
        assert!(
            day.rates
                .iter()
                .all(|(_, rate)| rate.krw.decimal() > rust_decimal::Decimal::ZERO)
        );
    }
}
