use axum::http::HeaderMap;

use super::csv::csv;
use super::*;

#[derive(Serialize)]
struct Row {
    code: &'static str,
    name: &'static str,
    rate: Option<crate::number::Number>,
}

fn rows() -> Vec<Row> {
    let rate = serde_json::from_str("1335.26673827425707").unwrap();
    vec![
        Row {
            code: "USD",
            name: "미국 달러",
            rate: Some(rate),
        },
        Row {
            code: "X,Y",
            name: "a \"name\"",
            rate: None,
        },
    ]
}

#[test]
fn csv_quotes_what_needs_it_and_keeps_every_digit() {
    let text = csv(&rows()).unwrap();
    assert_eq!(
        text,
        "code,name,rate\r\nUSD,미국 달러,1335.26673827425707\r\n\"X,Y\",\"a \"\"name\"\"\",\r\n"
    );
}

#[test]
fn the_tag_follows_the_data_and_not_the_time_or_the_place() {
    let tag = |value: u8, from| {
        let data = std::collections::BTreeMap::from([("value", value)]);
        Answer::served(data, from, Freshness::Release).unwrap().etag
    };
    assert_eq!(tag(1, ServedFrom::Cache), tag(1, ServedFrom::Store));
    assert_ne!(tag(1, ServedFrom::Cache), tag(2, ServedFrom::Cache));
    assert_ne!(etag(Format::Json, "a"), etag(Format::Csv, "a"));
}

#[test]
fn an_answer_is_kept_until_the_next_expected_update() {
    let now: DateTime<Utc> = "2026-10-30T16:00:00Z".parse().unwrap();
    let until = |text: &str| Freshness::Until(text.parse().unwrap()).cache_control(now);
    assert_eq!(until("2026-10-30T16:10:00Z"), "public, max-age=600");
    assert_eq!(until("2026-11-02T15:00:00Z"), "public, max-age=3600");
    assert_eq!(until("2026-10-30T15:00:00Z"), "public, no-cache");
}

#[test]
fn the_parameter_goes_before_the_header() {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, "text/html, text/csv;q=0.9".parse().unwrap());
    assert_eq!(Format::negotiate(None, &headers), Format::Csv);
    assert_eq!(Format::negotiate(Some(Format::Ndjson), &headers), Format::Ndjson);
    assert_eq!(Format::negotiate(None, &HeaderMap::new()), Format::Json);
}
