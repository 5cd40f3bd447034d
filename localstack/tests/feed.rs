//! The feed's documents hold the numbers of the ECB's own file, compared with a plain reading of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use localstack::feed::{Feed, FeedOptions, FeedStatus};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Deserialize;
use serde_json::value::RawValue;

fn archive() -> PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/ecb-eurofxref-hist.zip").into()
}

/// A feed that stands `days` business days before the newest, and the file's cells of that day, as text.
async fn feed_and_cells(days: usize) -> (Feed, BTreeMap<String, String>) {
    let feed = Feed::start(FeedOptions {
        archive: archive(),
        port: 0,
        days,
        step_seconds: 4,
    })
    .await
    .unwrap();
    let mut table = String::new();
    let mut zip = zip::ZipArchive::new(std::fs::File::open(archive()).unwrap()).unwrap();
    zip.by_name("eurofxref-hist.csv")
        .unwrap()
        .read_to_string(&mut table)
        .unwrap();
    let codes: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let row: Vec<&str> = table.lines().nth(1 + days).unwrap().split(',').collect();
    assert_eq!(feed.status().day.to_string(), row[0]);
    let cells = codes
        .iter()
        .zip(&row)
        .skip(1)
        .filter(|(code, cell)| !code.is_empty() && **cell != "N/A");
    (
        feed,
        cells
            .map(|(code, cell)| ((*code).to_owned(), (*cell).to_owned()))
            .collect(),
    )
}

async fn get(feed: &Feed, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(format!("{}{path}", feed.url())).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn number(text: &str) -> Decimal {
    text.replace(',', "").parse().unwrap()
}

#[tokio::test]
async fn the_daily_xml_has_every_cell_of_its_day_as_printed() {
    // The newest day, one before Christmas years back, and the first of all.
    for days in [0, 1_500, 7_125] {
        let (feed, cells) = feed_and_cells(days).await;
        let (status, xml) = get(&feed, "/stats/eurofxref/eurofxref-daily.xml").await;
        assert_eq!(status, 200);
        assert!(xml.contains(&format!("<Cube time='{}'>", feed.status().day)));
        assert_eq!(xml.matches("currency='").count(), cells.len());
        for (code, rate) in cells {
            assert!(
                xml.contains(&format!("<Cube currency='{code}' rate='{rate}'/>")),
                "{code} {rate} is not in {xml}"
            );
        }
    }
}

#[tokio::test]
async fn the_ninety_days_end_with_the_current_day() {
    let (feed, _) = feed_and_cells(5).await;
    let (_, xml) = get(&feed, "/stats/eurofxref/eurofxref-hist-90d.xml").await;
    let days: Vec<&str> = xml.split("time='").skip(1).map(|rest| &rest[..10]).collect();
    assert_eq!(days.first().copied(), Some("2026-10-23"));
    assert!(days.is_sorted_by(|newer, older| newer > older));
    assert!(*days.last().unwrap() >= "2026-07-25", "{days:?}");
}

#[tokio::test]
async fn the_archive_is_the_ecbs_own_file() {
    let (feed, _) = feed_and_cells(5).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let served = client
        .get(format!("{}/stats/eurofxref/eurofxref-hist.zip", feed.url()))
        .send()
        .await
        .unwrap();
    let dated = served.headers()["last-modified"].to_str().unwrap().to_owned();
    let modified = std::fs::metadata(archive()).unwrap().modified().unwrap();
    let date = chrono::DateTime::parse_from_rfc2822(&dated).unwrap();
    assert_eq!(
        date.timestamp(),
        chrono::DateTime::<chrono::Utc>::from(modified).timestamp()
    );
    assert_eq!(served.bytes().await.unwrap(), std::fs::read(archive()).unwrap());
    for (since, status) in [(dated.as_str(), 304), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)] {
        let request = client.get(format!("{}/stats/eurofxref/eurofxref-hist.zip", feed.url()));
        let again = request.header("if-modified-since", since).send().await.unwrap();
        assert_eq!(again.status(), status, "{since}");
        assert_eq!(again.headers()["last-modified"].to_str().unwrap(), dated);
    }
}

