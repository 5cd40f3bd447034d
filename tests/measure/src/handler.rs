//! (a) The whole handler of `currency-exchange-rate-updated` against a bare loop that decodes the same bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;
use shared::batch::{BatchResponse, handle};
use shared::event::{ExchangeRateUpdated, Run};

use crate::times::{Times, report};
use tests::Services;

/// A Lambda event of `records` updates of every currency in use, as JSON bytes.
///
/// # Panics
/// When an event cannot be written.
#[must_use]
pub fn event(records: usize, with_headers: bool, round: usize) -> Vec<u8> {
    let codes = tests::in_use();
    let run = Run::new("/hwanyul/bench");
    let mut partitions: HashMap<usize, Vec<String>> = HashMap::new();
    for place in 0..records {
        let code = codes[place % codes.len()];
        let minute = round * 1000 + place / codes.len();
        let time = format!(
            "20{:02}-{:02}-{:02}T{:02}:{:02}:00Z",
            10 + minute / 518_400 % 80,
            1 + minute / 43_200 % 12,
            1 + minute / 1440 % 28,
            minute / 60 % 24,
            minute % 60
        );
        let payload = tests::rate(
            code.as_str(),
            "ecb",
            &time,
            &time,
            &format!("{}.{:04}", 1 + place, place % 10_000),
        );
        let event = run.event(&payload, payload.updated_at).unwrap();
        let value = base64_simd::STANDARD.encode_to_string(&event.payload);
        let headers: Vec<String> = event
            .headers()
            .iter()
            .filter(|_| with_headers)
            .map(|(name, value)| format!("{{\"{name}\":{:?}}}", value.as_bytes()).replace(' ', ""))
            .collect();
        let partition = partitions.entry(place % codes.len() % 3).or_default();
        partition.push(format!(
            r#"{{"topic":"exchange_rate_updated","partition":{},"offset":{},"timestamp":1793372405130,"timestampType":"CREATE_TIME","key":"{}","value":"{value}","headers":[{}]}}"#,
            place % codes.len() % 3,
            partition.len(),
            base64_simd::STANDARD.encode_to_string(code.as_str()),
            headers.join(",")
        ));
    }
    let partitions: Vec<String> = partitions
        .iter()
        .map(|(partition, records)| format!("\"exchange_rate_updated-{partition}\":[{}]", records.join(",")))
        .collect();
    format!(
        r#"{{"eventSource":"aws:kafka","bootstrapServers":"b:9098","records":{{{}}}}}"#,
        partitions.join(",")
    )
    .into_bytes()
}

#[derive(Deserialize)]
struct BareEvent<'a> {
    #[serde(borrow)]
    records: HashMap<&'a str, Vec<BareRecord<'a>>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded because a handler would need them")]
struct BareRecord<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    value: &'a str,
    #[serde(borrow)]
    headers: &'a RawValue,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded because a handler would need them")]
struct BarePayload<'a> {
    currency_code: &'a str,
    #[serde(borrow)]
    currency_name: Cow<'a, str>,
    #[serde(borrow)]
    deal_base_rate: &'a RawValue,
    source: &'a str,
    recorded_at: &'a str,
    updated_at: &'a str,
}

/// The least that any handler must do with these bytes: borrowed `serde_json`, `base64-simd`. Answers how many payloads there were.
fn bare(bytes: &[u8]) -> usize {
    let event: BareEvent<'_> = serde_json::from_slice(bytes).unwrap();
    let mut buffer = Vec::new();
    let mut count = 0;
    for record in event.records.values().flatten() {
        buffer.clear();
        base64_simd::STANDARD.decode_append(record.value, &mut buffer).unwrap();
        let payload: BarePayload<'_> = serde_json::from_slice(&buffer).unwrap();
        count += usize::from(payload.currency_code.len() == 3);
    }
    count
}

/// Measures and prints.
///
/// # Panics
/// When a server is away or a batch is not applied.
pub async fn run() {
    let services = Services::start().await;
    let apply = async |events: &[ExchangeRateUpdated]| services.currency.rate_updated(events).await;
    for (records, with_headers, rounds, goal) in [
        (10_000, false, 15, "goal <= 2.5"),
        (100, false, 60, ""),
        (3_500, true, 15, "full headers, 6 MB limit"),
    ] {
        let (mut whole, mut limit, mut decoding) = (Vec::new(), Vec::new(), Vec::new());
        let mut bytes = 0;
        for round in 0..rounds + 2 {
            let event = event(records, with_headers, round);
            bytes = event.len();
            let started = Instant::now();
            assert_eq!(bare(&event), records);
            let bare = started.elapsed();
            let started = Instant::now();
            let raw: Box<RawValue> =
                serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(&event)).unwrap();
            handle::<ExchangeRateUpdated>(
                raw.get(),
                &services.dead_letters,
                &async |_: &[ExchangeRateUpdated]| Ok(()),
            )
            .await
            .unwrap();
            let decode = started.elapsed();
            let started = Instant::now();
            // As lambda_runtime reads it.
            let raw: Box<RawValue> =
                serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(&event)).unwrap();
            let answer = handle(raw.get(), &services.dead_letters, &apply).await.unwrap();
            let took = started.elapsed();
            assert_eq!(answer, BatchResponse::default());
            if round >= 2 {
                whole.push(took);
                limit.push(bare);
                decoding.push(decode);
            }
        }
        let what = format!(
            "(a) handler, {records} records, 157 currencies, {:.1} MB",
            bytes as f64 / 1e6
        );
        let limit = Times::new(limit).median();
        report(
            &what,
            Times::new(whole).median(),
            "bare decode of the same bytes",
            limit,
            goal,
        );
        report(
            "    of which reading and checking the records",
            Times::new(decoding).median(),
            "bare decode of the same bytes",
            limit,
            "",
        );
    }
}
