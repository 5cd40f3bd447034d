//! Days of the ECB's history that moved, and what a run makes of them.

use chrono::{DateTime, Utc};
use ingestor::Request;
use ingestor::summary::Summary;

use crate::support::http::Reply;
use crate::support::{ECB, Published, Stack};

pub const ALONE: [(&str, &str); 1] = [("PROVIDERS", "ecb")];
/// Of the ECB's history: day, then units of USD, JPY, CZK, CHF and KRW for one EUR.
pub const FRANC: [[&str; 6]; 5] = [
    ["2015-01-14", "1.1775", "137.48", "28.229", "1.201", "1277.86"],
    ["2015-01-15", "1.1708", "136.48", "27.841", "1.028", "1262.95"],
    ["2015-01-16", "1.1588", "135.06", "27.795", "1.0128", "1248.7"],
    ["2015-01-19", "1.1605", "136.27", "27.881", "1.012", "1251.03"],
    ["2015-01-20", "1.1579", "137.37", "27.849", "1.0087", "1259.61"],
];

pub fn document([day, usd, jpy, czk, chf, krw]: [&str; 6]) -> String {
    let rates = [("USD", usd), ("JPY", jpy), ("CZK", czk), ("CHF", chf), ("KRW", krw)];
    let rows: String = rates
        .iter()
        .map(|(code, rate)| format!("<Cube currency='{code}' rate='{rate}'/>"))
        .collect();
    format!("<Envelope><Cube><Cube time='{day}'>{rows}</Cube></Cube></Envelope>")
}

/// Seventeen hours UTC of the day, when its document is out.
pub fn evening(day: &str) -> DateTime<Utc> {
    format!("{day}T17:00:00Z").parse().unwrap()
}

pub async fn run(stack: &Stack, row: [&str; 6]) -> Summary {
    stack.http.answer(ECB, [Reply::xml(document(row))]);
    stack
        .ingestor(&ALONE)
        .run(Request::default(), evening(row[0]))
        .await
        .unwrap()
}

/// Every rate of a run's events, in their order: currency, day and KRW.
pub async fn rates(stack: &Stack, summary: &Summary) -> Vec<(String, String, String)> {
    let events = stack.events(summary.correlation_id).await;
    let shown = |event: &Published| {
        let text = String::from_utf8_lossy(&event.payload).into_owned();
        let rate = text
            .split_once("\"deal_base_rate\":")
            .unwrap()
            .1
            .split_once(',')
            .unwrap()
            .0
            .to_owned();
        (
            event.key.clone(),
            event.json()["recorded_at"].as_str().unwrap()[..10].to_owned(),
            rate,
        )
    };
    events
        .iter()
        .filter(|event| event.topic == "exchange_rate_updated")
        .map(shown)
        .collect()
}

pub async fn francs(stack: &Stack, summary: &Summary) -> Vec<(String, String)> {
    let all = rates(stack, summary).await.into_iter();
    all.filter(|(code, ..)| code == "CHF")
        .map(|(_, day, rate)| (day, rate))
        .collect()
}

pub fn release(codes: &[&str]) -> Request {
    Request {
        release: codes.iter().map(|code| code.parse().unwrap()).collect(),
        ..Request::default()
    }
}

pub fn is_held(summary: &Summary) -> Vec<(&str, usize)> {
    summary
        .held_back
        .iter()
        .map(|held| (held.currency_code.as_str(), held.recorded_at.len()))
        .collect()
}
