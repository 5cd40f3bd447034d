//! Rates as payloads, and Lambda's event for Kafka records, whatever is in them.

use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;

/// The currencies that have rates today: neither the one that rates are told in nor one that was withdrawn.
#[must_use]
pub fn in_use() -> Vec<CurrencyCode> {
    let is_in_use = |code: &CurrencyCode| *code != CurrencyCode::KRW && code.currency().last_day.is_none();
    CurrencyCode::all().filter(is_in_use).collect()
}

/// A rate of these values, without a quotation, as builds before it published them.
#[must_use]
pub fn rate(
    code: &str,
    source: &str,
    recorded_at: &str,
    updated_at: &str,
    deal_base_rate: &str,
) -> ExchangeRateUpdated {
    let code: CurrencyCode = code.parse().unwrap();
    ExchangeRateUpdated {
        currency_code: code,
        currency_name: code.currency().korean.to_owned(),
        deal_base_rate: deal_base_rate.parse().unwrap(),
        tts: None,
        ttb: None,
        quotation: None,
        source: source.to_owned(),
        recorded_at: recorded_at.parse().unwrap(),
        updated_at: updated_at.parse().unwrap(),
    }
}

/// Lambda's event for these values of one partition, from offset 100 on; a value without base64 of its own is encoded.
#[must_use]
pub fn kafka_event(topic: &str, values: &[RawRecord<'_>]) -> String {
    let records: Vec<String> = values
        .iter()
        .zip(100..)
        .map(|(value, offset)| value.json(topic, offset))
        .collect();
    format!(
        r#"{{"eventSource":"aws:kafka","bootstrapServers":"b:9098","records":{{"{topic}-0":[{}]}}}}"#,
        records.join(",")
    )
}

/// One record of an event made by hand.
pub enum RawRecord<'a> {
    /// This value, base64 encoded.
    Value(&'a [u8]),
    /// This text where base64 should be.
    Text(&'a str),
    /// No value.
    Tombstone,
    /// This value, and headers as JSON.
    WithHeaders(&'a [u8], &'a str),
}

impl RawRecord<'_> {
    fn json(&self, topic: &str, offset: i64) -> String {
        let (value, headers) = match self {
            Self::Value(value) => (format!("\"{}\"", base64_simd::STANDARD.encode_to_string(value)), "[]"),
            Self::Text(text) => (serde_json::to_string(text).unwrap(), "[]"),
            Self::Tombstone => ("null".to_owned(), "[]"),
            Self::WithHeaders(value, headers) => (
                format!("\"{}\"", base64_simd::STANDARD.encode_to_string(value)),
                *headers,
            ),
        };
        format!(
            r#"{{"topic":"{topic}","partition":0,"offset":{offset},"timestamp":1761829200000,"timestampType":"CREATE_TIME","key":"VVNE","value":{value},"headers":{headers}}}"#
        )
    }
}
