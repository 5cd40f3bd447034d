//! Every number of the ECB comes back from the history as the ECB printed it, through the function, in pages of ten years.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use chrono::{Months, NaiveDate};
use history::History;
use serde::Deserialize;
use serde_json::value::RawValue;
use tests::Services;
use tests::api::Ask;
use tests::ecb::{observations, printed};

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    unit: String,
    #[serde(borrow)]
    results: Vec<Row<'a>>,
}

#[derive(Deserialize)]
struct Row<'a> {
    date: NaiveDate,
    #[serde(borrow)]
    open: &'a RawValue,
    #[serde(borrow)]
    high: &'a RawValue,
    #[serde(borrow)]
    low: &'a RawValue,
    #[serde(borrow)]
    close: &'a RawValue,
    #[serde(borrow)]
    rate: &'a RawValue,
}

/// The days and rates of a page, each number as its text; the four prices of a day with one observation are one.
async fn page(routes: &Router, query: &str, unit: &str) -> Vec<(NaiveDate, String)> {
    let reply = Ask::get(&format!("/api/v1/history?{query}")).send(routes).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    let text = reply.text();
    let envelope: Envelope<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(envelope.data.unit, unit, "{query}");
    let row = |row: &Row<'_>| {
        let rate = row.rate.get();
        assert!(
            [row.open, row.high, row.low, row.close]
                .iter()
                .all(|price| price.get() == rate),
            "{query} {}",
            row.date
        );
        (row.date, rate.to_owned())
    };
    envelope.data.results.iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_number_of_the_ecb_comes_back_as_it_was_printed() {
    let (first, last): (NaiveDate, NaiveDate) = ("1999-01-04".parse().unwrap(), "2026-10-30".parse().unwrap());
    let services = Services::start().await;
    for batch in observations(first..=last).chunks(5_000) {
        services.history.rate_updated(batch).await.unwrap();
    }
    let history = History::new(services.store.clone(), services.cache.clone());
    let routes = shared::api::with_middleware(history::api::routes(Arc::new(history)));

    let mut expected: BTreeMap<String, Vec<(NaiveDate, String)>> = BTreeMap::new();
    for ((code, day), text) in printed() {
        expected.entry(code).or_default().push((day, text));
    }
    assert_eq!(expected.len(), 41);
    let mut compared = [0, 0];
    for (code, expected) in &expected {
        let mut found: [Vec<(NaiveDate, String)>; 2] = Default::default();
        let mut from = first;
        while from <= last {
            let to = from.checked_add_months(Months::new(120)).unwrap().min(last);
            let unit = format!("{code} per EUR");
            let days = format!("from={from}&to={to}");
            found[0].extend(page(&routes, &format!("base={code}&target=EUR&{days}"), &unit).await);
            found[1].extend(page(&routes, &format!("base=EUR&target={code}&inverse=true&{days}"), &unit).await);
            from = to.succ_opt().unwrap();
        }
        for (found, compared) in found.iter().zip(&mut compared) {
            for (one, other) in found.iter().zip(expected) {
                assert_eq!(one, other, "{code}");
            }
            assert_eq!(found.len(), expected.len(), "{code}");
            *compared += found.len();
        }
    }
    assert_eq!(compared, [221_702; 2]);
    println!("{} numbers compared", compared.iter().sum::<usize>());
}