#[tokio::test]
async fn exchangerate_api_crosses_every_currency_to_six_decimals() {
    #[derive(Deserialize)]
    struct Document {
        result: String,
        base_code: String,
        time_last_update_unix: i64,
        time_last_update_utc: String,
        #[serde(alias = "conversion_rates")]
        rates: BTreeMap<String, Box<RawValue>>,
    }
    let (feed, mut cells) = feed_and_cells(0).await;
    cells.insert("EUR".to_owned(), "1".to_owned());
    for base in ["USD", "EUR", "KRW"] {
        for path in [format!("/v6/latest/{base}"), format!("/v6/a-key/latest/{base}")] {
            let (status, json) = get(&feed, &path).await;
            let document: Document = serde_json::from_str(&json).unwrap();
            assert_eq!(
                (status, document.result.as_str(), document.base_code.as_str()),
                (200, "success", base)
            );
            assert_eq!(document.time_last_update_unix, 1_793_318_401);
            assert_eq!(document.time_last_update_utc, "Fri, 30 Oct 2026 00:00:01 +0000");
            assert_eq!(
                document.rates.keys().collect::<Vec<_>>(),
                cells.keys().collect::<Vec<_>>()
            );
            assert_eq!(document.rates[base].get(), "1");
            for (code, served) in document.rates {
                let exact = number(&cells[&code]) / number(&cells[base]);
                let served = number(served.get());
                assert!(
                    served.scale() <= 6 && (served - exact).abs() <= Decimal::new(5, 7),
                    "{base} {code} {served} {exact}"
                );
            }
        }
    }
    let (status, json) = get(&feed, "/v6/latest/XXX").await;
    assert_eq!(status, 404);
    assert!(json.contains(r#""error-type":"unsupported-code""#), "{json}");
}

#[tokio::test]
async fn koreaexim_quotes_won_with_commas_and_one_percent_around_the_base_rate() {
    #[derive(Deserialize)]
    struct Row {
        result: u8,
        cur_unit: String,
        ttb: String,
        tts: String,
        deal_bas_r: String,
    }
    let (feed, mut cells) = feed_and_cells(0).await;
    cells.insert("EUR".to_owned(), "1".to_owned());
    let path = "/site/program/financial/exchangeJSON?authkey=key&data=AP01&searchdate=20261030";
    let (_, json) = get(&feed, path).await;
    let rows: Vec<Row> = serde_json::from_str(&json).unwrap();
    let units: Vec<&str> = rows.iter().map(|row| row.cur_unit.as_str()).collect();
    assert!(
        units.is_sorted()
            && ["CNH", "IDR(100)", "JPY(100)", "KRW", "USD"]
                .iter()
                .all(|unit| units.contains(unit))
    );
    for row in rows {
        assert_eq!(row.result, 1);
        if row.cur_unit == "KRW" {
            assert_eq!([row.ttb, row.tts, row.deal_bas_r], ["0", "0", "1"]);
            continue;
        }
        let amount = if row.cur_unit.ends_with("(100)") { 100 } else { 1 };
        let code = row.cur_unit[..3].replace("CNH", "CNY");
        let exact = number(&cells["KRW"]) * Decimal::from(amount) / number(&cells[&code]);
        let two = |number: Decimal| number.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        let base = number(&row.deal_bas_r);
        assert_eq!(base, two(exact), "{}", row.cur_unit);
        assert_eq!(number(&row.ttb), two(base * Decimal::new(99, 2)));
        assert_eq!(number(&row.tts), two(base * Decimal::new(101, 2)));
    }
    assert!(
        json.contains(r#""cur_unit":"USD""#) && json.contains(r#""deal_bas_r":"1,335.27""#),
        "{json}"
    );
}

#[tokio::test]
async fn koreaexim_has_no_rows_on_weekends_and_before_a_day_has_come_and_refuses_as_the_bank_does() {
    let (feed, _) = feed_and_cells(3).await;
    let ask = async |query: &str| {
        get(&feed, &format!("/site/program/financial/exchangeJSON?{query}"))
            .await
            .1
    };
    assert_eq!(feed.status().day.to_string(), "2026-10-27");
    assert_eq!(ask("authkey=key&data=AP01&searchdate=20261025").await, "[]", "a Sunday");
    assert_eq!(
        ask("authkey=key&data=AP01&searchdate=20261028").await,
        "[]",
        "a day that has not come"
    );
    assert_ne!(ask("authkey=key&data=AP01&searchdate=20261027").await, "[]");
    assert!(
        ask("data=AP01&searchdate=20261027")
            .await
            .starts_with(r#"[{"result":3,"#)
    );
    assert!(
        ask("authkey=key&data=AP09&searchdate=20261027")
            .await
            .starts_with(r#"[{"result":2,"#)
    );
}

#[tokio::test]
async fn it_says_where_it_stands() {
    let (feed, _) = feed_and_cells(5).await;
    let (_, json) = get(&feed, "/feed").await;
    assert_eq!(json, r#"{"day":"2026-10-23","newest":"2026-10-30","step_seconds":4}"#);
    assert_eq!(serde_json::from_str::<FeedStatus>(&json).unwrap(), feed.status());
}

#[tokio::test]
async fn what_cannot_be_read_is_not_served_and_the_rest_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("eurofxref-hist.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    zip.start_file("eurofxref-hist.csv", zip::write::SimpleFileOptions::default())
        .unwrap();
    let csv = "Date,USD,XQX,JPY,KRW,\n2026-10-30,1.1172,7,one,1491.76,\nyesterday,1,7,1,1,\n2026-10-29,1.1155,7,176,1491.8,\n";
    std::io::Write::write_all(&mut zip, csv.as_bytes()).unwrap();
    zip.finish().unwrap();
    let feed = Feed::start(FeedOptions {
        archive: path,
        port: 0,
        days: 0,
        step_seconds: 4,
    })
    .await
    .unwrap();
    let (_, xml) = get(&feed, "/stats/eurofxref/eurofxref-hist-90d.xml").await;
    for cell in ["'USD' rate='1.1172'", "'KRW' rate='1491.76'", "'JPY' rate='176'"] {
        assert!(xml.contains(cell), "{xml}");
    }
    assert_eq!(
        (xml.matches("time='").count(), xml.matches("'JPY'").count()),
        (2, 1),
        "{xml}"
    );
}
